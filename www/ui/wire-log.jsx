import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { proxy } from 'comlink';

import { download } from './download.js';
import { fleet } from './fleet.js';
import { timeOfDay } from './format.js';
import { lineOf } from './wire-words.js';

const KEPT = 2000;
const SHOWN = 100;

/** The packets and states of a device's connection, or of all, newest first. */
export function WireLog({ id }) {
  const lines = useSignal([]);
  const isPaused = useSignal(false);
  const filter = useSignal('');
  const direction = useSignal('any');
  useEffect(() => {
    if (isPaused.value) return undefined;
    lines.value = [];
    const take = (records) =>
      (lines.value = [...lines.peek(), ...records.map(lineOf)].slice(-KEPT));
    fleet.trace(proxy(take), { ids: id === undefined ? 'all' : [id] });
    return () => void fleet.trace();
  }, [id, isPaused.value]);
  const shown = matching(lines.value, filter.value.toLowerCase(), direction.value);
  return (
    <section class="wire">
      <div class="tools">
        <input
          type="search"
          aria-label="Filter the log"
          placeholder="Filter: publish, twin, telemetry …"
          value={filter}
          onInput={(event) => (filter.value = event.currentTarget.value)}
        />
        <select
          aria-label="Direction"
          value={direction}
          onChange={(event) => (direction.value = event.currentTarget.value)}
        >
          <option value="any">Both directions</option>
          <option value="sent">Sent</option>
          <option value="received">Received</option>
          <option value="socket">Socket</option>
        </select>
        <div class="buttons">
          <button aria-pressed={isPaused.value} onClick={() => (isPaused.value = !isPaused.value)}>
            Pause
          </button>
          <button onClick={save}>Export all</button>
        </div>
      </div>
      <p class="quiet small">
        {isPaused.value ? 'Paused. ' : ''}Newest first. No payload and no key is in it, but topics
        hold the properties of messages. The export has all devices, whatever is shown here: their
        last 5,000 packets.
      </p>
      {shown.length === 0 && <p class="empty">Nothing yet, or nothing that matches.</p>}
      <ol class={`log packets ${id ? '' : 'of-all'}`} aria-label="Packets" tabIndex={0}>
        {shown.map((line) => (
          <Line key={line.sequence} line={line} withId={id === undefined} />
        ))}
      </ol>
    </section>
  );
}

async function save() {
  download('wire-log.jsonl', await fleet.exportTrace());
}

/** The newest that match; no more than are shown are looked for. */
function matching(lines, text, direction) {
  const found = [];
  for (let index = lines.length - 1; index >= 0 && found.length < SHOWN; index -= 1) {
    const line = lines[index];
    const isWanted = direction === 'any' || line.direction === direction;
    if (isWanted && line.words.includes(text)) found.push(line);
  }
  return found;
}

const ARROWS = { sent: '→', received: '←', socket: '•' };

function Line({ line, withId }) {
  const { time, id, direction, name, about, topic } = line;
  return (
    <li class={direction}>
      <time>{timeOfDay(time)}</time>
      {withId && <span class="packet-id">{id}</span>}
      <span class="arrow" aria-label={direction}>
        {ARROWS[direction]}
      </span>
      <b>{name}</b> <span>{about}</span>
      {topic && <code>{topic}</code>}
    </li>
  );
}
