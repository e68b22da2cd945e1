import { HubError, ProtocolViolation } from './errors.js';
import { parseTopic, Subscription } from './topics.js';

/**
 * Does what a device's PUBLISH asks for, then acknowledges it.
 * @param {import('./connection.js').Connection} connection
 * @param {object} packet as mqtt-packet decodes it
 */
export function handlePublish(connection, packet) {
  const { identity } = connection;
  if (packet.qos > 1) throw new ProtocolViolation('QoS 2 is not supported');
  const request = parseTopic(packet.topic, identity);
  switch (request?.kind) {
    case 'telemetry':
      identity.telemetry.accept(packet, request.bag);
      break;
    case 'method-answer':
      identity.methods.answer(request.requestId, request.status, packet.payload);
      break;
    case 'twin-get':
    case 'twin-patch':
      answerTwinRequest(connection, request, packet.payload);
      break;
    default:
      throw new ProtocolViolation(`the hub has no topic "${packet.topic}"`);
  }
  connection.acknowledge(packet);
}

function answerTwinRequest({ identity, apiVersion }, request, payload) {
  const { twinAnswer } = identity.faults;
  const answer = twinAnswer ?? runTwinRequest(identity.twin, apiVersion, request, payload);
  if (identity.faults.withholds('twin')) return;
  const { status, version, body } = answer;
  const suffix = version === undefined ? '' : `&$version=${version}`;
  identity.push(
    Subscription.TWIN_ANSWERS,
    `$iothub/twin/res/${status}/?$rid=${request.requestId}${suffix}`,
    asText(body),
  );
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
