// A device in Node.js: telemetry every five seconds, cloud-to-device messages, methods, twin.
import { IoTHubDeviceClient, MethodResponse } from 'iothub-device-client';

const { IOTHUB_DEVICE_CONNECTION_STRING, IOTHUB_ENDPOINT } = process.env;
if (!IOTHUB_DEVICE_CONNECTION_STRING) {
  throw new Error('Set IOTHUB_DEVICE_CONNECTION_STRING to the connection string of a device.');
}
const client = IoTHubDeviceClient.createFromConnectionString(IOTHUB_DEVICE_CONNECTION_STRING, {
  endpoint: IOTHUB_ENDPOINT,
});

client.onMessageReceived = (message) => console.log('message:', message.text());
client.onTwinDesiredPropertiesPatchReceived = (patch) => console.log('desired:', patch);
client.onMethodRequestReceived = (request) => {
  console.log('method:', request.name, request.payload);
  return MethodResponse.createFromMethodRequest(request, 200, { done: true });
};

await client.connect();
await client.patchTwinReportedProperties({ startedAt: new Date().toISOString() });

const sending = setInterval(async () => {
  const temperature = Math.round(200 + 50 * Math.random()) / 10;
  try {
    await client.sendMessage({ temperature });
    console.log('sent:', temperature);
  } catch (error) {
    console.error('not sent:', error);
  }
}, 5000);

process.once('SIGINT', async () => {
  clearInterval(sending);
  await client.shutdown();
});
