import { Outcome, useAction } from './action.jsx';
import { examples, changeScene, scene } from './scene.js';

/** What the devices shall do: one of the examples, or the scene that was loaded. */
export function SceneChoice() {
  const { run, result } = useAction(async (chosen) => void (await changeScene(chosen)));
  const isOwn = examples.every(({ title }) => title !== scene.value.title);
  const choices = isOwn ? [scene.value, ...examples] : examples;
  return (
    <fieldset class="scenes">
      <legend>What they do</legend>
      <div class="choices">
        {choices.map((choice) => (
          <label key={choice.title} class="choice">
            <input
              type="radio"
              name="scene"
              checked={choice.title === scene.value.title}
              onChange={() => run(choice)}
            />
            <span>
              <b>{choice.title}</b>
              <span class="hint">{choice.description}</span>
            </span>
          </label>
        ))}
      </div>
      <Outcome result={result} />
    </fieldset>
  );
}
