/** The part of the Chrome DevTools protocol that the benchmarks need. */
import { once } from 'node:events';
import WebSocket from 'ws';

const GONE = 'the page or the browser was closed';

export class DevTools {
  #socket;
  #calls = new Map();
  #count = 0;

  static async connect(url) {
    const self = new DevTools();
    self.#socket = new WebSocket(url);
    await once(self.#socket, 'open');
    self.#socket.on('message', (data) => self.#received(JSON.parse(data)));
    self.#socket.on('close', () => self.#closed());
    return self;
  }

  async send(method, params = {}) {
    if (this.#socket.readyState !== WebSocket.OPEN) throw new Error(GONE);
    this.#count += 1;
    this.#socket.send(JSON.stringify({ id: this.#count, method, params }));
    return new Promise((resolve, reject) => this.#calls.set(this.#count, { resolve, reject }));
  }

  close() {
    this.#socket.close();
  }

  #received({ id, result, error }) {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error) call?.reject(new Error(error.message));
    else call?.resolve(result);
  }

  #closed() {
    for (const { reject } of this.#calls.values()) reject(new Error(GONE));
  }
}
