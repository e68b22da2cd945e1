import { useSignal } from '@preact/signals';

import { ActionForm } from './action.jsx';
import { addAndStart } from './adding.js';
import { identityOf } from './identity.js';
import { KindSelect, useKind } from './kind-select.jsx';
import { localHub } from './local-hub.js';
import { OutboxChoice, useOutboxChoice, withOutbox } from './outbox-choice.jsx';

const WAYS = [
  ['connectionString', 'Connection string'],
  ['sasToken', 'SAS token'],
  ['key', 'Key'],
];

const SAS = 'https://learn.microsoft.com/azure/iot-hub/authenticate-authorize-sas';

/** Connects a device of an IoT hub in Azure, or of another hub. */
export function ConnectForm() {
  const way = useSignal('connectionString');
  const kind = useKind();
  const outbox = useOutboxChoice();
  const connect = async (fields, form) => {
    // The server of `npm start` relays file uploads, because IoT Hub sends no CORS headers.
    const identity = identityOf(fields, localHub.value?.httpEndpoint);
    await addAndStart(withOutbox([identity], outbox.value), kind.kindName);
    form.reset();
  };
  return (
    <section class="way own">
      <h4>Your own hub</h4>
      <ActionForm work={connect} button="Connect">
        <fieldset class="segments">
          <legend class="unseen">Authenticate with</legend>
          {WAYS.map(([name, label]) => (
            <label key={name}>
              <input
                type="radio"
                name="way"
                value={name}
                checked={way.value === name}
                onChange={() => (way.value = name)}
              />
              {label}
            </label>
          ))}
        </fieldset>
        {FIELDS[way.value]()}
        <KindSelect kind={kind} />
        <OutboxChoice choice={outbox} />
        <Elsewhere />
      </ActionForm>
      <p class="quiet small">
        Keys and tokens stay in memory. Closing or reloading the page discards them.
      </p>
      <SaferTokens />
    </section>
  );
}

const Secret = ({ name, ...rest }) => (
  <input type="password" name={name} autoComplete="off" spellcheck={false} required {...rest} />
);

const FIELDS = {
  connectionString: () => (
    <>
      <label>
        Connection string of the device
        <Secret name="connectionString" placeholder="HostName=…;DeviceId=…;…" />
      </label>
      <p class="hint">
        In the Azure portal: your IoT hub → <b>Devices</b> → the device →{' '}
        <b>Primary connection string</b>. To create a device, use <b>Add device</b> on the same
        page. With the CLI: <code>az iot hub device-identity connection-string show</code>.
      </p>
    </>
  ),
  sasToken: () => (
    <>
      <label>
        SAS token of the device
        <Secret name="sasToken" placeholder="SharedAccessSignature sr=…" />
      </label>
      <p class="hint">
        The token contains the hub, the device and its expiry. Create one with{' '}
        <code>az iot hub generate-sas-token --hub-name … --device-id … --duration 3600</code>.
      </p>
    </>
  ),
  key: () => (
    <div class="fields">
      <label class="wide">
        Host name of the hub
        <input name="hostname" required spellcheck={false} placeholder="my-hub.azure-devices.net" />
      </label>
      <label>
        Device id <input name="deviceId" required spellcheck={false} />
      </label>
      <label>
        Module id (optional) <input name="moduleId" spellcheck={false} />
      </label>
      <label class="wide">
        Primary or secondary key <Secret name="key" />
      </label>
    </div>
  ),
};

function Elsewhere() {
  return (
    <details>
      <summary>Another endpoint or relay</summary>
      <label>
        WebSocket endpoint, of a hub on this machine
        <input
          name="endpoint"
          spellcheck={false}
          placeholder="ws://127.0.0.1:8080/$iothub/websocket"
        />
      </label>
      <label>
        HTTP endpoint for file uploads: a relay that adds CORS headers
        <input name="httpEndpoint" spellcheck={false} placeholder="https://relay.example.com" />
      </label>
    </details>
  );
}

function SaferTokens() {
  return (
    <details>
      <summary>Why a SAS token is safer than a key</summary>
      <p>
        A key works until someone replaces it. A SAS token is created from the key and expires after
        minutes or hours; nobody can derive the key from it. If others see your screen, or the page
        is not your own, paste a token.{' '}
        <a href={SAS} rel="noreferrer" target="_blank">
          How to create SAS tokens (Microsoft)
        </a>
      </p>
    </details>
  );
}
