import { within } from './within.js';

/** A reader of Server-Sent Events. */
export class EventStream {
  #reader;
  #decoder = new TextDecoder();
  #text = '';

  /** Opens, and waits until the hub follows. */
  static async open(hub, path, headers = {}) {
    const response = await fetch(hub.url + path, { headers: { ...hub.authorize(), ...headers } });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    const stream = new EventStream();
    stream.headers = response.headers;
    stream.#reader = response.body.getReader();
    await stream.#nextBlock();
    return stream;
  }

  /** The next event: `{id, data}`, data as JSON. */
  async next() {
    for (;;) {
      const fields = (await this.#nextBlock()).split('\n').map((line) => line.split(/: (.*)/s));
      const { id, data } = Object.fromEntries(fields);
      if (data !== undefined) return { id, data: JSON.parse(data) };
    }
  }

  close() {
    return this.#reader.cancel();
  }

  async #nextBlock() {
    while (!this.#text.includes('\n\n')) {
      const { value, done } = await within(this.#reader.read(), 'an event');
      if (done) throw new Error('the stream has ended');
      this.#text += this.#decoder.decode(value, { stream: true });
    }
    const end = this.#text.indexOf('\n\n');
    const block = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 2);
    return block;
  }
}
