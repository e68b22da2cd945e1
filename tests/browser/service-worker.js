import { IoTHubDeviceClient, version } from '../../pkg/index.browser.js';

addEventListener('message', (event) => {
  event.waitUntil(talk(event.data));
});

async function talk({ connectionString, endpoint }) {
  const client = IoTHubDeviceClient.createFromConnectionString(connectionString, { endpoint });
  await client.sendMessage(`from a service worker, ${version}`);
  await client.shutdown();
}
