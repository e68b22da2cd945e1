/**
 * The floor, without a client: a WebSocket that sends prepared packets, one per frame, and counts
 * PUBACKs.
 */
import WebSocket from 'ws';
import { telemetry } from './contender.js';
import { connectPacket, publishPacket } from './packets.js';

const PUBACK_LENGTH = 4;

/** @type {import('./contender.js').open} */
export async function open(device) {
  const socket = new WebSocket(device.endpoint, ['mqtt']);
  socket.binaryType = 'arraybuffer';
  let received;
  listen(socket, (bytes) => received(bytes));
  await new Promise((resolve, reject) => {
    Object.assign(socket, { onopen: resolve, onerror: reject });
  });
  const connack = new Promise((resolve) => (received = resolve));
  socket.send(connectPacket(device));
  if (new Uint8Array(await connack)[3] !== 0) throw new Error('the server refuses the device');

  /** @param {import('./contender.js').Load} load */
  const keepInFlight = ({ payload: data, properties, inFlight, isOver }) => {
    const { topic, payload } = telemetry(device.deviceId, data, properties);
    const packets = Array.from({ length: inFlight }, (_, index) =>
      publishPacket(index + 1, topic, payload),
    );
    return new Promise((resolve) => {
      let acknowledged = 0;
      let unacknowledged = inFlight;
      received = (data) => {
        const bytes = new Uint8Array(data);
        for (let start = 0; start < bytes.length; start += PUBACK_LENGTH) {
          acknowledged += 1;
          if (!isOver()) socket.send(packets[bytes[start + 2] * 256 + bytes[start + 3] - 1]);
          else if (--unacknowledged === 0) resolve(acknowledged);
        }
      };
      for (const packet of packets) socket.send(packet);
    });
  };
  return { keepInFlight, close: () => socket.close() };
}

/** In Node.js, avoids the event objects of browsers, which cost more than the rest. */
function listen(socket, onBytes) {
  if (socket.on) socket.on('message', onBytes);
  else socket.onmessage = ({ data }) => onBytes(data);
}
