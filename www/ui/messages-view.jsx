import { ActionForm } from './action.jsx';
import { CodeButton } from './code-dialog.jsx';
import { details } from './fleet.js';
import { readable, size, timeOfDay } from './format.js';
import { HubSide } from './hub-side.jsx';
import { KeptInput } from './kept-text.jsx';
import { askLocalHub, isLocal } from './local-hub.js';

/** The cloud-to-device messages that a device received. */
export function MessagesView({ id }) {
  return (
    <div class="columns">
      <Inbox />
      {isLocal(id) && <Send id={id} />}
    </div>
  );
}

function Inbox() {
  const messages = details.value?.messages ?? [];
  return (
    <section>
      <h3 id="inbox">Cloud-to-device messages</h3>
      {messages.length === 0 && <p class="empty">None yet. A back end sends them.</p>}
      <div role="log" aria-labelledby="inbox">
        <ol class="log">
          {messages.map(({ time, size: bytes, text, hex, properties, ...system }, index) => (
            <li key={messages.length - index}>
              <time>{timeOfDay(time)}</time>
              <span class="quiet">{size(bytes)}</span>
              <Body size={bytes} text={text} hex={hex} />
              <Pairs of={properties} />
              <Pairs of={system} />
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

/** A body: JSON with indents, any other text as it is, bytes in hexadecimal. */
function Body({ size, text, hex }) {
  if (text === '') return <p class="empty">Empty body</p>;
  const isCut = hex !== undefined && hex.split(' ').length < size;
  return (
    <pre class="json body" tabIndex={0}>
      {hex === undefined ? readable(text) : `Not text: ${hex}${isCut ? ' …' : ''}`}
    </pre>
  );
}

function Pairs({ of }) {
  const pairs = Object.entries(of ?? {}).filter(([, value]) => value !== undefined);
  if (pairs.length === 0) return null;
  return (
    <dl class="pairs">
      {pairs.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{String(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Send({ id }) {
  const messageOf = ({ body, name, value }) => ({
    body,
    properties: name ? { [name]: value } : {},
  });
  const send = async (fields) => {
    await askLocalHub('messages', { id, ...messageOf(fields) });
    return 'The hub accepted the message.';
  };
  return (
    <HubSide title="Send a message to the device">
      <ActionForm
        work={send}
        button="Send"
        beside={
          <CodeButton
            id={id}
            title="Send a message to the device"
            action={(fields) => ({ kind: 'deliver', ...messageOf(fields) })}
          />
        }
      >
        <label>
          Text
          <KeptInput device={id} field="message" initial="Hello, device" name="body" required />
        </label>
        <div class="fields">
          <label>
            Property
            <KeptInput
              device={id}
              field="property"
              initial="priority"
              name="name"
              spellcheck={false}
            />
          </label>
          <label>
            Its value
            <KeptInput device={id} field="value" initial="high" name="value" spellcheck={false} />
          </label>
        </div>
      </ActionForm>
    </HubSide>
  );
}
