/**
 * More WebSockets than a browser opens (Chromium 255, Firefox 200): further ones go through one
 * WebSocket to the server of `npm start`, which opens them for the page. A page on a static host
 * has no tunnel.
 */
import { frame, kinds, readFrame } from './tunnel-frames.js';

const MOST_DIRECT = 200;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Replaces the global `WebSocket`.
 * @param {string} [tunnelUrl] none if there is no tunnel
 * @param {number} [most] how many are opened directly
 */
export function allowManySockets(tunnelUrl, most = MOST_DIRECT) {
  const Direct = globalThis.WebSocket;
  const tunnel = tunnelUrl && new Tunnel(() => new Direct(tunnelUrl));
  let direct = 0;
  globalThis.WebSocket = function WebSocket(url, protocol) {
    if (direct < most) {
      const socket = new Direct(url, protocol);
      direct += 1;
      socket.addEventListener('close', () => (direct -= 1));
      return socket;
    }
    if (tunnel) return tunnel.open(url);
    throw new Error(
      `a browser opens no more than about ${most} WebSockets at once; the page of ` +
        '`npm start` has a tunnel for more',
    );
  };
}

/** Carries many sockets over one, which the first of them opens. */
class Tunnel {
  #connect;
  #socket;
  #waiting = [];
  #channels = new Map();
  #last = 0;

  constructor(connect) {
    this.#connect = connect;
  }

  /** @returns {TunnelledSocket} as good as a `WebSocket` to this URL */
  open(url) {
    const channel = (this.#last += 1);
    const socket = new TunnelledSocket((kind, content) => this.#send(kind, channel, content));
    this.#channels.set(channel, socket);
    this.#send(kinds.open, channel, encoder.encode(url));
    return socket;
  }

  #send(kind, channel, content) {
    this.#socket ??= this.#begin();
    const bytes = frame(kind, channel, content);
    if (this.#socket.readyState === this.#socket.CONNECTING) this.#waiting.push(bytes);
    else this.#socket.send(bytes);
  }

  #begin() {
    const socket = this.#connect();
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      for (const bytes of this.#waiting.splice(0)) socket.send(bytes);
    };
    socket.onmessage = ({ data }) => this.#take(readFrame(new Uint8Array(data)));
    socket.onclose = () => this.#end();
    return socket;
  }

  #take({ kind, channel, content }) {
    const socket = this.#channels.get(channel);
    if (kind === kinds.closed) this.#channels.delete(channel);
    socket?.take(kind, content);
  }

  /** All sockets in the tunnel are lost with it. */
  #end() {
    const lost = [...this.#channels.values()];
    this.#channels.clear();
    this.#waiting.length = 0;
    this.#socket = undefined;
    const reason = encoder.encode('{"code": 1006, "reason": "the server of this page is away"}');
    for (const socket of lost) socket.take(kinds.closed, reason);
  }
}

/** The part of `WebSocket` that the client uses. */
class TunnelledSocket extends EventTarget {
  binaryType = 'arraybuffer';
  protocol = '';
  /** Nothing is buffered: the server is on this machine. */
  bufferedAmount = 0;
  #send;

  /** @param {(kind: number, content?: Uint8Array) => void} send */
  constructor(send) {
    super();
    this.#send = send;
  }

  send(bytes) {
    this.#send(kinds.data, bytes);
  }

  close() {
    this.#send(kinds.close);
  }

  /** A frame for this socket has arrived. */
  take(kind, content) {
    if (kind === kinds.opened) {
      this.protocol = decoder.decode(content);
      this.#tell('open', {});
    } else if (kind === kinds.data) {
      this.#tell('message', { data: content.slice().buffer });
    } else if (kind === kinds.closed) {
      this.#tell('close', JSON.parse(decoder.decode(content)));
    }
  }

  #tell(type, details) {
    const event = Object.assign(new Event(type), details);
    this[`on${type}`]?.(event);
    this.dispatchEvent(event);
  }
}
