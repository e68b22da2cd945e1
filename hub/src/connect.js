import { parseSasToken, parseUserName, whySasRefused } from './authentication.js';

const UNACCEPTABLE_VERSION = 1;
const NOT_AUTHORIZED = 5;

/**
 * Lets a connection in, or refuses it: CONNACK, and the end.
 * @param {import('./connection.js').Connection} connection
 * @param {object} packet CONNECT as mqtt-packet decodes it
 * @param {{hostname: string, devices: import('./devices.js').DeviceRegistry,
 *          log: (line: string) => void}} hub
 */
export function acceptConnect(connection, packet, hub) {
  const user = parseUserName(packet.username);
  const device = user && hub.devices.find(user.deviceId);
  if (device) connection.identify(device, packet);
  const refusal = whyRefused(packet, user, device, hub);
  if (refusal) {
    connection.send({ cmd: 'connack', returnCode: refusal.code, sessionPresent: false });
    connection.close(`refused with CONNACK ${refusal.code}, ${refusal.reason}`);
    return;
  }
  letIn(connection, packet, user, device, hub);
}

/** @returns {{code: number, reason: string} | undefined} */
function whyRefused(packet, user, device, hub) {
  const notAuthorized = (reason) => ({ code: NOT_AUTHORIZED, reason });
  if (packet.protocolVersion !== 4 || packet.bridgeMode) {
    return { code: UNACCEPTABLE_VERSION, reason: 'only MQTT 3.1.1 is spoken here' };
  }
  if (!user) return notAuthorized(`the user name "${packet.username ?? ''}" is malformed`);
  if (user.host.toLowerCase() !== hub.hostname.toLowerCase()) {
    return notAuthorized(`the user name is for "${user.host}", this hub is ${hub.hostname}`);
  }
  if (user.moduleId) return notAuthorized('this hub has no modules');
  if (!device) return notAuthorized(`there is no device "${user.deviceId}"`);
  if (device.faults.connack) {
    return { code: device.faults.connack, reason: 'as a fault was asked for' };
  }
  if (packet.clientId !== user.deviceId) {
    return notAuthorized(`the client id "${packet.clientId}" is not "${user.deviceId}"`);
  }
  if (!device.isEnabled) return notAuthorized(`the device "${device.deviceId}" is disabled`);
  const reason = whySasRefused(parseSasToken(packet.password?.toString() ?? ''), {
    host: hub.hostname,
    path: ['devices', device.deviceId],
    keys: [device.primaryKey, device.secondaryKey],
    now: Date.now(),
  });
  return reason && notAuthorized(reason);
}

function letIn(connection, { clean, keepalive, password }, user, device, hub) {
  const sessionPresent = device.attach(connection, { clean });
  connection.apiVersion = user.apiVersion;
  device.modelId = user.modelId ?? '';
  device.lastActivity = new Date();
  const expires = Number(parseSasToken(password.toString()).se) * 1000;
  connection.startTimers({ keepalive, expires });
  if (device.faults.withholds('connack')) return;
  connection.isEstablished = true;
  connection.send({ cmd: 'connack', returnCode: 0, sessionPresent });
  hub.log(`${device.deviceId}: connected`);
  device.established();
}
