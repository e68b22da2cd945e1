/** Eclipse Paho's client for browsers; in Node.js it uses the WebSocket of `ws`. */
import paho from 'paho-mqtt';
import WebSocket from 'ws';
import { messageFilter, telemetry } from './contender.js';

globalThis.WebSocket ??= WebSocket;

/** @type {import('./contender.js').open} */
export async function open({ deviceId, endpoint, username, password }, onMessage) {
  const client = new paho.Client(endpoint, deviceId);
  await new Promise((onSuccess, onFailure) =>
    client.connect({ userName: username, password, onSuccess, onFailure }),
  );
  if (onMessage) {
    client.onMessageArrived = onMessage;
    await new Promise((onSuccess, onFailure) =>
      client.subscribe(messageFilter(deviceId), { qos: 1, onSuccess, onFailure }),
    );
  }
  client.onMessageDelivered = (message) => message.delivered();
  return {
    send: (data, properties) =>
      new Promise((resolve) => {
        const { topic, payload } = telemetry(deviceId, data, properties);
        const message = new paho.Message(payload);
        message.destinationName = topic;
        message.qos = 1;
        message.delivered = resolve;
        client.send(message);
      }),
    close: () => client.disconnect(),
  };
}
