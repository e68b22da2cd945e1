import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { Inbox, within } from '../../scripts/start/waiting.mjs';

/** Longer than any single call takes, the wait for a method's timeout included. */
const CALL_SECONDS = 30;

/** A call that failed in the client: the error, and for an HTTP response its status and code. */
class ClientFailure extends Error {
  constructor({ message, ...members }) {
    super(message);
    Object.assign(this, members);
  }
}

/** A program in a separate process that uses a client on command; the first command starts it. */
export class Driver {
  #command;
  #environment;
  #child;
  #ended;
  #errors = '';
  #lastCommand = 0;
  #calls = new Map();
  #inboxes = new Map();

  /**
   * @param {string[]} command
   * @param {NodeJS.ProcessEnv} environment
   */
  constructor(command, environment) {
    this.#command = command;
    this.#environment = environment;
  }

  #start() {
    const [program, ...args] = this.#command;
    this.#child = spawn(program, args, { env: this.#environment });
    this.#child.stderr.setEncoding('utf8').on('data', (text) => (this.#errors += text));
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#take(line));
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.#ended.then((code) => {
      const error = new Error(`${program} ended with ${code}: ${this.#errors}`);
      for (const { reject } of this.#calls.values()) reject(error);
    });
  }

  /** Makes a client do something. Resolves with the result, or rejects with a ClientFailure. */
  call(command) {
    if (!this.#child) this.#start();
    const id = ++this.#lastCommand;
    const outcome = new Promise((resolve, reject) => this.#calls.set(id, { resolve, reject }));
    this.#child.stdin.write(`${JSON.stringify({ id, ...command })}\n`);
    const sentence = `${command.call} did not end: ${this.#errors}`;
    return within(CALL_SECONDS, outcome, sentence).finally(() => this.#calls.delete(id));
  }

  /** What reached an application by this event. */
  inbox(client, event) {
    const key = `${client} ${event}`;
    if (!this.#inboxes.has(key)) this.#inboxes.set(key, new Inbox(event));
    return this.#inboxes.get(key);
  }

  async end() {
    this.#child?.kill();
    await this.#ended;
  }

  #take(line) {
    const { id, client, event, value, result, error } = JSON.parse(line);
    if (event) this.inbox(client, event).put(value);
    else if (error) this.#calls.get(id)?.reject(new ClientFailure(error));
    else this.#calls.get(id)?.resolve(result);
  }
}
