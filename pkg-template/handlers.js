// The handler properties: what the user has set, and the calls that wait for a handler.
import { ClientError } from './errors.js';
import { Iteration, done } from './iteration.js';
import { isPlain, isThenable } from './json.js';
import { MethodResponse, encodeResponse } from './method.js';
import { bytesAtMost } from './pending-bytes.js';

/** How many calls may wait for the Promise of one handler, or for a loop. */
const MAX_WAITING = 1024;
/** How long a token handler may take before it is called again. */
const PATIENCE_MS = 60_000;

/**
 * What a finished handler concludes: a message or a method call.
 * @typedef {{ delivery?: number, requestId?: string }} After
 */

/** A property; those that receive something from the hub have a `feature`. */
class Handler {
  /** What the user has set. */
  value;
  /** The function to call; `undefined` while its Promise is pending, too. */
  call;
  /**
   * The Promise of a function while it is pending; also set while `iteration` is not asked for an
   * item.
   */
  promise;
  /** Replaces the function. */
  iteration;
  /** The subscription was ended because too many calls waited. */
  isCut = false;
  /** Calls that wait for a function: the argument, and what follows. */
  waiting = [];
  /** How long the Promise of the last call may stay pending, in milliseconds since 1970. */
  busyUntil = 0;

  constructor(name, feature) {
    this.name = name;
    this.feature = feature;
  }
}

/** All properties of one client. */
export class Handlers {
  message = new Handler('onMessageReceived', 'messages');
  method = new Handler('onMethodRequestReceived', 'methods');
  desiredProperties = new Handler('onTwinDesiredPropertiesPatchReceived', 'desiredProperties');
  connectionState = new Handler('onConnectionStateChange');
  newSasToken = new Handler('onNewSasTokenRequired');
  backgroundException = new Handler('onBackgroundException');
  messageDropped = new Handler('onMessageDropped');
  #all = Object.values(this);
  /** Ends the calls that ask for more. */
  #ending;
  #shell;

  /** @param {import('./shell.js').Shell} shell */
  constructor(shell) {
    this.#shell = shell;
  }

  /** What the user has set. */
  get(name) {
    return this.#named(name).value;
  }

  /**
   * Sets a property.
   * @throws {TypeError} for a value that cannot be a handler
   * @throws {ClientError} for a receive handler on a client that uses receive calls
   */
  set(name, value) {
    const handler = this.#named(name);
    this.#use(handler, value);
    handler.value = value;
  }

