import { Outcome, useAction } from './action.jsx';
import { counted } from './format.js';
import { devicesOf } from './scene.js';

/**
 * What is edited, with the buttons that apply it to the devices of the kind. `when` says that it is
 * seen later than at once.
 */
export function KindEditor({ kindName, draft, isWrong = false, when = '', children }) {
  const whom = counted(devicesOf(kindName), 'device');
  const { run, result } = useAction(async () => {
    await draft.apply();
    return `Applied to ${whom}.${when}`;
  });
  const { isChanged } = draft;
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
