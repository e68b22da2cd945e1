import { HubError, ProtocolViolation } from './errors.js';
import { parseBag } from './properties.js';
import { parseTopic, Subscription } from './topics.js';

/**
 * Handles a device's PUBLISH, then acknowledges it.
 * @param {import('./connection.js').Connection} connection
 * @param {import('mqtt-packet').IPublishPacket & {payload: Buffer}} packet
 * @param {import('./identity.js').Identity} identity of the connection
 */
export function handlePublish(connection, packet, identity) {
  if (packet.qos > 1) throw new ProtocolViolation('QoS 2 is not supported');
  const request = parseTopic(packet.topic, identity);
  switch (request?.kind) {
    case 'telemetry':
      if (isThrottled(identity.faults)) return;
      identity.telemetry.accept({
        ...readMessage(packet, request.bag, identity.settings),
        annotations: connection.annotations,
      });
      break;
    case 'method-answer':
      identity.methods.answer(request.requestId, request.status, packet.payload);
      break;
    case 'twin-get':
    case 'twin-patch':
      answerTwinRequest(connection, request, packet.payload, identity);
      break;
    default:
      throw new ProtocolViolation(`the hub has no topic "${packet.topic}"`);
  }
  connection.acknowledge(packet);
}

/**
 * The telemetry message in the will of a CONNECT.
 * @param {NonNullable<import('mqtt-packet').IConnectPacket['will']>} will
 * @param {import('./identity.js').Identity} identity
 * @returns {ReturnType<typeof readMessage> | undefined} nothing if its topic is not for telemetry
 *   of the identity
 */
export function readWill({ topic, payload, retain }, identity) {
  const request = parseTopic(topic, identity);
  if (request?.kind !== 'telemetry') return undefined;
  try {
    const message = readMessage({ payload, retain, dup: false }, request.bag, identity.settings);
    message.properties['iothub-MessageType'] = 'Will';
    return message;
  } catch (error) {
    if (error instanceof ProtocolViolation) return undefined;
    throw error;
  }
}

/**
 * @param {{payload: Buffer | string, retain?: boolean, dup: boolean, messageId?: number}} packet
 * @param {string} bag
 * @param {import('./settings.js').Settings} settings
 */
function readMessage({ payload, retain, dup, messageId }, bag, settings) {
  const { systemProperties, properties } = parseBag(bag, settings);
  if (retain) properties['mqtt-retain'] = 'true';
  if (dup) properties['mqtt-dup'] = 'true';
  // From a socket it is always a Buffer.
  const bytes = /** @type {Buffer} */ (payload);
  return { payload: bytes, systemProperties, properties, dup, packetId: messageId ?? null };
}

/** Above its rate, a device is disconnected; above the daily quota, it gets no acknowledgement. */
function isThrottled(faults) {
  if (faults.throttles('telemetry')) {
    throw new ProtocolViolation(`more than ${faults.rate.telemetry} messages arrived in a second`);
  }
  return faults.exceedsQuota();
}

function answerTwinRequest(connection, request, payload, identity) {
  const { status, version, body } = twinAnswerOf(connection, request, payload, identity);
  const suffix = version === undefined ? '' : `&$version=${version}`;
  connection.answer('twin', () =>
    identity.push(
      Subscription.TWIN_ANSWERS,
      `$iothub/twin/res/${status}/?$rid=${request.requestId}${suffix}`,
      asText(body),
    ),
  );
}

function twinAnswerOf({ apiVersion }, request, payload, { faults, twin }) {
  if (faults.throttles('twin')) {
    const error = new HubError('ThrottlingException', 'Too many twin requests in a second.');
    return { status: error.status, body: error.toDeviceBody() };
  }
  return faults.twinAnswer ?? runTwinRequest(twin, apiVersion, request, payload);
}

const asText = (body = '') => (typeof body === 'string' ? body : JSON.stringify(body));

function runTwinRequest(twin, apiVersion, request, payload) {
  try {
    return tryTwinRequest(twin, apiVersion, request, payload);
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    return { status: error.status, body: error.toDeviceBody() };
  }
}

function tryTwinRequest(twin, apiVersion, { kind, version }, payload) {
  if (apiVersion === undefined) {
    throw new HubError('ArgumentInvalid', 'The user name has no api-version.');
  }
  if (kind === 'twin-get') return { status: 200, body: twin.toDevice() };
  return { status: 204, version: twin.patchReported(parseJson(payload), version) };
}

function parseJson(payload) {
  try {
    return JSON.parse(payload);
  } catch {
    throw new HubError('ArgumentInvalid', 'The body is not JSON.');
  }
}
