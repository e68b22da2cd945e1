const TICK_MS = 20;

/** After a longer sleep of the machine, no backlog is sent. */
const MAX_BEHIND_MS = 10_000;

/**
 * Runs many timelines with one timer. Something may happen late, but that does not delay what
 * follows, so that the average rate is kept.
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
   * Starts a timeline now.
   * @param {object} key a timeline with the same key is replaced
   * @param {{dueMs: number, next: () => void}} timeline see `Timeline`
   */
  add(key, timeline) {
    this.#entries.set(key, { timeline, begun: this.#now() });
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
  }

  remove(key) {
    this.#entries.delete(key);
    if (this.#entries.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Milliseconds since the timeline with this key began. */
  elapsedMs(key) {
    return this.#now() - this.#entries.get(key).begun;
  }

  #tick() {
    const now = this.#now();
    for (const [key, entry] of this.#entries) {
      const { timeline } = entry;
      if (now - entry.begun - timeline.dueMs > MAX_BEHIND_MS) entry.begun = now - timeline.dueMs;
      // An event may remove the timeline.
      while (entry.begun + timeline.dueMs <= now && this.#entries.get(key) === entry) {
        timeline.next();
      }
    }
  }
}
