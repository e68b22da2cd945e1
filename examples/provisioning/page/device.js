// A device in a page that knows neither its hub nor a key: its server returns the tokens.
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

/** @param {string} resource */
async function getToken(resource) {
  const token = await (
    await get(`/my-registration-token?${new URLSearchParams({ resource })}`)
  ).text();
  show('got a token for', resource);
  return token;
}

const { endpoint, ...device } = await (await get('/my-registration.json')).json();
const client = IoTHubDeviceClient.createFromProvisioning({ ...device, getToken }, { endpoint });
client.onConnectionStateChange = showState;
client.onBackgroundException = show;

await client.sendMessage({ temperature: 21.5 });
show('sent');
