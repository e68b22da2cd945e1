import { parseSasToken } from '../sas-token.js';
import { whyNotAttested } from './attestation.js';

const UNACCEPTABLE_VERSION = 1;
const NOT_AUTHORIZED = 5;

/**
 * Accepts a client that registers, or refuses it with CONNACK and closes the connection.
 * @param {import('../connection.js').Connection} connection
 * @param {import('mqtt-packet').IConnectPacket} packet
 * @param {{idScope: string, registrationId: string, apiVersion?: string}} user
 * @param {import('../server.js').Hub} hub
 */
export function acceptRegistrant(connection, packet, user, hub) {
  const registrant = hub.provisioning.registrant(user.registrationId);
  connection.identify(registrant, packet);
  if (connection.dropsAt('connect')) return;
  const sas = packet.password?.toString();
  const credentials = { sas, certificate: connection.transport.clientCertificate };
  const refusal = whyRefused(packet, user, registrant, credentials, hub);
  if (refusal) {
    connection.send({ cmd: 'connack', returnCode: refusal.code, sessionPresent: false });
    connection.close(`refused with CONNACK ${refusal.code}, ${refusal.reason}`);
    return;
  }
  registrant.attach(connection, credentials);
  connection.apiVersion = user.apiVersion;
  const expires = Number(parseSasToken(sas ?? '')?.se ?? Infinity) * 1000;
  // An expired token does not end the connection: the response to the registration reports it.
  const isLive = expires > registrant.now;
  connection.startTimers({ keepalive: packet.keepalive, expires: isLive ? expires : Infinity });
  connection.answer('connack', () => connection.establish({ sessionPresent: false }));
}

/** @returns {{code: number, reason: string} | undefined} */
function whyRefused(packet, { idScope, registrationId }, registrant, credentials, hub) {
  const notAuthorized = (reason) => ({ code: NOT_AUTHORIZED, reason });
  if (packet.protocolVersion !== 4 || packet.bridgeMode) {
    return { code: UNACCEPTABLE_VERSION, reason: 'the service supports only MQTT 3.1.1' };
  }
  const connack = registrant.faults.connack ?? hub.faults.connack;
  if (connack) return { code: connack, reason: 'because of an injected fault' };
  if (idScope !== hub.provisioning.idScope) {
    const reason = `the id scope is ${hub.provisioning.idScope}, not "${idScope}"`;
    return notAuthorized(reason);
  }
  if (packet.clientId !== registrationId) {
    return notAuthorized(`the client id "${packet.clientId}" is not "${registrationId}"`);
  }
  if (hub.settings.wrongKeyAtProvisioning !== 'connack') return undefined;
  const error = whyNotAttested(registrant, credentials, hub.provisioning);
  return error && notAuthorized(error.message);
}
