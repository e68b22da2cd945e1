import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { Chips } from './chips.jsx';
import { CodeButton } from './code-dialog.jsx';
import { CopyButton } from './copy-button.jsx';
import { download } from './download.js';
import { fleet } from './fleet.js';
import { duration, exactTime, pretty, size } from './format.js';
import { Journal } from './journal.jsx';
import { Payload } from './payload.jsx';
import { inWords } from './words.js';

const STATUSES = {
  name: 'status',
  label: 'Outcome',
  options: [
    ['any', 'Any outcome'],
    ['acknowledged', 'Acknowledged'],
    ['waiting', 'Waiting'],
    ['failed', 'Failed'],
  ],
};

/** The messages that one device or all devices have sent, and their outcomes; newest first. */
export function SentLog({ id }) {
  const ids = id === undefined ? 'all' : [id];
  const name = id === undefined ? 'sent' : `sent-${id.replaceAll('/', '-')}`;
  const saveLines = async () => download(`${name}.jsonl`, await fleet.exportSent('jsonl', ids));
  const saveTable = async () =>
    download(`${name}.csv`, await fleet.exportSent('csv', ids), 'text/csv');
  return (
    <Journal
      id={id}
      noun="Messages"
      placeholder="Search bodies and properties"
      watch={(listener, query) => fleet.watchSent(listener, query)}
      choice={STATUSES}
      exports={[
        { name: 'JSON lines', save: saveLines },
        { name: 'CSV', save: saveTable },
      ]}
      row={(entry) => <Line entry={entry} withId={id === undefined} />}
      detail={(entry) => <Message key={entry.sequence} entry={entry} />}
    />
  );
}

function Line({ entry, withId }) {
  const { time, id, name, excerpt, properties, size: bytes } = entry;
  const chips = Object.entries(properties).map(([name, value]) => {
    return { name, value, isSystem: false };
  });
  return (
    <span class="sent-line">
      <time>{exactTime(time)}</time>
      {withId && <span class="entry-id">{id}</span>}
      <b>{name ?? 'by hand'}</b>
      <span class="entry-text">
        <code>{excerpt}</code>
        <Chips of={chips} />
      </span>
      <span class="entry-size">{size(bytes)}</span>
      <Outcome entry={entry} />
    </span>
  );
}

function Outcome({ entry: { status, milliseconds } }) {
  if (status === 'acknowledged') return <span class="after good">+{duration(milliseconds)}</span>;
  return <span class={`after ${status === 'failed' ? 'bad' : 'warn'}`}>{status}</span>;
}

/** The whole message, fetched from the worker when it is looked at. */
function Message({ entry: { id, sequence, error, status, milliseconds } }) {
  const message = useSignal(undefined);
  useEffect(() => {
    fleet.sentMessage(id, sequence).then((found) => (message.value = found ?? null));
  }, []);
  if (message.value === undefined) return null;
  if (message.value === null) return <p class="quiet small">This message is no longer kept.</p>;
  const { text, properties, systemProperties } = message.value;
  const facts = [
    ...Object.entries(systemProperties),
    ...Object.entries(properties),
    [
      'outcome',
      status === 'acknowledged' ? `acknowledged after ${duration(milliseconds)}` : status,
    ],
    ['why', error && inWords(error)],
  ];
  return (
    <>
      <dl class="pairs">
        {facts
          .filter(([, value]) => value)
          .map(([name, value], index) => (
            <div key={index}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      <Payload bytes={new TextEncoder().encode(text)}>
        <CodeButton
          id={id}
          title="Send this message"
          action={() => ({ kind: 'send', text, properties, systemProperties })}
        />
        <CopyButton class="chip" text={pretty({ body: text, properties, systemProperties })}>
          Copy with properties
        </CopyButton>
      </Payload>
    </>
  );
}
