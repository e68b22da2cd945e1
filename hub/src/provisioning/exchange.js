import { HubError, ProtocolViolation } from '../errors.js';

const REGISTER = /^\$dps\/registrations\/PUT\/iotdps-register\/\?(.*)$/;
const POLL = /^\$dps\/registrations\/GET\/iotdps-get-operationstatus\/\?(.*)$/;

/**
 * Acknowledges a client's PUBLISH, then responds; Microsoft's C# client needs this order.
 * @param {import('../connection.js').Connection} connection
 * @param {import('mqtt-packet').IPublishPacket & {payload: Buffer}} packet
 * @param {import('./registrant.js').Registrant} registrant
 * @param {import('./service.js').ProvisioningService} service
 */
export function handleRegistrationPublish(connection, packet, registrant, service) {
  if (packet.qos > 1) throw new ProtocolViolation('QoS 2 is not supported');
  const request = parseTopic(packet.topic);
  if (!request) throw new ProtocolViolation(`provisioning has no topic "${packet.topic}"`);
  connection.acknowledge(packet);
  const { status, retryAfter, body } = answerOf(request, packet.payload, registrant, service);
  const suffix = retryAfter === undefined ? '' : `&retry-after=${retryAfter}`;
  const topic = `$dps/registrations/res/${status}/?$rid=${request.requestId}${suffix}`;
  connection.answer(request.kind, () => registrant.push(topic, JSON.stringify(body)));
}

/** @typedef {{kind: 'register' | 'poll', requestId: string, operationId?: string}} Request */

/** @returns {Request | undefined} */
function parseTopic(topic) {
  const [, query] = REGISTER.exec(topic) ?? POLL.exec(topic) ?? [];
  const pairs = (query ?? '').split('&').map((pair) => pair.split(/=(.*)/s));
  const members = new Map(/** @type {[string, string][]} */ (pairs));
  // Clients recognize their request by it, whatever it contains.
  const requestId = members.get('$rid');
  if (!requestId) return undefined;
  if (REGISTER.test(topic)) return { kind: 'register', requestId };
  return { kind: 'poll', requestId, operationId: members.get('operationId') };
}

/**
 * @param {Request} request
 * @param {Buffer} payload
 * @param {import('./registrant.js').Registrant} registrant
 * @param {import('./service.js').ProvisioningService} service
 * @returns {import('./service.js').Answer}
 */
function answerOf({ kind, operationId }, payload, registrant, service) {
  try {
    const fault = faultyAnswer(kind, registrant.faults);
    if (fault) return fault;
    if (kind === 'poll') return service.poll(registrant, operationId);
    return service.register(registrant, parseBody(payload));
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    const { retryAfter } = service;
    return {
      status: error.status,
      body: error.toDeviceBody(),
      ...(error.status === 429 && { retryAfter }),
    };
  }
}

/** @returns {import('./service.js').Answer | undefined} */
function faultyAnswer(kind, faults) {
  if (faults.throttles(kind)) {
    throw new HubError('ThrottlingException', `Too many requests to ${kind} in a second.`);
  }
  const answer = kind === 'register' ? faults.registerAnswer : faults.pollAnswer;
  if (!answer) return undefined;
  const error = HubError.ofStatus(answer.status, 'Because of an injected fault.');
  return { body: error.toDeviceBody(), ...answer };
}

/** @param {Buffer} payload */
function parseBody(payload) {
  const text = payload.toString().trim();
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new HubError('ArgumentInvalid', 'The body is not JSON.');
  }
}
