/**
 * A client and its hub as an outbox sees them, without packets. A test decides when there is a
 * connection, which messages are acknowledged, and what goes wrong. The hub records what really
 * arrived.
 */

class ClientError extends Error {
  name = 'ClientError';
}
class NoConnectionError extends ClientError {
  name = 'NoConnectionError';
}
class OperationCancelled extends Error {
  name = 'OperationCancelled';
}

/** How many connections may end on a message. */
const MOST_ENDINGS = 3;

export class ScriptedHub {
  /** The texts that have arrived, with their copies, in order. */
  arrived = [];
  /** Whether a client that needs a connection gets one. */
  isReachable = true;
  /** Texts on which the hub ends the connection, without accepting them. */
  poison = new Set();
}

/** One client. The other members are what an outbox needs: see `Port` in `outbox-types.js`. */
export class ScriptedClient {
  resource = 'hub.example/devices/scripted';
  operationTimeoutMs = 60_000;
  ClientError = ClientError;
  NoConnectionError = NoConnectionError;
  OperationCancelled = OperationCancelled;
  isConnected = false;
  /** What `onMessageDropped` would get. */
  drops = [];
  /** The texts with which the outbox is done: acknowledged, or dropped. */
  done = new Set();
  /** What `onBackgroundException` would get. */
  reports = [];
  #hub;
  #outbox;
  /** What was passed to the client and is not acknowledged, in order. */
  #sent = new Map();
  #operations = 0;

  /**
   * @param {ScriptedHub} hub
   * @param {import('../../pkg-template/outbox.js').Outbox} outbox
   */
  constructor(hub, outbox) {
    this.#hub = hub;
    this.#outbox = outbox;
    outbox.attach(this);
  }

  /** How many messages wait for the hub. */
  get inFlight() {
    return this.#sent.size;
  }

  send(message, pending) {
    const text = textOf(message);
    this.#operations += 1;
    const operation = this.#operations;
    this.#sent.set(operation, { text, pending, endings: 0 });
    if (this.isConnected) Promise.resolve().then(() => this.#write(operation));
    return operation;
  }

  withdraw(operation) {
    const withdrawn = this.#sent.get(operation);
    this.#sent.delete(operation);
    withdrawn?.pending.reject(new OperationCancelled('withdrawn'));
  }

  check() {}

  decode = (message) => ({ text: () => textOf(message) });

  dropped({ message, reason }) {
    this.drops.push({ text: message.text(), reason });
    // A refused message is moved aside and stays.
    if (reason !== 'refused') this.done.add(message.text());
  }

  report(error) {
    this.reports.push(error.message);
  }

  /** Connects, if the client may and the hub can be reached. */
  connect() {
    if (this.isConnected || !this.#outbox.isOwner || !this.#hub.isReachable) return;
    this.isConnected = true;
    this.#outbox.connectionChanged(true);
    for (const operation of [...this.#sent.keys()]) this.#write(operation);
  }

  /** The connection ends; the client keeps what was not acknowledged. */
  drop() {
    if (!this.isConnected) return;
    this.isConnected = false;
    this.#outbox.connectionChanged(false);
    for (const sent of this.#sent.values()) sent.hasArrived = false;
    const [first] = this.#sent;
    if (!first) return;
    const [operation, sent] = first;
    sent.endings += 1;
    if (sent.endings < MOST_ENDINGS) return;
    this.#sent.delete(operation);
    sent.pending.reject(new ClientError('ended three times'), true);
  }

  /** The client gives up, as after a refused login: all its calls end. */
  giveUp(error) {
    if (this.isConnected) {
      this.isConnected = false;
      this.#outbox.connectionChanged(false);
    }
    const all = [...this.#sent.values()];
    this.#sent.clear();
    for (const { pending } of all) pending.reject(error);
  }

  /** The user calls `disconnect`. */
  disconnect() {
    this.#outbox.suspend();
    this.giveUp(new OperationCancelled('disconnected'));
  }

  /** The process ends. */
  kill() {
    this.isConnected = false;
    this.#hub = { isReachable: false };
  }

  /** Acknowledges the oldest messages. */
  acknowledge(count) {
    for (const [operation, { text, pending, hasArrived }] of [...this.#sent].slice(0, count)) {
      if (!hasArrived) return;
      this.#sent.delete(operation);
      this.done.add(text);
      pending.resolve();
    }
  }

  #write(operation) {
    const sent = this.#sent.get(operation);
    if (!sent || !this.isConnected) return;
    if (this.#hub.poison.has(sent.text)) return this.drop();
    sent.hasArrived = true;
    this.#hub.arrived.push(sent.text);
  }
}

const decoder = new TextDecoder();
const textOf = ({ body }) => decoder.decode(body);
