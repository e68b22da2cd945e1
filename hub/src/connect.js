import { whyNoAccess } from './access.js';
import { annotationsOf } from './annotations.js';
import { acceptRegistrant } from './provisioning/connect.js';
import { parseRegistrationUserName } from './provisioning/user-name.js';
import { readWill } from './publish.js';
import { parseSasToken } from './sas-token.js';
import { parseUserName } from './user-name.js';
import { pathOf, WEB_SOCKET_PATH } from './websocket.js';

const UNACCEPTABLE_VERSION = 1;
const NOT_AUTHORIZED = 5;

/**
 * Accepts a connection, or refuses it with CONNACK and closes it.
 * @param {import('./connection.js').Connection} connection
 * @param {import('mqtt-packet').IConnectPacket} packet as mqtt-packet decodes it
 * @param {import('./server.js').Hub} hub
 */
export function acceptConnect(connection, packet, hub) {
  const registrationUser = parseRegistrationUserName(packet.username);
  if (registrationUser) {
    acceptRegistrant(connection, packet, registrationUser, hub);
    return;
  }
  const user = parseUserName(packet.username);
  const identity = user && hub.devices.find(user.deviceId, user.moduleId);
  if (identity) {
    connection.identify(identity, packet);
    if (connection.dropsAt('connect')) return;
  }
  const sas = packet.password?.toString();
  const { transport } = connection;
  const refusal = whyRefused(packet, user, identity, { sas, ...transport }, hub);
  if (refusal) {
    connection.send({ cmd: 'connack', returnCode: refusal.code, sessionPresent: false });
    connection.close(`refused with CONNACK ${refusal.code}, ${refusal.reason}`);
    return;
  }
  letIn(connection, packet, user, identity, hub);
}

/**
 * @param {import('mqtt-packet').IConnectPacket & {bridgeMode?: boolean}} packet
 * @param {ReturnType<typeof parseUserName>} user
 * @param {import('./identity.js').Identity | null | undefined} identity
 * @param {{sas?: string} & import('./connection.js').Transport} credentials
 * @param {import('./server.js').Hub} hub
 * @returns {{code: number, reason: string} | undefined}
 */
function whyRefused(packet, user, identity, { sas, url, clientCertificate }, hub) {
  const notAuthorized = (reason) => ({ code: NOT_AUTHORIZED, reason });
  if (packet.protocolVersion !== 4 || packet.bridgeMode) {
    return { code: UNACCEPTABLE_VERSION, reason: 'the hub supports only MQTT 3.1.1' };
  }
  if (pathOf(url) !== WEB_SOCKET_PATH) {
    return notAuthorized(
      `devices connect at ${WEB_SOCKET_PATH}, "${pathOf(url)}" is only for registrations`,
    );
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
  const connack = identity.faults.connack ?? hub.faults.connack;
  if (connack) return { code: connack, reason: 'because of an injected fault' };
  if (packet.clientId !== identity.id) {
    return notAuthorized(`the client id "${packet.clientId}" is not "${identity.id}"`);
  }
  if (!hub.devices.get(user.deviceId).isEnabled) {
    const reason = `the device "${user.deviceId}" is disabled`;
    return { code: hub.settings.disabledConnack, reason };
  }
  const reason = whyNoAccess(identity, { sas, certificate: clientCertificate }, hub);
  return reason ? notAuthorized(reason) : undefined;
}

/**
 * @param {import('./connection.js').Connection} connection
 * @param {import('mqtt-packet').IConnectPacket} packet
 */
function letIn(connection, { clean, keepalive, password, will }, user, identity, hub) {
  const sessionPresent = identity.attach(connection, { clean });
  const token = identity.usesSas ? parseSasToken(password?.toString() ?? '') : undefined;
  connection.apiVersion = user.apiVersion;
  identity.modelId = user.modelId ?? '';
  identity.lastActivity = new Date();
  connection.annotations = annotationsOf(identity, token);
  connection.will = will && readWill(will, identity);
  if (will && !connection.will) {
    hub.log(`${identity.id}: its will is ignored, because its topic is not for telemetry`);
  }
  connection.startTimers({ keepalive, expires: endOf(token, identity, hub.settings) });
  connection.answer('connack', () => connection.establish({ sessionPresent }));
}

/**
 * Milliseconds since 1970. An expired token that was accepted because clocks differ lasts for the
 * allowed difference.
 */
function endOf(token, { now }, { tokenGrace, clockSkew }) {
  if (!token) return Infinity;
  const expiry = Number(token.se) * 1000;
  const end = expiry + tokenGrace * 1000;
  return end > now ? end : expiry + clockSkew * 1000;
}
