import { useEffect, useRef } from 'preact/hooks';
import { signal } from '@preact/signals';

import { Outcome, useAction } from './action.jsx';
import { download } from './download.js';
import { Fold } from './fold.jsx';
import { newScene } from './scene-edits.js';
import { SceneChoice } from './scene-choice.jsx';
import { SceneDocs } from './scene-docs.jsx';
import { SceneForm } from './scene-form.jsx';
import { SceneJson } from './scene-json.jsx';
import {
  lastEdit,
  loadScene,
  redo,
  scene,
  sceneLink,
  sceneText,
  takeScene,
  undo,
  undoneEdit,
} from './scene.js';

/** Kept while other views are shown. */
const isJson = signal(false);

/** The scene: chosen, edited, and kept as a file or a link. */
export function SceneView() {
  return (
    <>
      <SceneChoice />
      <Keep />
      <EditBar />
      {isJson.value ? <JsonWithDocs /> : <SceneForm />}
    </>
  );
}

const JsonWithDocs = () => (
  <div class="json-with-docs">
    <SceneJson />
    <SceneDocs />
  </div>
);

/** The ways to edit the scene, with undo and redo. */
function EditBar() {
  const { run, result } = useAction(async (work) => void (await work()));
  useEffect(() => {
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <div class="edit-bar">
      <div class="buttons" role="group" aria-label="Edit as">
        <button aria-pressed={!isJson.value} onClick={() => (isJson.value = false)}>
          Form
        </button>
        <button aria-pressed={isJson.value} onClick={() => (isJson.value = true)}>
          JSON
        </button>
      </div>
      <div class="buttons">
        <button disabled={!lastEdit.value} title="Ctrl+Z" onClick={() => run(undo)}>
          Undo
        </button>
        <button disabled={!undoneEdit.value} title="Ctrl+Shift+Z" onClick={() => run(redo)}>
          Redo
        </button>
        <span class={`quiet small ${lastEdit.value ? '' : 'wide-only'}`}>
          {lastEdit.value ? `Last edit: ${lastEdit.value}.` : 'No edits yet.'}
        </span>
      </div>
      <Outcome result={result} />
    </div>
  );
}

/** A field has its own undo, for typed text. */
function onKey(event) {
  const isUndo = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'z';
  if (!isUndo || event.target.matches('input, textarea, select')) return;
  event.preventDefault();
  (event.shiftKey ? redo : undo)();
}

function Keep() {
  const picker = useRef();
  const { run, result } = useAction((work) => work());
  const save = async () => {
    const name = scene.value.title.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? ['scene'];
    download(`${name.join('-')}.json`, await sceneText());
  };
  const begin = async () => {
    await takeScene(newScene());
    return 'This is a new scene. Give it a title below.';
  };
  const copy = async () => {
    await navigator.clipboard.writeText(await sceneLink());
    return 'Copied the link. It contains this scene, but no devices.';
  };
  const load = async (files) => {
    const notes = await loadScene(files);
    return [`Loaded “${scene.value.title}”.`, ...notes].join(' ');
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
      <Fold title="Save and share">
        <div class="buttons">
          <button onClick={() => run(begin)}>New scene</button>
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
          Files and links contain the scene, but no device ids, keys or tokens. You can also load
          DTDL models: choose all their files, with the models that they refer to, or drop them
          here.
        </p>
        <Outcome result={result} />
      </Fold>
    </section>
  );
}
