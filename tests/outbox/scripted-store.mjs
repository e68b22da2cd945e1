/** A store in memory that keeps its messages across "restarts" and is controlled by a test. */

export class ScriptedStore {
  /** The messages, which survive a client, by sequence. */
  messages = new Map();
  next = 1;
  isOpen = false;
  /** The calls, by name. */
  calls = { open: 0, append: 0, read: 0, remove: 0, close: 0 };
  /** Methods in this map fail with the error. */
  failures = {};
  /** Methods in this map wait for the Promise. */
  delays = {};

  async open(context) {
    await this.#called('open');
    this.context = context;
    this.isOpen = true;
    return { count: this.messages.size, bytes: this.bytes };
  }

  async append(messages) {
    await this.#called('append');
    return messages.map((message) => {
      this.messages.set(this.next, structuredClone({ ...message, sequence: this.next }));
      return this.next++;
    });
  }

  async read(after, count) {
    await this.#called('read');
    const found = [];
    for (const message of this.messages.values()) {
      if (message.sequence > after && found.length < count) found.push(structuredClone(message));
    }
    return found;
  }

  async remove(messages) {
    await this.#called('remove');
    for (const { sequence } of messages) this.messages.delete(sequence);
  }

  async close() {
    await this.#called('close');
    this.isOpen = false;
  }

  get bytes() {
    return [...this.messages.values()].reduce((sum, { size }) => sum + size, 0);
  }

  get texts() {
    const decoder = new TextDecoder();
    return [...this.messages.values()].map(({ body }) => decoder.decode(body));
  }

  async #called(name) {
    this.calls[name] += 1;
    await this.delays[name];
    if (this.failures[name]) throw this.failures[name];
  }
}
