import { useEffect, useRef } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { count, size, timeOfDay } from './format.js';
import { Icon } from './icon.jsx';
import { useLiveLog } from './live-log.js';

/** A pause after the last key before the worker searches. */
const SEARCH_MILLISECONDS = 150;

/**
 * A log that the worker keeps, newest first, of a device or of all: to search, choose from, pause
 * and export. It does not move while the user reads.
 * @param {object} props
 * @param {string} [props.id] of the device; none for all
 * @param {(listener?: Function, query?: object) => Promise<void>} props.watch
 * @param {string} props.noun what it lists, such as "Packets"
 * @param {string} props.placeholder what can be searched
 * @param {{name: string, label: string, options: Array<[string, string]>}} props.choice a field of
 *   the query, whose first option is all
 * @param {Array<{name: string, save: () => void}>} props.exports
 * @param {(entry: object) => any} props.row what a line shows
 * @param {(entry: object) => any} props.detail what an open one shows below
 */
export function Journal({ id, watch, noun, placeholder, choice, exports, row, detail }) {
  const list = useRef();
  const typed = useSignal('');
  const text = useSettled(typed.value);
  const chosen = useSignal(choice.options[0][0]);
  const ids = id === undefined ? 'all' : [id];
  const log = useLiveLog(watch, { ids, text, [choice.name]: chosen.value });
  const { reading, entries, news } = log;
  const showNews = () => {
    list.current.scrollTop = 0;
    log.showNews();
  };
  return (
    <section class="journal">
      <div class="tools">
        <input
          type="search"
          aria-label={`Search ${noun.toLowerCase()}`}
          placeholder={placeholder}
          value={typed}
          onInput={(event) => (typed.value = event.currentTarget.value)}
        />
        <select
          aria-label={choice.label}
          value={chosen}
          onChange={(event) => (chosen.value = event.currentTarget.value)}
        >
          {choice.options.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
        <div class="buttons">
          <button
            aria-pressed={reading.isPaused.value}
            onClick={() => (reading.isPaused.value = !reading.isPaused.value)}
          >
            Pause
          </button>
          {exports.map(({ name, save }) => (
            <button key={name} onClick={save}>
              <Icon name="download" /> {name}
            </button>
          ))}
        </div>
      </div>
      <div class="journal-frame" {...reading.pointerListeners}>
        <div class="journal-head">
          <Kept kept={log.kept} noun={noun} isOfAll={id === undefined} />
          {news > 0 && (
            <button class="news-button" onClick={showNews}>
              {count(news)} new
            </button>
          )}
          {reading.isOn.value && news === 0 && <span class="tag">paused</span>}
        </div>
        <ol
          class={`entries ${id === undefined ? 'of-all' : ''}`}
          aria-label={noun}
          ref={list}
          onKeyDown={moveFocus}
          onScroll={reading.onScroll}
        >
          {entries.map((entry) => (
            <Entry key={entry.sequence} entry={entry} {...{ reading, row, detail }} />
          ))}
          {log.hasMore && (
            <li class="more">
              <button class="plain" onClick={log.showMore}>
                Show older
              </button>
            </li>
          )}
        </ol>
        {entries.length === 0 && <p class="empty">No entries, or none that match.</p>}
      </div>
    </section>
  );
}

function Entry({ entry, reading, row, detail }) {
  const { sequence } = entry;
  const isOpen = reading.opened.value.has(sequence);
  return (
    <li class={isOpen ? 'open' : ''}>
      <button class="entry" aria-expanded={isOpen} onClick={() => reading.toggle(sequence)}>
        {row(entry)}
      </button>
      {isOpen && <div class="entry-detail">{detail(entry)}</div>}
    </li>
  );
}

/** How much is kept: older entries are dropped. */
function Kept({ kept, noun, isOfAll }) {
  if (!kept) return <p />;
  const { count: number, dropped, bytes, since, limit } = kept;
  const what = noun.toLowerCase();
  return (
    <p class="quiet small">
      <b>{count(number)}</b> {what} kept
      {dropped > 0 && ` of ${count(number + dropped)}`}
      {number > 0 && `, since ${timeOfDay(since)}`} · {size(bytes)}{' '}
      {isOfAll ? `of ${size(limit)}` : `of this device’s share of ${size(limit)}`}
    </p>
  );
}

/** A text, once it has not changed for a moment. */
function useSettled(text) {
  const settled = useSignal(text);
  useEffect(() => {
    const timer = setTimeout(() => (settled.value = text), SEARCH_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled.value;
}

/** The arrow keys go from line to line. */
function moveFocus(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches('.entry')) return;
  const lines = [...event.currentTarget.querySelectorAll('.entry')];
  const next = lines[lines.indexOf(event.target) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
