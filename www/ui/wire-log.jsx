import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { Chips } from './chips.jsx';
import { download } from './download.js';
import { fleet } from './fleet.js';
import { duration, exactTime, size } from './format.js';
import { Journal } from './journal.jsx';
import { Payload } from './payload.jsx';

const DIRECTIONS = {
  name: 'direction',
  label: 'Direction',
  options: [
    ['any', 'Both directions'],
    ['sent', 'Sent'],
    ['received', 'Received'],
    ['socket', 'Socket'],
  ],
};

const ARROWS = { sent: '→', received: '←', socket: '•' };

/** The packets and states of a device's connection, or of all, newest first. */
export function WireLog({ id }) {
  const save = async () => download('wire-log.jsonl', await fleet.exportTrace(id ? [id] : 'all'));
  return (
    <Journal
      id={id}
      noun="Packets"
      placeholder="Search: telemetry, twin, room=…"
      watch={(listener, query) => fleet.trace(listener, query)}
      choice={DIRECTIONS}
      exports={[{ name: 'JSON lines', save }]}
      row={(entry) => <Line entry={entry} withId={id === undefined} />}
      detail={(entry) => <Packet entry={entry} />}
    />
  );
}

function Line({ entry, withId }) {
  const { time, id, direction, name, about, chips, topic, size: bytes } = entry;
  return (
    <span class={`wire-line ${direction}`}>
      <time>{exactTime(time)}</time>
      {withId && <span class="entry-id">{id}</span>}
      <span class="arrow" role="img" aria-label={direction}>
        {ARROWS[direction]}
      </span>
      <b>{name}</b>{' '}
      <span class="entry-text">
        <span class="about">{about}</span>
        {chips.length > 0 ? <Chips of={chips} /> : topic && <code>{topic}</code>}
      </span>
      <span class="entry-size">{bytes !== undefined && size(bytes)}</span>
      <Answer entry={entry} />
    </span>
  );
}

/** The time that a response took, or after which a PUBACK arrived. */
function Answer({ entry: { name, qos, afterMs, acknowledgedMs } }) {
  if (afterMs !== undefined) return <span class="after">+{duration(afterMs)}</span>;
  if (acknowledgedMs !== undefined) {
    return (
      <span class="after good">
        <span class="wide-only">PUBACK</span> +{duration(acknowledgedMs)}
      </span>
    );
  }
  if (name === 'PUBLISH' && qos > 0) return <span class="after warn">no PUBACK</span>;
  return <span class="after" />;
}

function Packet({ entry }) {
  const { id, sequence, name, about, topic, chips, payloadSize, afterMs, acknowledgedMs } = entry;
  const facts = [
    ['Device', id],
    ['Packet', `${name} · ${about}`],
    ['Topic', topic],
    ...chips.map(({ name, value }) => [name, value ?? 'no value']),
    ['Response after', afterMs && duration(afterMs)],
    ['PUBACK after', acknowledgedMs && duration(acknowledgedMs)],
  ];
  return (
    <>
      <dl class="pairs">
        {facts
          .filter(([, value]) => value)
          .map(([label, value], index) => (
            <div key={index}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      {payloadSize > 0 && <PacketPayload key={sequence} {...{ id, sequence, payloadSize }} />}
      {payloadSize === 0 && <p class="quiet small">No payload.</p>}
    </>
  );
}

/** Fetched from the worker when it is opened. */
function PacketPayload({ id, sequence, payloadSize }) {
  const payload = useSignal(undefined);
  useEffect(() => {
    fleet.tracedPayload(id, sequence).then((bytes) => (payload.value = bytes ?? null));
  }, []);
  if (payload.value === undefined) return null;
  if (payload.value === null) return <p class="quiet small">The payload is no longer kept.</p>;
  return <Payload bytes={payload.value} total={payloadSize} />;
}
