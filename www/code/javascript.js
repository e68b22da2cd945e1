/** What a device does, with this package: for Node.js, and for a page. */
import { asJson } from './body.js';
import { jsLiteral, jsString } from './literals.js';

const NODE_CLIENT = `const { IOTHUB_DEVICE_CONNECTION_STRING = '', IOTHUB_ENDPOINT } = process.env;
const client = IoTHubDeviceClient.createFromConnectionString(IOTHUB_DEVICE_CONNECTION_STRING, {
  endpoint: IOTHUB_ENDPOINT, // only of a local hub
});`;

/** A client that gets tokens from a server: a page must not hold a key. */
function pageClient({ id, hostname = 'YOUR-HUB.azure-devices.net', endpoint, httpEndpoint }) {
  const options = { hostname, deviceId: id, endpoint, httpEndpoint };
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value));
  return `// Your server creates the tokens: the key of a device must never reach a page.
async function getToken() {
  const response = await fetch('/device-token');
  if (!response.ok) throw new Error(\`the token server answered \${response.status}\`);
  return response.text();
}
const client = IoTHubDeviceClient.createFromSasToken(getToken, ${jsLiteral(given)});`;
}

/** @param {import('./programs.js').Sent} sent */
function send({ text, properties, systemProperties }) {
  const json = asJson(text);
  const body = json ? jsLiteral(json.value) : jsString(text);
  const hasProperties = Object.keys(properties).length > 0;
  const options = { ...systemProperties, ...(hasProperties && { customProperties: properties }) };
  return {
    names: 'IoTHubDeviceClient, Message',
    work: `const message = new Message(${body}, ${jsLiteral(options)});
await client.sendMessage(message);
await client.shutdown();`,
  };
}

const report = ({ patch }) => ({
  work: `await client.patchTwinReportedProperties(${jsLiteral(patch)});
await client.shutdown();`,
});

function answer({ methods }) {
  const responses = methods.map(({ name, ...response }) => [name, response]);
  return {
    work: `const responses = new Map(${jsLiteral(responses)});
client.onMethodRequestReceived = async ({ name, payload }) => {
  console.log('called:', name, payload);
  const { delayMs, status, payload: answer } = responses.get(name) ?? { delayMs: 0, status: 404 };
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  return { status, payload: answer };
};
await client.connect();`,
  };
}

/** What an action is in a program: its statements, and what it imports besides the client. */
const ACTIONS = { send, report, answer };

/** @param {import('./programs.js').Action} action */
export function nodeProgram(action) {
  if (action.kind === 'upload') return nodeUpload(action);
  const { names = 'IoTHubDeviceClient', work } = ACTIONS[action.kind](action);
  return `import { ${names} } from 'iothub-device-client';

${NODE_CLIENT}

${work}
`;
}

/** @param {import('./programs.js').Action} action */
export function pageProgram(action, device) {
  if (action.kind === 'upload') return pageUpload(device);
  const { names = 'IoTHubDeviceClient', work } = ACTIONS[action.kind](action);
  return `import { ${names} } from 'iothub-device-client';

${pageClient({ ...device, httpEndpoint: undefined })}

${work}
`;
}

const nodeUpload = ({ name }) => `import { createReadStream } from 'node:fs';
import { IoTHubDeviceClient } from 'iothub-device-client';

${NODE_CLIENT}

const file = process.argv[2] ?? ${jsString(name)};
await client.uploadFile(${jsString(name)}, createReadStream(file));
await client.shutdown();
`;

const pageUpload = (device) => `import { IoTHubDeviceClient } from 'iothub-device-client';

${pageClient({ httpEndpoint: 'https://YOUR-RELAY', ...device })}

// Hubs send no CORS headers, so the two HTTP calls go through a relay: httpEndpoint.
document.querySelector('input[type=file]').onchange = async ({ target }) => {
  for (const file of target.files) await client.uploadFile(file.name, file);
};
`;
