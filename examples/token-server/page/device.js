// A device in a page without a key: it requests a token from its server whenever it needs one.
import { IoTHubDeviceClient } from 'iothub-device-client';

/** @param {unknown[]} parts */
const show = (...parts) => document.getElementById('log')?.append(`${parts.join(' ')}\n`);
const showState = () => document.getElementById('state')?.replaceChildren(client.connectionState);

/** @param {string} path */
async function get(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: the server answered ${response.status}`);
  return response;
}

async function getToken() {
  const token = await (await get('/my-device-token')).text();
  show('got a token');
  return token;
}

const device = await (await get('/my-device.json')).json();
const client = IoTHubDeviceClient.createFromSasToken(getToken, device);
client.onConnectionStateChange = showState;
client.onBackgroundException = show;
client.onMessageReceived = (message) => show('message:', message.text());

for (;;) {
  const temperature = Math.round(200 + 50 * Math.random()) / 10;
  await client.sendMessage({ temperature }).then(() => show('sent:', temperature), show);
  await new Promise((resolve) => setTimeout(resolve, 2000));
}
