import { useComputed, useSignal } from '@preact/signals';

import { Outcome, useAction } from './action.jsx';
import { counted } from './format.js';
import { behaviourOf, changeBehaviour, devicesOf } from './scene.js';

/**
 * One part of what a kind does, being edited: nothing changes before it is applied.
 * @param {'telemetry' | 'twin' | 'methods'} part
 */
export function useDraft(kindName, part) {
  const edited = useSignal(undefined);
  const value = useComputed(() => edited.value ?? behaviourOf(kindName)[part]);
  return {
    value,
    isChanged: () => edited.value !== undefined,
    change: (next) => (edited.value = next),
    undo: () => (edited.value = undefined),
    /** The whole behaviour with this part as it is now. */
    behaviour: () => ({ ...behaviourOf(kindName), [part]: value.value }),
    apply: async () => {
      await changeBehaviour(kindName, { [part]: value.value });
      edited.value = undefined;
    },
  };
}

/** What is edited, with the buttons that apply it to the devices of the kind. */
export function KindEditor({ kindName, draft, isWrong = false, children }) {
  const whom = counted(devicesOf(kindName), 'device');
  const { run, result } = useAction(async () => {
    await draft.apply();
    return `Applied to ${whom}.`;
  });
  const isChanged = draft.isChanged();
  const submit = (event) => {
    event.preventDefault();
    run();
  };
  return (
    <form class="kind-editor" onSubmit={submit}>
      {children}
      <div class="buttons apply">
        <button class="primary" disabled={!isChanged || isWrong}>
          Apply to “{kindName}”
        </button>
        {isChanged && (
          <button type="button" onClick={draft.undo}>
            Undo changes
          </button>
        )}
        <span class="quiet small">{isChanged ? 'Not applied yet.' : `In use by ${whom}.`}</span>
      </div>
      <Outcome result={result} />
    </form>
  );
}
