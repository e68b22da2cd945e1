// The JavaScript half of a client. All calls of the core, and all of its events, pass through here.
// Handlers are called after the core has returned.
import { ClientError } from './errors.js';
import { Handlers } from './handlers.js';
import { decodeMessage } from './message.js';
import { MethodRequest } from './method.js';
import { PendingBytes } from './pending-bytes.js';
import { Receiving } from './receiving.js';
import { onAbort } from './signal.js';
import { attach, detach } from './socket.js';

/** How many frames may arrive before one drain. */
const MAX_UNANSWERED = 64;

const atEndOfCall = Promise.resolve();

/** @typedef {import('./iothub_device_client.js').ClientHandle} ClientHandle */

/** One client. The core calls the methods from `openSocket` to `certificateIssued`. */
export class Shell {
  handlers = new Handlers(this);
  receiving = new Receiving(this);
  /**
   * Of a client with a store.
   * @type {import('./outbox.js').Outbox | undefined}
   */
  outbox;
  /**
   * For a client that requests a certificate from the provisioning service: what the host connects
   * to the hub with, from the result of the registration.
   * @type {((result: object) => unknown) | undefined}
   */
  transportOf;
  #core;
  #transport;
  #hubTransport;
  /** The registration that issued the certificate. */
  #registration;
  #socket;
  /** Listens to the platform while there is a connection. */
  #watch;
  /** The resolving functions of Promises, by operation. */
  #pending = new Map();
  #pendingBytes;
  #isQueued = false;
  /** Frames since the last drain. */
  #unanswered = 0;
  #isPumping = false;
  /** There is work that the current pump may have missed. */
  #isAsked = false;
  #isBroken = false;

  /**
   * @param {import('./host.js').Platform} host
   * @param {ClientHandle} core
   * @param {unknown} transport what the host makes sockets and HTTP calls with
   * @param {any} [tokenFunction] of the user, if the client was created with one
   */
  constructor(host, core, transport, tokenFunction) {
    this.host = host;
    this.#core = core;
    this.#transport = transport;
    this.tokenFunction = tokenFunction;
    this.#pendingBytes = new PendingBytes(core.maxPendingBytes);
  }

  get connectionState() {
    return this.#enter((core) => core.connectionState) ?? 'disconnected';
  }

  /** What the connection is doing, for `trace`. */
  get activity() {
    const [activity, waitMs] = this.#enter((core) => [core.activity, core.waitMs]) ?? [];
    const state = activity ?? this.connectionState;
    return waitMs === undefined ? { state } : { state, seconds: waitMs / 1000 };
  }

  /** The hub, device and module. */
  get resource() {
    return this.#core.resource;
  }

