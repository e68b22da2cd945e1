import { useEffect, useMemo, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { afterPause } from './after-pause.js';
import { ApplyButtons } from './apply-buttons.jsx';
import { Outcome, useAction, useOutcomeOf } from './action.jsx';
import { useFormDraft } from './drafts.js';
import { counted, pretty } from './format.js';
import { readSceneText } from './scene-json.js';
import { editScene, scene } from './scene.js';

const PAUSE_MILLISECONDS = 200;

async function mistakesIn(value) {
  const { mistakesIn } = await import('../../simulator/src/mistakes.js');
  return mistakesIn(value);
}

/** The whole scene as text, for members without a field; it is checked while the user types. */
export function SceneJson() {
  const area = useRef();
  const text = useMemo(() => pretty(scene.value), [scene.value]);
  const draft = useFormDraft('json', undefined, text);
  const mistakes = useMistakes(draft.value);
  const apply = useAction(async () => {
    const { value, mistakes } = await readSceneText(draft.value, mistakesIn);
    if (mistakes.length > 0)
      throw new Error('The scene still has mistakes; they are listed above.');
    await editScene(() => value, 'change the JSON');
    draft.undo();
    return 'Applied.';
  });
  useOutcomeOf(draft, apply.result);
  const show = ({ from, to }) => {
    // A browser scrolls to what is selected when the field gets the focus.
    area.current.blur();
    area.current.setSelectionRange(from, to);
    area.current.focus();
  };
  const submit = (event) => {
    event.preventDefault();
    apply.run();
  };
  return (
    <form class="kind-editor scene-json" onSubmit={submit}>
      <label>
        The whole scene
        <textarea
          class="code"
          rows="24"
          spellcheck={false}
          ref={area}
          value={draft.value}
          aria-invalid={mistakes.value.length > 0}
          aria-describedby="scene-mistakes"
          onInput={(event) => draft.change(event.currentTarget.value)}
        />
      </label>
      <Mistakes mistakes={mistakes.value} show={show} />
      <ApplyButtons draft={draft} isWrong={mistakes.value.length > 0} label="Apply to the scene" />
      {draft.isBehind && (
        <p class="hint">
          The scene was edited elsewhere in the meantime. Apply replaces that edit.
        </p>
      )}
      <Outcome result={apply.result} />
    </form>
  );
}

/** The mistakes in the text, a moment after the last key press. */
function useMistakes(text) {
  const mistakes = useSignal([]);
  const find = () => readSceneText(text, mistakesIn);
  useEffect(
    () => afterPause(PAUSE_MILLISECONDS, find, (found) => (mistakes.value = found.mistakes)),
    [text],
  );
  return mistakes;
}

function Mistakes({ mistakes, show }) {
  return (
    <div id="scene-mistakes" role="status">
      {mistakes.length > 0 && <p class="bad small">{counted(mistakes.length, 'mistake')}</p>}
      <ol class="mistakes">
        {mistakes.map((mistake, index) => (
          <li key={index}>
            <button type="button" class="link" onClick={() => show(mistake)}>
              Line {mistake.line}
            </button>
            <span>
              {mistake.path && <code>{mistake.path}</code>} {mistake.message}
            </span>
          </li>
        ))}
      </ol>
    </div>
  );
}
