const TICK_MS = 20;

/** A machine that slept for longer sends no backlog. */
const MAX_BEHIND_MS = 10_000;

/**
 * Calls many things again and again, each in its own period, by one timer for all. A call may come
 * late, but never shifts those after it, so that the average pace is kept.
 */
export class Scheduler {
  #entries = new Map();
  #now;
  #timer;

  /** @param {() => number} now milliseconds of a clock that never goes back */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Calls `run` at once, and then in each period. With jitter, each call is late by a random part
   * of the period, at most that much of it.
   * @param {object} key what is known by it already is replaced
   * @param {{periodMs: number, jitter: number, random: () => number, run: () => void}} plan
   */
  add(key, plan) {
    const now = this.#now();
    this.#entries.set(key, { ...plan, slot: now, due: now });
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
  }

  remove(key) {
    this.#entries.delete(key);
    if (this.#entries.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick() {
    const now = this.#now();
    for (const [key, entry] of this.#entries) {
      // What is called may remove it.
      while (entry.due <= now && this.#entries.get(key) === entry) {
        advance(entry, now);
        entry.run();
      }
    }
  }
}

function advance(entry, now) {
  const { periodMs, jitter, random } = entry;
  entry.slot += periodMs;
  if (now - entry.slot > MAX_BEHIND_MS) entry.slot = now;
  entry.due = entry.slot + jitter * periodMs * random();
}
