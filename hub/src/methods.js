import { HubError } from './errors.js';
import { Subscription } from './topics.js';

const MAX_PAYLOAD = 128 * 1024;

/**
 * @typedef {{methodName: string, payload?: unknown, responseTimeoutInSeconds?: number,
 *            connectTimeoutInSeconds?: number}} MethodCall
 */

/** The direct method calls to one device or module that wait for a response. */
export class Methods {
  #identity;
  #settings;
  #pending = new Map();
  #lastRequestId = 0;

  /**
   * @param {import('./identity.js').Identity} identity
   * @param {import('./settings.js').Settings} settings
   */
  constructor(identity, settings) {
    this.#identity = identity;
    this.#settings = settings;
  }

  /**
   * Sends the request and waits for the response.
   * @param {MethodCall} call
   * @param {AbortSignal} signal ends the wait when the caller has gone
   * @returns {Promise<{status: number, payload: unknown}>}
   */
  async invoke(
    { methodName, payload = null, responseTimeoutInSeconds = 30, connectTimeoutInSeconds = 0 },
    signal,
  ) {
    const body = JSON.stringify(payload);
    const { methodStatus } = this.#identity.faults;
    if (methodStatus)
      throw HubError.ofStatus(methodStatus, 'An injected fault requires this status.');
    checkRange('responseTimeoutInSeconds', responseTimeoutInSeconds, 5, 300);
    checkRange('connectTimeoutInSeconds', connectTimeoutInSeconds, 0, 300);
    if (Buffer.byteLength(body) > MAX_PAYLOAD) {
      throw new HubError('MessageTooLarge', `The payload exceeds ${MAX_PAYLOAD} bytes.`);
    }
    const isReachable = await this.#identity.waitForSubscription(
      Subscription.METHODS,
      connectTimeoutInSeconds,
      signal,
    );
    if (!isReachable) {
      throw this.#notOnline('Timed out waiting for device to connect.', {
        timeout: asTimeSpan(connectTimeoutInSeconds),
      });
    }
    const requestId = (++this.#lastRequestId).toString(16);
    const answer = this.#waitForAnswer(requestId, responseTimeoutInSeconds, signal);
    this.#identity.push(
      Subscription.METHODS,
      `$iothub/methods/POST/${encodeURIComponent(methodName)}/?$rid=${requestId}`,
      body,
    );
    return answer;
  }

  /** Handles a device's response; ignores one that nobody waits for. */
  answer(requestId, status, body) {
    const settle = this.#pending.get(requestId);
    if (!settle) return;
    if (body.length > MAX_PAYLOAD) {
      settle(new HubError('BadDeviceResponse', `The response exceeds ${MAX_PAYLOAD} bytes.`));
      return;
    }
    try {
      settle(null, { status, payload: body.length === 0 ? null : JSON.parse(body) });
    } catch {
      settle(new HubError('BadDeviceResponse', 'The response of the device is not JSON.'));
    }
  }

  /** Fails all calls, because the connection was lost. */
  abandon() {
    for (const settle of [...this.#pending.values()]) {
      settle(this.#notOnline('The device disconnected before it responded.'));
    }
  }

  #notOnline(message, info) {
    const error = new HubError('DeviceNotOnline', message, info);
    return Object.assign(error, { errorCode: this.#settings.deviceNotOnlineCode });
  }

  #waitForAnswer(requestId, seconds, signal) {
    return new Promise((resolve, reject) => {
      const settle = (error, result) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', expire);
        this.#pending.delete(requestId);
        if (error) reject(error);
        else resolve(result);
      };
      const expire = () =>
        settle(new HubError('GatewayTimeout', 'Timed out waiting for the response from device.'));
      const timer = setTimeout(expire, seconds * 1000);
      signal.addEventListener('abort', expire);
      this.#pending.set(requestId, settle);
    });
  }
}

function checkRange(name, value, least, most) {
  if (value < least || value > most) {
    throw new HubError('ArgumentInvalid', `${name} must be within [${least}; ${most}]`);
  }
}

/** Formats seconds as the service writes durations. */
function asTimeSpan(seconds) {
  return new Date(seconds * 1000).toISOString().slice(11, 19);
}
