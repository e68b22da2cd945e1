import { toMessage } from './message-api.js';
import { describeMessage } from './telemetry.js';
import { invokeMethod } from './twin-api.js';

const MESSAGE_OPTIONS = [
  ...['messageId', 'correlationId', 'userId', 'contentType', 'contentEncoding'],
  ...['expiryTimeUtc', 'ack', 'properties', 'input'],
];

/**
 * The API for tests that run a hub in their own process, without HTTP calls.
 * @param {import('./server.js').Hub} hub
 */
export function inProcess({ devices, store }) {
  const find = (device) => {
    const { deviceId, moduleId } = idOf(device);
    return devices.get(deviceId, moduleId);
  };
  /** @returns {Promise<void>} */
  const saved = () => new Promise((resolve) => store.whenSaved(resolve));
  return {
    async sendMessage(device, body, options = {}) {
      checkOptions('sendMessage', options, MESSAGE_OPTIONS);
      const { messages, moduleId } = find(device);
      if ((moduleId === undefined) !== (options.input === undefined)) {
        throw new TypeError('a message to a module needs an input, one to a device has none');
      }
      const sequenceNumber = messages.enqueue(toMessage(bytesOf(body), options));
      await saved();
      return { messageId: options.messageId, sequenceNumber };
    },

    async invokeMethod(device, methodName, payload, timeouts = {}) {
      checkOptions('invokeMethod', timeouts, [
        'responseTimeoutInSeconds',
        'connectTimeoutInSeconds',
      ]);
      const never = new AbortController().signal;
      return invokeMethod(devices, idOf(device), { methodName, payload, ...timeouts }, never);
    },

    async waitForTelemetry(device, options = {}) {
      checkOptions('waitForTelemetry', options, ['after', 'count', 'timeout', 'matches']);
      const { after, count = 1, timeout = 10, matches = () => true } = options;
      const { id, telemetry } = find(device);
      const isWanted = (message) => matches(describeMessage(message));
      const query = { after, count, timeout, matches: isWanted };
      const messages = (await telemetry.log.read(query)).map(describeMessage);
      await saved();
      if (messages.length >= count) return messages;
      const part = `${messages.length} of ${count} expected messages`;
      throw new Error(`${id} sent only ${part} within ${timeout} s`);
    },
  };
}

/** @param {string | {deviceId: string, moduleId?: string}} device */
const idOf = (device) =>
  typeof device === 'string'
    ? { deviceId: device }
    : { deviceId: device.deviceId, moduleId: device.moduleId };

function checkOptions(call, options, known) {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new TypeError(`${call} has no option "${unknown}"; it has ${known.join(', ')}`);
}

/** Text and bytes as they are, anything else as JSON. */
function bytesOf(body) {
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(JSON.stringify(body));
}
