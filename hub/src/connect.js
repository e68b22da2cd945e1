import { whyNoAccess } from './access.js';
import { parseSasToken } from './sas-token.js';
import { parseUserName } from './user-name.js';

const UNACCEPTABLE_VERSION = 1;
const NOT_AUTHORIZED = 5;

/**
 * Lets a connection in, or refuses it: CONNACK, and the end.
 * @param {import('./connection.js').Connection} connection
 * @param {object} packet CONNECT as mqtt-packet decodes it
 * @param {import('./server.js').Hub} hub
 */
export function acceptConnect(connection, packet, hub) {
  const user = parseUserName(packet.username);
  const identity = user && hub.devices.find(user.deviceId, user.moduleId);
  if (identity) connection.identify(identity, packet);
  const sas = packet.password?.toString();
  const refusal = whyRefused(packet, user, identity, { sas, ...connection.transport }, hub);
  if (refusal) {
    connection.send({ cmd: 'connack', returnCode: refusal.code, sessionPresent: false });
    connection.close(`refused with CONNACK ${refusal.code}, ${refusal.reason}`);
    return;
  }
  letIn(connection, packet, user, identity, hub);
}

/** @returns {{code: number, reason: string} | undefined} */
function whyRefused(packet, user, identity, { sas, clientCertificate }, hub) {
  const notAuthorized = (reason) => ({ code: NOT_AUTHORIZED, reason });
  if (packet.protocolVersion !== 4 || packet.bridgeMode) {
    return { code: UNACCEPTABLE_VERSION, reason: 'only MQTT 3.1.1 is spoken here' };
  }
  if (!user) return notAuthorized(`the user name "${packet.username ?? ''}" is malformed`);
  if (user.host.toLowerCase() !== hub.hostname.toLowerCase()) {
    return notAuthorized(`the user name is for "${user.host}", this hub is ${hub.hostname}`);
  }
  if (!identity) {
    const isModule = user.moduleId !== undefined && hub.devices.find(user.deviceId);
    return notAuthorized(
      isModule
        ? `the device "${user.deviceId}" has no module "${user.moduleId}"`
        : `there is no device "${user.deviceId}"`,
    );
  }
  if (identity.faults.connack) {
    return { code: identity.faults.connack, reason: 'as a fault was asked for' };
  }
  if (packet.clientId !== identity.id) {
    return notAuthorized(`the client id "${packet.clientId}" is not "${identity.id}"`);
  }
  if (!hub.devices.find(user.deviceId).isEnabled) {
    return notAuthorized(`the device "${user.deviceId}" is disabled`);
  }
  const reason = whyNoAccess(identity, { sas, certificate: clientCertificate }, hub);
  return reason && notAuthorized(reason);
}

function letIn(connection, { clean, keepalive, password }, user, identity, hub) {
  const sessionPresent = identity.attach(connection, { clean });
  connection.apiVersion = user.apiVersion;
  identity.modelId = user.modelId ?? '';
  identity.lastActivity = new Date();
  const expires = identity.usesSas ? expiryOf(password) : Infinity;
  connection.startTimers({ keepalive, expires });
  if (identity.faults.withholds('connack')) return;
  connection.establish();
  connection.send({ cmd: 'connack', returnCode: 0, sessionPresent });
  hub.log(`${identity.id}: connected`);
  identity.established();
}

/** Milliseconds since 1970. */
const expiryOf = (password) => Number(parseSasToken(password.toString()).se) * 1000;
