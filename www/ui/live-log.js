/** A log that the worker keeps: the page only gets the part that it shows. */
import { useEffect } from 'preact/hooks';
import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { proxy } from 'comlink';

/** How many entries are shown first, and how many more each time. */
const STEP = 40;

/**
 * How long the worker waits if all entries are new each time, in milliseconds: nobody can read that
 * fast, and drawing takes time.
 */
const FLOOD_PAUSE = 1000;

/**
 * The newest entries that match. They do not move while the user reads: while the pointer is on the
 * list, it is scrolled, an entry is open, or it is paused.
 * @param {(listener?: Function, query?: object) => Promise<void>} watch `fleet.trace` and the like
 * @param {{ids: string[] | 'all', text: string}} query with the fields of that log
 */
export function useLiveLog(watch, query) {
  const limit = useSignal(STEP);
  const latest = useSignal(undefined);
  const held = useSignal(undefined);
  const reading = useReading();
  const wanted = JSON.stringify({ ...query, limit: limit.value });
  useEffect(() => {
    let isCurrent = true;
    held.value = undefined;
    const take = (news) => {
      if (!isCurrent) return undefined;
      const isFlood = isAllNew(news, latest.peek());
      latest.value = news;
      if (reading.isOn.peek()) held.value ??= news;
      return isFlood ? new Promise((resolve) => setTimeout(resolve, FLOOD_PAUSE)) : undefined;
    };
    watch(proxy(take), JSON.parse(wanted));
    return () => {
      isCurrent = false;
      watch();
    };
  }, [wanted]);
  useSignalEffect(() => {
    held.value = reading.isOn.value ? latest.peek() : undefined;
  });
  const shown = held.value ?? latest.value;
  return {
    reading,
    entries: (held.value ? updated(held.value, latest.value) : shown?.entries) ?? [],
    kept: shown?.kept,
    news: held.value ? Math.max(0, latest.value.matched - held.value.matched) : 0,
    hasMore: (shown?.entries.length ?? 0) === limit.value,
    showMore: () => (limit.value += STEP),
    showNews: () => {
      reading.end();
      held.value = reading.isOn.peek() ? latest.peek() : undefined;
    },
  };
}

/** Whether none of the entries was there before. */
function isAllNew(news, before) {
  const newest = before?.entries[0];
  return newest !== undefined && news.entries.at(-1)?.sequence > newest.sequence;
}

/** Entries that stay in place, with their current outcomes. */
function updated({ entries }, latest) {
  const now = new Map(latest.entries.map((entry) => [entry.sequence, entry]));
  return entries.map((entry) => now.get(entry.sequence) ?? entry);
}

/** Whether the user is reading a list, and the event handlers that find out. */
function useReading() {
  const isUnderPointer = useSignal(false);
  const isScrolled = useSignal(false);
  const isPaused = useSignal(false);
  const opened = useSignal(new Set());
  const isOn = useComputed(
    () => isUnderPointer.value || isScrolled.value || isPaused.value || opened.value.size > 0,
  );
  const toggle = (sequence) => {
    const next = new Set(opened.peek());
    if (!next.delete(sequence)) next.add(sequence);
    opened.value = next;
  };
  return {
    isOn,
    isPaused,
    opened,
    toggle,
    end: () => {
      isPaused.value = false;
      opened.value = new Set();
    },
    /** A finger is on the list only while it scrolls. */
    pointerListeners: {
      onPointerEnter: ({ pointerType }) => (isUnderPointer.value = pointerType !== 'touch'),
      onPointerLeave: () => (isUnderPointer.value = false),
    },
    onScroll: ({ currentTarget }) => (isScrolled.value = currentTarget.scrollTop > 0),
  };
}
