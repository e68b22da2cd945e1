// In Python: recurring_telemetry.py
import { IoTHubDeviceClient, Message } from 'iothub-device-client';
import { setTimeout as sleep } from 'node:timers/promises';

const { IOTHUB_DEVICE_CONNECTION_STRING = '' } = process.env;
const client = IoTHubDeviceClient.createFromConnectionString(IOTHUB_DEVICE_CONNECTION_STRING);

/** @param {number} number */
async function sendTestMessage(number) {
  const message = new Message({ windSpeed: 10 + number }, { messageId: crypto.randomUUID() });
  message.correlationId = 'storm-7';
  message.customProperties.warning = 'gusts';
  await client.sendMessage(message);
  console.log(`sent message #${number}`);
}

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
for (let number = 1; !stop.signal.aborted; number += 1) {
  await sendTestMessage(number);
  await sleep(2000, undefined, stop).catch(() => {});
}
await client.shutdown();
