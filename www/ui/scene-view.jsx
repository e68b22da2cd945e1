import { useRef } from 'preact/hooks';

import { Outcome, useAction } from './action.jsx';
import { download } from './download.js';
import { KindSelect, useKind } from './kind-select.jsx';
import { MethodsEditor } from './methods-view.jsx';
import { SceneChoice } from './scene-choice.jsx';
import { chosenScene, loadScene, scene, sceneLink, sceneText } from './scene.js';
import { TelemetryView } from './telemetry-view.jsx';
import { TwinRule } from './twin-view.jsx';

/** The scene: chosen, kept as a file or a link, and what each of its kinds does. */
export function SceneView() {
  const kind = useKind();
  const { kindName } = kind;
  return (
    <>
      <SceneChoice />
      <Keep />
      <KindSelect label="Kind to edit" kind={kind} />
      <TelemetryView key={`${chosenScene}-${kindName}-t`} kindName={kindName} />
      <TwinRule key={`${chosenScene}-${kindName}-r`} kindName={kindName} />
      <MethodsEditor key={`${chosenScene}-${kindName}-m`} kindName={kindName} />
    </>
  );
}

function Keep() {
  const picker = useRef();
  const { run, result } = useAction((work) => work());
  const save = async () => {
    const name = scene.value.title.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['scene'];
    download(`${name.join('-')}.json`, sceneText());
  };
  const copy = async () => {
    await navigator.clipboard.writeText(await sceneLink());
    return 'The link is copied. It contains this scene, but no devices.';
  };
  const load = async (files) => {
    const notes = await loadScene(files);
    return [`“${scene.value.title}” is on.`, ...notes].join(' ');
  };
  const pick = (event) => {
    const files = [...event.currentTarget.files];
    if (files.length > 0) run(() => load(files));
    event.currentTarget.value = '';
  };
  const drop = (event) => {
    event.preventDefault();
    const files = [...event.dataTransfer.files];
    if (files.length > 0) run(() => load(files));
  };
  return (
    <section class="keep" onDragOver={(event) => event.preventDefault()} onDrop={drop}>
      <h3>Keep and share</h3>
      <div class="buttons">
        <button onClick={() => run(save)}>Save as a file</button>
        <button onClick={() => picker.current.click()}>Load a file</button>
        <button onClick={() => run(copy)}>Copy a link</button>
        <input
          type="file"
          multiple
          accept=".json,application/json"
          hidden
          ref={picker}
          onChange={pick}
          aria-label="File of a scene"
        />
      </div>
      <p class="hint">
        File and link hold what devices do, and no device: no id, no key and no token. DTDL models
        load too, together with all that they refer to: choose their files, or drop them here.
      </p>
      <Outcome result={result} />
    </section>
  );
}
