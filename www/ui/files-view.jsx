import { useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { CodeButton } from './code-dialog.jsx';
import { details, fleet } from './fleet.js';
import { size, timeOfDay } from './format.js';
import { localHub } from './local-hub.js';
import { Notice } from './notice.jsx';
import { inWords } from './words.js';

/** Uploads files by drag and drop, or by a button. */
export function FilesView({ id }) {
  const picker = useRef();
  const isOver = useSignal(false);
  const upload = async (files) => {
    // The list of uploads shows errors.
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
        <p>Drop files here to upload them to the hub’s storage</p>
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
      <Uploads id={id} />
      {!localHub.value && !hasUploaded() && (
        <p class="hint">
          IoT Hub sends no CORS headers, so a page needs a relay that adds them for file uploads.
          Enter its address when you add the device, under “Another endpoint or relay”. The page of{' '}
          <code>npm start</code> has a relay.
        </p>
      )}
    </>
  );
}

const uploads = () => details.value?.uploads ?? [];

/** Whether an upload has succeeded: then the device has a relay. */
const hasUploaded = () => uploads().some(({ state }) => state === 'done');

const WORDS = {
  uploading: 'uploading',
  done: 'uploaded',
  failed: 'failed',
  cancelled: 'cancelled',
};

function Uploads({ id }) {
  return (
    <ol class="log uploads" aria-label="Uploads">
      {uploads().map(({ number, time, name, size: total, sent, state, error }) => (
        <li key={number}>
          <time>{timeOfDay(time)}</time> <span>{name}</span>{' '}
          <span class="quiet">{size(total)}</span>{' '}
          <span class={{ done: 'good', failed: 'bad' }[state]}>{WORDS[state]}</span>
          {state === 'uploading' && (
            <div class="upload-progress">
              <progress max={total || 1} value={sent} aria-label={`Progress of ${name}`} />
              <button class="chip" onClick={() => fleet.cancelUpload(id, number)}>
                Cancel
              </button>
            </div>
          )}
          {error && <Notice kind="bad" text={inWords(error)} />}
        </li>
      ))}
    </ol>
  );
}
