// A device in a plain page: telemetry every five seconds, and what the cloud sends.
import { IoTHubDeviceClient, MethodResponse } from 'iothub-device-client';

const show = (...parts) => document.querySelector('#log').append(`${parts.join(' ')}\n`);

document.querySelector('#device').addEventListener('submit', async (event) => {
  event.preventDefault();
  try {
    await run(
      document.querySelector('#connection-string').value,
      document.querySelector('#endpoint').value,
    );
  } catch (error) {
    show(error.name, error.message);
  }
});

async function run(connectionString, endpoint) {
  const client = IoTHubDeviceClient.createFromConnectionString(
    connectionString,
    endpoint ? { endpoint } : {},
  );
  client.onMessageReceived = (message) => show('message:', message.text());
  client.onTwinDesiredPropertiesPatchReceived = (patch) => show('desired:', JSON.stringify(patch));
  client.onMethodRequestReceived = (request) => {
    show('method:', request.name, JSON.stringify(request.payload));
    return MethodResponse.createFromMethodRequest(request, 200, { done: true });
  };
  await client.connect();
  show('connected');
  for (;;) {
    const temperature = Math.round(200 + 50 * Math.random()) / 10;
    await client.sendMessage({ temperature });
    show('sent:', temperature);
    await new Promise((resolve) => setTimeout(resolve, 5000));
  }
}
