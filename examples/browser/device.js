// A device in a plain page: telemetry every five seconds, and everything that the cloud sends.
import { IoTHubDeviceClient, MethodResponse } from 'iothub-device-client';

/** @param {unknown[]} parts */
const show = (...parts) => document.getElementById('log')?.append(`${parts.join(' ')}\n`);

const form = document.forms[0];
form?.addEventListener('submit', (event) => {
  event.preventDefault();
  const fields = new FormData(form);
  run(`${fields.get('connection-string')}`, `${fields.get('endpoint')}`).catch(show);
});
// Enabled only now: before the module is loaded, the browser would submit the form itself.
form?.querySelector('button')?.removeAttribute('disabled');

/**
 * @param {string} connectionString
 * @param {string} endpoint of a local hub, or nothing
 */
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
