/**
 * A platform whose sockets, timers and errors the tests observe and control, and the parts of the
 * package that they use. `npm test` bundles it into one file, because the test runner's server is
 * slow with many.
 */
export { IoTHubDeviceClient } from '../../pkg-template/client.js';
export { ClientError } from '../../pkg-template/errors.js';
export { host, setPlatform } from '../../pkg-template/host.js';
export { Message } from '../../pkg-template/message.js';
export { MethodResponse } from '../../pkg-template/method.js';

// The real one, for the tests themselves: `Timeouts` replaces it.
const setTimeout = globalThis.setTimeout.bind(globalThis);

/**
 * Resolves in a later task, after every timeout that was due when this was called: timeouts of the
 * same length fire in the order in which they were set.
 */
export function nextTask() {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

const uncaught = [];
addEventListener('error', (event) => uncaught.push(event.message));
addEventListener('unhandledrejection', (event) => uncaught.push(String(event.reason)));

/** Returns the uncaught errors since the last call. */
export function takeUncaught() {
  return uncaught.splice(0);
}

/** What the client needs from JavaScript, with sockets for which the test acts as the server. */
export class Platform {
  /** Every socket that the client has opened. */
  sockets = [];
  /** The sub-protocol that the server agrees to. */
  protocol = 'mqtt';
  /** How many bytes wait in every socket. */
  bufferedAmount = 0;
  /** Every watch that the client has begun. */
  watches = [];
  /** Called with each frame and its socket, in a separate task. */
  onFrame = () => {};
  #waiting = [];

  get host() {
    return {
      platform: 'test',
      createTransport: () => undefined,
      openSocket: (url) => this.#openSocket(url),
      abortSocket: (socket) => socket.abort(),
      watch: (resource, report) => this.#watch(resource, report),
      // In the order of `nextTask`.
      defer: (task) => setTimeout(task, 1),
      deferFrames: (task) => queueMicrotask(task),
    };
  }

  /** Resolves when something has happened that a test may wait for. */
  changed() {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  notify() {
    this.#waiting.splice(0).forEach((resolve) => resolve());
  }

  #watch(resource, report) {
    const watch = { resource, report, takenOver: 0, isStopped: false };
    this.watches.push(watch);
    return {
      takeOver: () => (watch.takenOver += 1),
      stop: () => (watch.isStopped = true),
    };
  }

  #openSocket(url) {
    const socket = new ScriptedSocket(url, this);
    this.sockets.push(socket);
    setTimeout(() => socket.accept(this.protocol));
    return socket;
  }
}

/** The part of `WebSocket` that the client uses, and what the test does at the other end. */
class ScriptedSocket {
  binaryType = 'blob';
  protocol = '';
  readyState = WebSocket.CONNECTING;
  onopen = null;
  onmessage = null;
  onerror = null;
  onclose = null;

  frames = [];
  aborted = false;
  #platform;

  constructor(url, platform) {
    this.url = url;
    this.#platform = platform;
  }

  get bufferedAmount() {
    return this.#platform.bufferedAmount;
  }

  send(frame) {
    if (this.readyState !== WebSocket.OPEN) {
      throw new DOMException('not open', 'InvalidStateError');
    }
    // As browsers do: `frame` lies in the memory of the module.
    const bytes = frame.slice();
    this.frames.push(bytes);
    setTimeout(() => {
      this.#platform.onFrame(bytes, this);
      this.#platform.notify();
    });
  }

  close() {
    if (this.readyState === WebSocket.OPEN) {
      this.readyState = WebSocket.CLOSING;
      setTimeout(() => this.end(1000));
    }
  }

  abort() {
    this.aborted = true;
    this.readyState = WebSocket.CLOSED;
    this.#platform.notify();
  }

  accept(protocol) {
    if (this.readyState === WebSocket.CONNECTING) {
      this.readyState = WebSocket.OPEN;
      this.protocol = protocol;
      this.onopen?.(new Event('open'));
    }
  }

  /** Passes a text or a binary frame to the client. */
  deliver(data) {
    const isText = typeof data === 'string' || this.binaryType === 'arraybuffer';
    const received = isText ? (data.buffer ?? data) : new Blob([data]);
    this.onmessage?.(new MessageEvent('message', { data: received }));
  }

  /** Ends like a broken connection: an error event, then a close event. */
  end(code) {
    this.readyState = WebSocket.CLOSED;
    if (code !== 1000) this.onerror?.(new Event('error'));
    this.onclose?.(new CloseEvent('close', { code }));
    this.#platform.notify();
  }
}

/** The platform's own sockets, as in a page. */
export class RealPlatform {
  sockets = [];

  get host() {
    return {
      platform: 'test',
      createTransport: () => undefined,
      openSocket: (url) => {
        const socket = new WebSocket(url, 'mqtt');
        this.sockets.push(socket);
        return socket;
      },
      abortSocket: (socket) => socket.close(),
      watch: () => ({ takeOver() {}, stop() {} }),
      defer: (task) => setTimeout(task, 1),
      deferFrames: (task) => queueMicrotask(task),
    };
  }
}

/** Resolves when a real socket has closed. */
export function closed(socket) {
  return new Promise((resolve) => socket.addEventListener('close', resolve, { once: true }));
}

/** Records the length of every timeout, from its creation until `stop`. */
export class Timeouts {
  lengths = [];
  #original = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  #tasks = new Map();

  constructor() {
    globalThis.setTimeout = (task, length) => {
      this.lengths.push(length);
      const id = setTimeout(() => this.#run(id), length);
      this.#tasks.set(id, task);
      return id;
    };
    globalThis.clearTimeout = (id) => {
      this.#tasks.delete(id);
      this.#original.clearTimeout.call(globalThis, id);
    };
  }

  /** Ends every timeout early. */
  fire() {
    [...this.#tasks.keys()].forEach((id) => this.#run(id));
  }

  stop() {
    Object.assign(globalThis, this.#original);
  }

  #run(id) {
    const task = this.#tasks.get(id);
    this.#tasks.delete(id);
    task?.();
  }
}

/** Records what is written with `console.error` from now on; the result ends this. */
export function recordConsoleErrors(errors) {
  const original = console.error;
  console.error = (...values) => errors.push(...values);
  return () => {
    console.error = original;
  };
}
