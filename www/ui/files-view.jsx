import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { CodeButton } from './code-dialog.jsx';
import { details, fleet } from './fleet.js';
import { size } from './format.js';
import { localHub } from './local-hub.js';
import { Notice } from './notice.jsx';

/** Uploads files by drag and drop, or by a button. */
export function FilesView({ id }) {
  const picker = useRef();
  const isOver = useSignal(false);
  // Beside its place a dropped file would take the place of the page.
  useEffect(() => {
    const refuse = (event) => event.preventDefault();
    for (const type of ['dragover', 'drop']) addEventListener(type, refuse);
    return () => {
      for (const type of ['dragover', 'drop']) removeEventListener(type, refuse);
    };
  }, []);
  const upload = async (files) => {
    // What goes wrong is told in the list of uploads.
    for (const file of files) await fleet.upload(id, file.name, file).catch(() => {});
  };
  const drop = (event) => {
    event.preventDefault();
    isOver.value = false;
    upload([...event.dataTransfer.files]);
  };
  const pick = (event) => {
    upload([...event.currentTarget.files]);
    event.currentTarget.value = '';
  };
  return (
    <>
      <section
        class={`drop ${isOver.value ? 'over' : ''}`}
        aria-label="Upload files"
        onDrop={drop}
        onDragOver={(event) => {
          event.preventDefault();
          isOver.value = true;
        }}
        onDragLeave={() => (isOver.value = false)}
      >
        <p>Drop files here, to upload them to the hub’s storage</p>
        <div class="buttons">
          <button onClick={() => picker.current.click()}>Choose files</button>
          <CodeButton
            id={id}
            title="Upload a file"
            action={() => ({ kind: 'upload', name: 'example.txt' })}
          />
        </div>
        <input type="file" multiple hidden ref={picker} onChange={pick} aria-label="Files" />
      </section>
      <Uploads />
      {!localHub.value && (
        <p class="hint">
          IoT Hub lets no page of another origin ask for an upload. It takes a relay that adds CORS
          headers: give its address where the device is added, under “Another endpoint or relay”.
          The page of <code>npm start</code> has one.
        </p>
      )}
    </>
  );
}

const WORDS = { uploading: 'uploading', done: 'uploaded', failed: 'failed' };

function Uploads() {
  const uploads = details.value?.uploads ?? [];
  return (
    <ol class="log uploads" aria-label="Uploads">
      {uploads.map(({ name, size: total, sent, state, error }, index) => (
        <li key={uploads.length - index}>
          <span>{name}</span> <span class="quiet">{size(total)}</span>{' '}
          <span class={{ done: 'good', failed: 'bad' }[state]}>{WORDS[state]}</span>
          <progress
            max={total || 1}
            value={state === 'done' ? total || 1 : sent}
            aria-label={`Progress of ${name}`}
          />
          {error && <Notice kind="bad" text={error} />}
        </li>
      ))}
    </ol>
  );
}