  #named(name) {
    return this.#all.find((handler) => handler.name === name);
  }

  #use(handler, value) {
    const { name } = handler;
    const isFunction = typeof value === 'function';
    const isNothing = value === undefined || value === null;
    if (!isNothing && !isFunction && !isThenable(value)) {
      throw new TypeError(`${name} must be a function, a Promise of a function, null or undefined`);
    }
    if (handler.feature !== undefined) {
      const { receiving } = this.#shell;
      if (isNothing && (receiving.isByCalls || handler.iteration)) return;
      if (!isNothing) receiving.useHandlers(name);
    }
    if (handler.iteration) throw taken(handler);
    handler.call = isFunction ? value : undefined;
    handler.promise = isNothing || isFunction ? undefined : Promise.resolve(value);
    this.#listen(handler, !isNothing, !handler.promise);
    this.#await(handler);
  }

  /**
   * Iterates over what a handler would receive.
   * @param {AbortSignal} [signal]
   * @throws {ClientError} if a handler is set, a loop is running, or the client uses receive calls
   */
  iterate(handler, signal) {
    if (handler.iteration || handler.call || handler.promise) throw taken(handler);
    const ending = signal?.aborted ? (call) => call.reject(signal.reason) : this.#ending;
    if (!ending) this.#shell.receiving.useHandlers('iteration');
    const iteration = new Iteration(this.#shell, handler, signal);
    if (ending) {
      iteration.end(ending);
    } else {
      handler.iteration = handler.promise = iteration;
      // A loop begins with the current ones, even if an earlier loop had them.
      if (handler === this.desiredProperties) this.#shell.forgetProperties();
      this.#listen(handler, true, false);
    }
    return iteration;
  }

  /** A loop asks for an item. */
  demand(handler) {
    handler.promise = undefined;
    this.#shell.wake();
    if (handler === this.message) this.#shell.tell((core) => core.takeMessages(true));
    if (handler.isCut) this.#listen(handler, true, true);
  }

  /** Ends the iteration; `ending` ends the calls that ask for more. */
  endIterations(ending = done) {
    this.#ending = ending;
    for (const { iteration } of this.#all) iteration?.end(ending);
  }

  endIteration(handler, iteration) {
    if (handler.iteration !== iteration) return;
    handler.iteration = handler.promise = undefined;
    this.#listen(handler, false, false);
  }

  /** Queues one call of a handler. `after` runs when the handler has finished. */
  push(handler, argument, after) {
    handler.waiting.push({ argument, after });
    this.#shell.wake();
  }

  /** The core repeats its request; a call that waits or runs will provide the token. */
  askForToken() {
    const { waiting, busyUntil } = this.newSasToken;
    if (waiting.length === 0 && Date.now() >= busyUntil) this.push(this.newSasToken);
  }

  /** Calls the handlers with everything that waits for them. */
  callAll() {
    for (;;) {
      const handler = this.#all.find(
        ({ waiting, promise }) => waiting.length > (promise ? MAX_WAITING : 0),
      );
      if (!handler) return;
      const notice = handler.waiting.shift();
      if (handler.call) this.#call(handler, handler.call, notice);
      else if (handler.iteration && !handler.promise) this.#give(handler, notice);
      else this.#goWithout(handler, notice);
    }
  }

  /** The client disconnects: calls that still wait are dropped. */
  forgetReceived() {
    if (this.desiredProperties.waiting.length > 0) this.#shell.forgetProperties();
    for (const handler of this.#all) {
      if (handler.feature !== undefined) handler.waiting = [];
    }
  }

  /** Drops a call: nothing takes it, or it is the oldest of too many that wait. */
  #goWithout(handler, { argument, after }) {
    if (handler === this.method) {
      this.#shell.tell((core) => core.failMethod(after.requestId));
    } else if (handler === this.backgroundException) {
      console.error(argument);
    } else if (handler === this.desiredProperties) {
      // The next subscription fetches the complete set.
      handler.waiting = [];
      handler.isCut = true;
      this.#shell.tell((core) => core.unsubscribe('desiredProperties'));
      this.#shell.forgetProperties();
    }
  }

  #give(handler, notice) {
    const { iteration } = handler;
    if (iteration.give(notice)) return;
    handler.promise = iteration;
    // The next message stays with the hub until the loop asks for it.
    if (handler === this.message) this.#shell.tell((core) => core.takeMessages(false));
  }

  #call(handler, call, { argument, after }) {
    const handled = (value) => this.#handled(after, value);
    const failed = (thrown) => this.#failed(handler, after, thrown);
    let value;
    try {
      value = argument === undefined ? call() : call(argument);
    } catch (thrown) {
      failed(thrown);
      return;
    }
    if (!isThenable(value)) return handled(value);
    handler.busyUntil = Date.now() + PATIENCE_MS;
    const settled = Promise.resolve(value).finally(() => (handler.busyUntil = 0));
    settled.then(handled, failed);
  }

  /**
   * @param {After} [after]
   * @param {unknown} [value]
   */
  #handled({ delivery, requestId } = {}, value) {
    if (delivery !== undefined) {
      this.#shell.tell((core) => core.acknowledge(delivery));
    } else if (requestId !== undefined) {
      this.#answer(requestId, value);
    }
  }

  /** Sends the response that a handler returned. If it cannot be sent, the handler has failed. */
  #answer(requestId, value) {
    // The user responds, or has responded.
    if (value === undefined) return;
    try {
      const answer = encoded(responseOf(requestId, value));
      this.#shell.begin(
        (core) => core.sendMethodResponse(answer.requestId, answer.status, answer.json),
        { bytes: bytesAtMost(answer.json) },
      );
    } catch (error) {
      this.#shell.tell((core) => core.failMethod(requestId));
      this.#shell.report(error);
    }
  }

  /**
   * @param {Handler} handler
   * @param {After} [after]
   * @param {unknown} [thrown]
   */
  #failed(handler, { delivery, requestId } = {}, thrown) {
    if (delivery !== undefined) this.#shell.tell((core) => core.abandon(delivery));
    if (requestId !== undefined) this.#shell.tell((core) => core.failMethod(requestId));
    if (handler === this.backgroundException) console.error(thrown);
    else this.#shell.report(errorCausedBy(`the handler ${handler.name} failed`, thrown));
  }

  #await(handler) {
    const { promise, name } = handler;
    const settled = (call, problem) => {
      // The property may have been set again in the meantime.
      if (handler.promise !== promise) return;
      handler.promise = undefined;
      handler.call = call;
      if (problem) {
        const message = `the Promise set as ${name} did not resolve to a function`;
        this.#shell.report(errorCausedBy(message, problem.cause));
      }
      this.#listen(handler, call !== undefined, call !== undefined);
    };
    promise?.then(
      (value) => {
        if (typeof value === 'function') settled(value);
        else settled(undefined, value === undefined || value === null ? undefined : {});
      },
      (cause) => settled(undefined, { cause }),
    );
  }

  /**
   * Subscribes or unsubscribes, and notifies the core whether there is a function already. Waiting
   * calls reach that function when the current call has ended.
   */
  #listen(handler, wanted, ready) {
    const shell = this.#shell;
    handler.isCut = false;
    shell.wake();
    if (handler === this.newSasToken) shell.tell((core) => core.canAskForToken(wanted));
    if (handler === this.message) shell.tell((core) => core.takeMessages(wanted && ready));
    const { feature } = handler;
    if (feature === undefined) return;
    shell.whenOwner((core) => (wanted ? core.subscribe(feature) : core.unsubscribe(feature)));
  }
}

function taken({ name }) {
  return new ClientError(
    `a loop or a handler already receives what ${name} would receive; end that first`,
  );
}

/** A `ClientError` about something that the user's code threw. */
export function errorCausedBy(message, cause) {
  return new ClientError(message, cause === undefined ? {} : { cause });
}

/**
 * The response that a method handler returned: a `MethodResponse`, or a plain object with a status.
 * @throws {TypeError} for anything else, since the caller would wait for a response in vain
 */
function responseOf(requestId, value) {
  if (value instanceof MethodResponse) return value;
  // The `Response` of a `fetch` has a status as well.
  const { status, payload } = isPlain(value) ? value : {};
  if (status === undefined) {
    throw new TypeError(
      'the handler onMethodRequestReceived returned something that is not a response: it must return ' +
        '{ status, payload }, a MethodResponse, or nothing if sendMethodResponse responds',
    );
  }
  return new MethodResponse(requestId, status, payload);
}

function encoded(response) {
  try {
    return encodeResponse(response);
  } catch (thrown) {
    throw errorCausedBy('what onMethodRequestReceived returned cannot be sent', thrown);
  }
}
