/** u8-mqtt; in Node.js with the WebSocket of `ws`. */
import { mqtt_v4 as createClient } from 'u8-mqtt';
import WebSocket from 'ws';
import { messageFilter, telemetry } from './contender.js';

const FIRST_PACKET_ID = 100;

/** @type {import('./contender.js').open} */
export async function open({ deviceId, endpoint, username, password }, onMessage) {
  const client = createClient({ log_conn: () => {} });
  client.with_websock(new WebSocket(endpoint, ['mqtt']));
  await client.connect({ client_id: deviceId, username, password });
  let packetId = FIRST_PACKET_ID;
  if (onMessage) await client.subscribe_topic(messageFilter(deviceId), onMessage);
  return {
    send(payload, properties) {
      packetId = (packetId + 1) & 0xffff;
      if (packetId === 0) useUpPacketId(client);
      return client.publish({ ...telemetry(deviceId, payload, properties), qos: 1 });
    },
    close: () => client.disconnect(),
  };
}

/** Its counter reaches packet identifier 0, for which servers close the connection. */
function useUpPacketId(client) {
  client._send0('no such packet', {}, {}).catch(() => {});
}
