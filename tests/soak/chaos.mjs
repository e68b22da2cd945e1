/** How long a fault lasts, in milliseconds. */
const LASTS = 3_000;

/** Faults that happen once, or last until they are cleared. */
const FAULTS = {
  reset: (backEnd) => backEnd.drop('reset'),
  close: (backEnd) => backEnd.drop('close'),
  'half-open': (backEnd) => backEnd.setFaults({ halfOpen: true }),
  'expired token': (backEnd) => backEnd.setFaults({ clock: 1_000_000 }),
  'CONNACK 3': (backEnd) => backEnd.setFaults({ connack: 3 }),
  'no PUBACK': (backEnd) => backEnd.setFaults({ withhold: ['puback'] }),
  'no SUBACK': (backEnd) => backEnd.setFaults({ withhold: ['suback'] }),
  'no twin answer': (backEnd) => backEnd.setFaults({ withhold: ['twin'] }),
  'frames of one byte': (backEnd) => backEnd.setFaults({ frameSize: 1 }),
  'twin answer 503': (backEnd) => backEnd.setFaults({ twinStatus: 503 }),
  'C2D delivered twice': (backEnd) => backEnd.setFaults({ redeliver: {} }),
};

/** Injects faults at the hub, and counts them. The seed determines the faults. */
export class Chaos {
  /** Name of the fault → how often. */
  counts = Object.fromEntries(Object.keys(FAULTS).map((name) => [name, 0]));
  #random;
  #pending = new Set();

  constructor(seed) {
    this.#random = mulberry32(seed);
  }

  /** One of the list. */
  choose(list) {
    return list[Math.floor(this.#random() * list.length)];
  }

  /** Injects a fault for one of the devices, which ends after a while. */
  strike(backEnds) {
    const backEnd = this.choose(backEnds);
    const name = this.choose(Object.keys(FAULTS));
    const struck = this.#strike(backEnd, name);
    this.#pending.add(struck);
    struck.finally(() => this.#pending.delete(struck));
  }

  /** Resolves when no fault is on any more. */
  async over() {
    await Promise.all(this.#pending);
  }

  async #strike(backEnd, name) {
    try {
      await FAULTS[name](backEnd);
      this.counts[name] += 1;
    } catch (error) {
      // A device that is not connected at the moment cannot be half-open or get anything twice.
      if (error.status !== 404) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, LASTS));
    await backEnd.setFaults({ clear: true });
  }
}

/** A well-known small generator of numbers from 0 to 1, the same for the same seed. */
function mulberry32(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
