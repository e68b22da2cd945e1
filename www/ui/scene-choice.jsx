import { Outcome, useAction } from './action.jsx';
import { ask } from './ask.jsx';
import { chooseScene, chosenScene, restoreExample, scenes } from './scene.js';

/** Chooses what devices do: one of the examples, or a scene that was loaded. */
export function SceneChoice() {
  const { run, result } = useAction(async (work) => void (await work()));
  return (
    <fieldset class="scenes">
      <legend class="unseen">Scene</legend>
      <div class="choices">
        {scenes.value.map((entry, index) => (
          <label key={index} class="choice">
            <input
              type="radio"
              name="scene"
              checked={index === chosenScene.value}
              onChange={() => run(() => chooseScene(index))}
            />
            <span>
              {entry.scene.title} <Origin entry={entry} />
            </span>
          </label>
        ))}
      </div>
      <Restore run={run} />
      <Outcome result={result} />
    </fieldset>
  );
}

const isEdited = ({ scene, example }) => example !== undefined && scene !== example;

function Origin({ entry }) {
  if (entry.example === undefined) return <span class="tag">loaded</span>;
  return isEdited(entry) && <span class="tag">edited</span>;
}

function Restore({ run }) {
  const entry = scenes.value[chosenScene.value];
  if (!isEdited(entry)) return null;
  const restore = async () => {
    const question = `Discard all changes in “${entry.scene.title}”?`;
    if (await ask({ question, button: 'Discard changes' })) run(restoreExample);
  };
  return (
    <button type="button" class="link" onClick={restore}>
      Reset “{entry.example.title}”
    </button>
  );
}
