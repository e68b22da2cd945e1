import { Outcome, useAction, useOutcomeOf } from './action.jsx';
import { ApplyButtons } from './apply-buttons.jsx';
import { counted } from './format.js';
import { devicesOf } from './scene.js';

/**
 * An editor, with the buttons that apply its draft to the devices of the kind. `when` says when it
 * takes effect, if not immediately.
 */
export function KindEditor({ kindName, draft, isWrong = false, when = '', children }) {
  const whom = counted(devicesOf(kindName), 'device');
  const { run, result } = useAction(async () => {
    await draft.apply();
    return `Applied to ${whom}.${when}`;
  });
  useOutcomeOf(draft, result);
  const submit = (event) => {
    event.preventDefault();
    run();
  };
  return (
    <form class="kind-editor" onSubmit={submit}>
      {children}
      <ApplyButtons
        draft={draft}
        isWrong={isWrong}
        label={`Apply to “${kindName}”`}
        inUse={`In use by ${whom}.`}
      />
      <Outcome result={result} />
    </form>
  );
}
