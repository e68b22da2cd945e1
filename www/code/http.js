/**
 * Calls of a hub over HTTP: for Node.js, Python and curl. The address and the token come from the
 * environment: `IOTHUB_URL`, and `IOTHUB_AUTHORIZATION` for the header.
 *
 * @typedef {object} Call
 * @property {string} method
 * @property {string} path with its query; its parts are percent-encoded
 * @property {object} body is sent as JSON
 */
import { jsLiteral, jsString, pathPart, pyLiteral, pyString, shellWord } from './literals.js';

const VERSION = 'api-version=2021-04-12';

/** A device, or a module of it, in a path. */
const twinPath = (id) => `/twins/${id.split('/').map(pathPart).join('/modules/')}`;

/** The back end's actions, as calls. */
export const calls = {
  invoke: ({ methodName, payload }, id) => ({
    method: 'POST',
    path: `${twinPath(id)}/methods?${VERSION}`,
    body: { methodName, payload, responseTimeoutInSeconds: 30 },
  }),
  desire: ({ patch }, id) => ({
    method: 'PATCH',
    path: `${twinPath(id)}?${VERSION}`,
    body: { properties: { desired: patch } },
  }),
  /** A call that only the local hub has. */
  deliver: ({ body, properties }, id) => ({
    method: 'POST',
    path: `/local/devices/${pathPart(id)}/messages`,
    body: { body, properties },
  }),
};

/** @param {Call} call */
export const nodeCall = ({
  method,
  path,
  body,
}) => `const { IOTHUB_URL, IOTHUB_AUTHORIZATION } = process.env;

const response = await fetch(IOTHUB_URL + ${jsString(path)}, {
  method: '${method}',
  headers: { authorization: IOTHUB_AUTHORIZATION, 'content-type': 'application/json' },
  body: JSON.stringify(${jsLiteral(body, '  ')}),
});
if (!response.ok) throw new Error(\`\${response.status} \${await response.text()}\`);
console.log(await response.json());
`;

/** @param {Call} call */
export const pythonCall = ({ method, path, body }) => `import json
import os
import urllib.request

body = ${pyLiteral(body)}
request = urllib.request.Request(
    os.environ["IOTHUB_URL"] + ${pyString(path)},
    json.dumps(body).encode(),
    {
        "Authorization": os.environ["IOTHUB_AUTHORIZATION"],
        "Content-Type": "application/json",
    },
    method="${method}",
)
with urllib.request.urlopen(request) as response:
    print(response.read().decode())
`;

/** @param {Call} call */
export const curlCall = ({ method, path, body }) =>
  curl(method, path, { 'Content-Type': 'application/json' }, JSON.stringify(body));

/**
 * The names and values of properties that HTTP allows (learn.microsoft.com/azure/iot-hub/
 * iot-hub-devguide-messages-construct).
 */
const HEADER = /^[\w!#$%&'*+\-.^`|~]+$/;

/**
 * A telemetry message over HTTP; `undefined` for one that HTTP cannot carry.
 * @param {import('./programs.js').Sent} sent
 */
export function curlTelemetry({ text, properties, systemProperties }, id) {
  const isAllowed = Object.entries(properties)
    .flat()
    .every((part) => HEADER.test(part));
  // A shell ends an argument at NUL.
  if (!isAllowed || text.includes('\0') || id.includes('/')) return undefined;
  const { contentType, contentEncoding } = systemProperties;
  const custom = Object.entries(properties).map(([name, value]) => [`iothub-app-${name}`, value]);
  const headers = {
    'Content-Type': 'application/octet-stream',
    'iothub-contenttype': contentType,
    'iothub-contentencoding': contentEncoding,
    ...Object.fromEntries(custom),
  };
  return curl('POST', `/devices/${pathPart(id)}/messages/events?${VERSION}`, headers, text);
}

function curl(method, path, headers, body) {
  const lines = [
    `curl --fail-with-body --request ${method} "$IOTHUB_URL${path}"`,
    `--header "Authorization: $IOTHUB_AUTHORIZATION"`,
    ...Object.entries(headers)
      .filter(([, value]) => value)
      .map(([name, value]) => `--header ${shellWord(`${name}: ${value}`)}`),
    `--data-raw ${shellWord(body)}`,
  ];
  return `${lines.join(' \\\n  ')}\n`;
}
