import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { Outcome, useAction } from './action.jsx';
import { addAndStart } from './adding.js';
import { fleet } from './fleet.js';
import { counted } from './format.js';
import { KindSelect, useKind } from './kind-select.jsx';
import { localHub } from './local-hub.js';
import { kindNames } from './scene.js';
import { addTags } from './tags.js';
import { inWords } from './words.js';

const PAUSE_MILLISECONDS = 200;
const MOST_SHOWN = 100;

/** Adds the devices of a list. */
export function ManyDevices() {
  const isOpen = useSignal(false);
  return (
    <details
      class="way folded many-devices"
      onToggle={(event) => (isOpen.value = event.currentTarget.open)}
    >
      <summary>Add many devices from a list</summary>
      {isOpen.value && <List />}
    </details>
  );
}

/** The text, which contains keys, stays in this component. */
function List() {
  const text = useSignal('');
  const isShown = useSignal(false);
  const endpoint = useSignal('');
  const picker = useRef();
  const kind = useKind();
  const list = useList(text.value, { kind: kind.kindName, endpoint: endpoint.value });
  const { devices, problems } = list.value;
  const { run, result } = useAction(async () => {
    await addListed(devices);
    text.value = '';
  });
  const submit = (event) => {
    event.preventDefault();
    run();
  };
  const take = async (files) => {
    if (files.length > 0) text.value = await files[0].text();
  };
  const drop = (event) => {
    if (event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  };
  return (
    <form onSubmit={submit}>
      <label>
        Connection strings, one per line, or CSV with a header
        <textarea
          class={isShown.value ? 'code' : 'code masked'}
          rows="6"
          autoComplete="off"
          spellcheck={false}
          placeholder={
            'DeviceId,ConnectionString,Kind,Tags\nHostName=…;DeviceId=…;SharedAccessKey=…'
          }
          value={text}
          onInput={(event) => (text.value = event.currentTarget.value)}
          onDragOver={(event) => event.preventDefault()}
          onDrop={drop}
        />
      </label>
      <div class="buttons">
        <button type="button" onClick={() => picker.current.click()}>
          Choose a file
        </button>
        <input
          type="file"
          hidden
          accept=".csv,.txt,.tsv,text/csv,text/plain"
          aria-label="File of devices"
          ref={picker}
          onChange={({ currentTarget }) => take(currentTarget.files)}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={isShown}
            onChange={(event) => (isShown.value = event.currentTarget.checked)}
          />
          Show the text and its keys
        </label>
      </div>
      <KindSelect kind={kind} label="Kind, if the list has none" />
      <label>
        Endpoint of their hub, if it is on this machine
        <input
          spellcheck={false}
          placeholder="ws://127.0.0.1:8080/$iothub/websocket"
          value={endpoint}
          onInput={(event) => (endpoint.value = event.currentTarget.value.trim())}
        />
      </label>
      <Listed devices={devices} problems={problems} />
      <div class="buttons">
        <button disabled={devices.length === 0 || result.value.isBusy}>
          Add {counted(devices.length, 'device')}
        </button>
      </div>
      <Outcome result={result} />
    </form>
  );
}

/** The devices in the text, a moment after the last key press. */
function useList(text, { kind, endpoint }) {
  const list = useSignal({ devices: [], problems: [] });
  useEffect(() => {
    let isCurrent = true;
    const timer = setTimeout(async () => {
      const found = await readAndCheck(text, { kind, endpoint });
      if (isCurrent) list.value = found;
    }, PAUSE_MILLISECONDS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [text, kind, endpoint]);
  return list;
}

async function readAndCheck(text, options) {
  if (text.trim() === '') return { devices: [], problems: [] };
  // It includes a CSV parser, which few users need.
  const { readDeviceList } = await import('./device-list-text.js');
  const relay = localHub.value?.httpEndpoint;
  const { devices, problems } = readDeviceList(text, { kinds: kindNames.value, relay, ...options });
  const mistakes = await fleet.mistakesInIdentities(devices.map(({ identity }) => identity));
  const bad = devices.flatMap(({ line }, index) =>
    mistakes[index] === undefined ? [] : [{ line, message: inWords(mistakes[index]) }],
  );
  return {
    devices: devices.filter((_, index) => mistakes[index] === undefined),
    problems: [...problems, ...bad].toSorted((one, other) => one.line - other.line),
  };
}

async function addListed(devices) {
  for (const kind of new Set(devices.map((device) => device.kind))) {
    const ofKind = devices.filter((device) => device.kind === kind);
    await addAndStart(
      ofKind.map(({ identity }) => identity),
      kind,
    );
  }
  addTags(devices);
}

/** The devices that were read, with their keys masked, and the lines that cannot be used. */
function Listed({ devices, problems }) {
  if (devices.length + problems.length === 0) return null;
  return (
    <>
      <div role="status">
        <p>
          {counted(devices.length, 'device')} read.
          {problems.length > 0 && (
            <span class="bad"> {counted(problems.length, 'line')} skipped:</span>
          )}
        </p>
        <ol class="mistakes">
          {problems.slice(0, MOST_SHOWN).map(({ line, message }) => (
            <li key={line}>
              <b>Line {line}</b> <span>{message}</span>
            </li>
          ))}
        </ol>
      </div>
      {devices.length > 0 && (
        <div class="table" role="region" aria-label="Devices of the list" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">Device</th>
                <th scope="col">Line</th>
                <th scope="col">Kind</th>
                <th scope="col">Tags</th>
                <th scope="col">Key or token</th>
              </tr>
            </thead>
            <tbody>
              {devices.slice(0, MOST_SHOWN).map(({ line, id, kind, tags }) => (
                <tr key={line}>
                  <th scope="row">{id}</th>
                  <td>{line}</td>
                  <td>{kind}</td>
                  <td>{tags.join(', ')}</td>
                  <td>••••••••</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {devices.length > MOST_SHOWN && <p class="hint">Showing the first {MOST_SHOWN}.</p>}
    </>
  );
}