  /** The argument for the host's next socket or HTTP call. */
  get transport() {
    if (!this.#registration || this.activity.state === 'registering') return this.#transport;
    return (this.#hubTransport ??= this.transportOf?.(this.#registration));
  }

  /** How long a call waits for its response; 0 means no limit. */
  get operationTimeoutMs() {
    return this.use((core) => core.operationTimeoutMs);
  }

  /**
   * Calls the core; its output is processed when the current call has ended. Does nothing on a
   * broken client.
   * @template T
   * @param {(core: ClientHandle) => T} call
   */
  tell(call) {
    this.wake();
    return this.#enter(call);
  }

  /**
   * Like `tell`, but throws on a broken client.
   * @template T
   * @param {(core: ClientHandle) => T} call
   */
  use(call) {
    this.wake();
    const result = this.#enter(call);
    if (this.#isBroken) throw brokenError();
    return /** @type {T} */ (result);
  }

  /**
   * Begins an operation; the Promise settles with it.
   * @param {(core: ClientHandle) => number} call returns the id of the operation
   * @param {AbortSignal} [signal] withdraws it
   * @param {object} [queue] of a receive call
   * @param {number} [bytes] that it takes to the core, and holds there
   */
  operation(call, signal, queue, bytes = 0) {
    if (this.outbox && !this.outbox.isOwner) {
      return this.outbox.owned(signal).then(() => this.operation(call, signal, queue, bytes));
    }
    if (signal) return this.#abortable(signal, call, queue, bytes);
    return new Promise((resolve, reject) => this.begin(call, { resolve, reject, queue, bytes }));
  }

  /**
   * Begins an operation. If there is no `reject`, its failure is reported as a background
   * exception.
   * @param {(core: ClientHandle) => number} call returns the id of the operation
   * @param {{ bytes: number, resolve?: (value: unknown) => void, reject?: (error: unknown, hasEndedConnections?: boolean) => void, queue?: object }} pending
   */
  begin(call, pending) {
    this.#pendingBytes.check(pending.bytes);
    this.#pending.set(this.use(call), pending);
    this.#pendingBytes.add(pending.bytes);
  }

  /** Ends an operation with a value of the shell's own. */
  resolve(operation, value) {
    this.#take(operation)?.resolve(value);
  }

  /** Like `tell`, but waits until this client may connect: another tab may own its outbox. */
  whenOwner(call) {
    if (this.outbox) this.outbox.whenOwner(() => this.tell(call));
    else this.tell(call);
  }

  /** Disconnects: what was received will not be handled any more. */
  leave(call) {
    this.handlers.forgetReceived();
    this.receiving.forgetReceived();
    return new Promise((resolve, reject) => this.begin(call, { resolve, reject, bytes: 0 }));
  }

  /** Desired properties that were delivered here will not be handled. */
  forgetProperties() {
    this.tell((core) => core.forgetDeliveredProperties());
  }

  /** Schedules all pending work for the end of the current turn. */
  wake() {
    this.#isAsked = true;
    if (this.#isQueued || this.#isPumping) return;
    this.#isQueued = true;
    // Through a Promise, because `queueMicrotask` takes several times as long in Node.js.
    atEndOfCall.then(this.#pumpAsked);
  }

  /** Calls the user's token function. Rejects with the reason if it returns no token. */
  async fetchToken() {
    let token;
    try {
      const { ClientHandle } = this.host;
      const resource = this.use((core) => core.tokenResource);
      token = await ClientHandle.callTokenFunction(this.host, this.tokenFunction, resource);
    } catch (error) {
      this.tell((core) => core.tokenUnavailable(error));
      throw error;
    }
    this.use((core) => core.provideToken(token));
  }

  /** Returns the socket, or the platform's reason for refusing the URL. */
  openSocket(url) {
    let socket;
    try {
      const { transport } = this;
      if (transport?.isExpired) this.#core.certificateExpired();
      socket = this.host.openSocket(url, transport);
    } catch (error) {
      return String(error.message);
    }
    attach(socket, {
      opened: () => this.#opened(socket),
      received: (frame) => this.#received(frame),
      closed: (detail) => this.#closed(detail),
    });
    this.#socket = socket;
    return socket;
  }

  /** Drops the socket without waiting for its closing handshake. */
  dropSocket() {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = undefined;
    detach(socket);
    this.host.abortSocket(socket);
  }

  /**
   * First reads what has arrived while the event loop was busy: a response that is waiting to be
   * read is not overdue. This also breaks chains of timeouts, which Chromium fires only once a
   * minute in a tab that has been hidden for a while: a timeout set by this task does not count as
   * part of a chain.
   */
  timerFired() {
    this.host.defer(() => this.tell((core) => core.timerFired()));
  }

  settled(operations) {
    // The array is a view of memory that may grow.
    for (const operation of operations.slice()) {
      const { resolve, queue } = this.#take(operation) ?? {};
      resolve?.(queue?.items.shift());
    }
  }

  jsonReceived(operation, json) {
    this.resolve(operation, JSON.parse(json));
  }

  /** Items that arrived earlier for calls of this kind go first. */
  messageTaken(operation, body, systemProperties, customProperties) {
    const { items } = this.#pending.get(operation).queue;
    items.push(decodeMessage(new Uint8Array(body), systemProperties, customProperties));
    this.resolve(operation, items.shift());
  }

  failed(operation, error, hasEndedConnections) {
    const { reject, queue } = this.#take(operation) ?? {};
    if (queue) this.receiving.stopWaiting(queue, operation);
    if (reject) reject(error, hasEndedConnections);
    else this.report(error);
  }

  /** An error that belongs to no call. The shell calls it, too. */
  report(error) {
    this.host.note({ error });
    this.handlers.push(this.handlers.backgroundException, error);
  }

  connectionStateChanged(connected, cause) {
    const change = cause === undefined ? { connected } : { connected, cause };
    this.handlers.push(this.handlers.connectionState, change);
    this.outbox?.connectionChanged(connected);
  }

  messageReceived(body, systemProperties, customProperties, delivery) {
    const message = decodeMessage(new Uint8Array(body), systemProperties, customProperties);
    if (!this.receiving.take('messages', message)) {
      this.handlers.push(this.handlers.message, message, { delivery });
    } else if (delivery !== undefined) {
      this.tell((core) => core.acknowledge(delivery));
    }
  }

  methodCalled(requestId, name, payload) {
    const request = new MethodRequest(requestId, name, JSON.parse(payload));
    if (!this.receiving.take('methods', request, name)) {
      this.handlers.push(this.handlers.method, request, { requestId });
    }
  }

  desiredPropertiesReceived(json) {
    const patch = JSON.parse(json);
    if (!this.receiving.take('desiredProperties', patch)) {
      this.handlers.push(this.handlers.desiredProperties, patch);
    }
  }

  tokenRequired() {
    if (this.tokenFunction) this.fetchToken().catch((error) => this.report(error));
    else this.handlers.askForToken();
  }

  certificateIssued(json) {
    if (this.transportOf) this.#registration = JSON.parse(json);
    this.#hubTransport = undefined;
  }

  async #abortable(signal, call, queue, bytes) {
    signal.throwIfAborted();
    let operation;
    // The core settles the call, unless it has settled already.
    const withdraw = () => this.tell((core) => core.withdraw(operation));
    const begin = (core) => (operation = call(core));
    const settled = this.operation(begin, undefined, queue, bytes);
    const unlisten = onAbort(signal, withdraw);
    try {
      return await settled;
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      unlisten();
    }
  }

  #opened(socket) {
    // Browsers leave it to the script to check which sub-protocol the server has chosen.
    if (socket.protocol.toLowerCase() !== 'mqtt') {
      this.dropSocket();
      this.#closed('the server did not agree to the sub-protocol mqtt');
      return;
    }
    // The client has reached the hub, which will close the connection of any other client of this
    // identity.
    if (this.activity.state === 'connecting') this.#watch?.takeOver();
    this.tell((core) => core.socketOpened());
  }

  #received(frame) {
    if (typeof frame === 'string') {
      this.tell((core) => core.receivedText());
    } else {
      this.#enter((core) => core.received(frame));
      this.#unanswered += 1;
      // If a single operation is waiting, drain immediately. Otherwise more frames may have
      // arrived: many frames then cause one drain, and one frame to the hub.
      if (this.#pending.size === 1 || this.#unanswered === MAX_UNANSWERED) this.wake();
      else if (this.#unanswered === 1) this.host.deferFrames(() => this.#pump());
    }
  }

  #closed(detail) {
    this.#socket = undefined;
    this.tell((core) => core.socketClosed(detail));
  }

  #take(operation) {
    const pending = this.#pending.get(operation);
    if (this.#pending.delete(operation)) this.#pendingBytes.remove(pending.bytes);
    return pending;
  }

  #pumpAsked = () => {
    this.#isQueued = false;
    this.#pump();
  };

  /** Performs everything that the core outputs, including what handlers cause. */
  #pump() {
    this.#isPumping = true;
    this.#unanswered = 0;
    let pumped;
    try {
      do {
        this.handlers.callAll();
        this.#isAsked = false;
        pumped = this.#enter((core) => core.pump(this));
      } while (pumped === 'handlers');
    } finally {
      this.#isPumping = false;
    }
    if (pumped !== undefined) this.#watchWhile(pumped === 'active');
    this.host.note();
    if (this.#isAsked) this.wake();
  }

  #watchWhile(isActive) {
    if (isActive && !this.#watch) {
      this.#watch = this.host.watch(this.#core.resource, (online) =>
        this.tell((core) => {
          if (online === undefined) core.replaced();
          else if (online) core.online();
          else core.offline();
        }),
      );
    } else if (!isActive) {
      this.#watch?.stop();
      this.#watch = undefined;
    }
  }

  /**
   * Every call of the core goes through here. In WebAssembly, a panic is a trap: nothing is
   * unwound, and the core stays borrowed. It ends this client only; others share nothing but the
   * module.
   */
  #enter(call) {
    if (this.#isBroken) return undefined;
    try {
      return call(this.#core);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) this.#breakDown(error);
      else if (!this.#isBroken) throw error;
      return undefined;
    }
  }

  /** Releases the platform, and notifies the user. */
  #breakDown(trap) {
    console.error(trap);
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#core.breakDown();
    this.dropSocket();
    this.#watchWhile(false);
    this.receiving.end();
    this.handlers.forgetReceived();
    this.handlers.endIterations((call) => call.reject(brokenError()));
    for (const [operation, { reject }] of this.#pending) {
      this.#take(operation);
      reject?.(brokenError());
    }
    this.report(brokenError());
  }
}

function brokenError() {
  return new ClientError(
    'a bug in iothub-device-client, which the console shows, has broken this client; ' +
      'please report it, and create a new client',
  );
}
