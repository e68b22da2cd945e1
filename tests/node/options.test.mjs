import assert from 'node:assert/strict';

import {
  IoTHubDeviceClient,
  assertNoSecret,
  createDevice,
  createPair,
  hub,
  test,
} from './support.mjs';

const KEY = Buffer.from('a key that only this test knows').toString('base64');
const IDENTITY = 'HostName=example.azure-devices.net;DeviceId=d';
const CONNECTION_STRING = `${IDENTITY};SharedAccessKey=${KEY}`;

const fromString = (connectionString, options) =>
  IoTHubDeviceClient.createFromConnectionString(connectionString, options);
const fromKey = (options) =>
  IoTHubDeviceClient.createFromSymmetricKey(KEY, 'example.azure-devices.net', 'd', options);

/** Throws an error of this class that matches the pattern and holds no key. */
function assertRefused(create, errorClass, pattern) {
  assert.throws(create, (error) => {
    assert.equal(error.constructor, errorClass, `${error.name}: ${error.message}`);
    assert.match(error.message, pattern);
    assertNoSecret(error, KEY);
    return true;
  });
}

test('the class cannot be created with new', () => {
  assertRefused(() => new IoTHubDeviceClient(), TypeError, /createFromConnectionString/);
});

test('factories validate and do not connect', async (t) => {
  const { client, backEnd } = await createPair(t);
  assert.equal(client.connected, false);
  assert.equal(client.connectionState, 'disconnected');
  assert.equal((await backEnd.state()).connections, 0);
});

test('a client created from key, host name and device id works', async (t) => {
  const { primaryKey, deviceId, endpoint } = await createDevice();
  const client = IoTHubDeviceClient.createFromSymmetricKey(primaryKey, hub.hostname, deviceId, {
    endpoint,
  });
  t.after(() => client.shutdown());
  await client.sendMessage('x');
});

test('the parts of a connection string may be in any order', async (t) => {
  const backEnd = await createDevice();
  const connectionString = backEnd.connectionString.split(';').reverse().join(';');
  const client = fromString(connectionString, { endpoint: backEnd.endpoint });
  t.after(() => client.shutdown());
  await client.sendMessage('x');
});

const BAD_STRINGS = [
  ['', /connection string|HostName/i],
  ['nonsense', /nonsense|connection string|=/i],
  [`DeviceId=d;SharedAccessKey=${KEY}`, /HostName/],
  [`HostName=h;SharedAccessKey=${KEY}`, /DeviceId/],
  [IDENTITY, /SharedAccessKey/],
  [`HostName=;DeviceId=d;SharedAccessKey=${KEY}`, /HostName/],
  [`HostName=h;DeviceId=;SharedAccessKey=${KEY}`, /DeviceId/],
  [`${IDENTITY};SharedAccessKey=`, /SharedAccessKey/],
  [`${CONNECTION_STRING};DeviceId=e`, /DeviceId/],
  [`${CONNECTION_STRING};Colour=red`, /the names are HostName, DeviceId/],
  [`${IDENTITY};SharedAccessKey=${KEY}!`, /base64/i],
  [`${IDENTITY};x509=true`, /createFromX509Certificate/],
  [`${CONNECTION_STRING};x509=true`, /x509/i],
];

for (const [connectionString, pattern] of BAD_STRINGS) {
  const shown = connectionString.replaceAll(KEY, 'KEY') || 'an empty string';
  test(`the connection string "${shown}" is a TypeError that says why`, () => {
    assertRefused(() => fromString(connectionString), TypeError, pattern);
  });
}

test('arguments that are not strings are TypeErrors', () => {
  for (const value of [undefined, null, 1, {}]) {
    assert.throws(() => fromString(value), TypeError);
    assert.throws(() => IoTHubDeviceClient.createFromSymmetricKey(value, 'h', 'd'), TypeError);
    assert.throws(() => IoTHubDeviceClient.createFromSymmetricKey(KEY, value, 'd'), TypeError);
    assert.throws(() => IoTHubDeviceClient.createFromSymmetricKey(KEY, 'h', value), TypeError);
  }
});

test('a key that is not base64 is a TypeError that does not repeat it', () => {
  const secret = 'not*base64*but*secret';
  assert.throws(
    () => IoTHubDeviceClient.createFromSymmetricKey(secret, 'h', 'd'),
    (error) => {
      assert.equal(error.constructor, TypeError);
      assert.match(error.message, /base64/i);
      assertNoSecret(error, secret);
      return true;
    },
  );
});

test('options that are not an object are a TypeError', () => {
  for (const options of ['x', 1, true]) assert.throws(() => fromKey(options), TypeError);
});

const WRONG_TYPES = {
  keepAlive: '60',
  sasTokenTtl: '3600',
  connectionRetryInterval: '1',
  connectionRetryMaxInterval: '1',
  operationTimeout: '1',
  maxPendingMessages: '1',
  autoConnect: 1,
  connectionRetry: 'yes',
  ensureDesiredProperties: 0,
  productInfo: 5,
  endpoint: 7,
  httpEndpoint: 7,
  acknowledgeMessages: 1,
  websockets: 'yes',
};

for (const [name, value] of Object.entries(WRONG_TYPES)) {
  test(`a ${name} of a wrong type is a TypeError that names it`, () => {
    assertRefused(() => fromKey({ [name]: value }), TypeError, new RegExp(name));
  });
}

const OUT_OF_RANGE = {
  keepAlive: [0, -1, 1741, NaN],
  sasTokenTtl: [0, -1],
  connectionRetryInterval: [0, -1, 2_147_484, NaN],
  operationTimeout: [-1, NaN],
};

for (const [name, values] of Object.entries(OUT_OF_RANGE)) {
  test(`a ${name} out of range is a RangeError that names it`, () => {
    for (const value of values) {
      assertRefused(() => fromKey({ [name]: value }), RangeError, new RegExp(name));
    }
  });
}

test('the limits of the ranges are allowed', () => {
  fromKey({ keepAlive: 1, connectionRetryInterval: 0.001, operationTimeout: 0, sasTokenTtl: 1 });
  fromKey({ keepAlive: 1740, connectionRetryInterval: 2_147_483 });
});

test('an unknown option is a TypeError that names it', () => {
  assertRefused(() => fromKey({ keepalive: 60 }), TypeError, /keepalive/);
});

test('an acknowledgeMessages that is neither of its two values is refused', () => {
  assert.throws(() => fromKey({ acknowledgeMessages: 'later' }), /acknowledgeMessages/);
});

test('websockets is the only transport', () => {
  fromKey({ websockets: true });
  assertRefused(() => fromKey({ websockets: false }), TypeError, /websockets/i);
});

test('a gateway of a connection string comes from the string', () => {
  fromString(`${CONNECTION_STRING};GatewayHostName=gateway.local`);
  assertRefused(
    () => fromString(CONNECTION_STRING, { gatewayHostname: 'gateway.local' }),
    TypeError,
    /gatewayHostname/,
  );
});

const BAD_ENDPOINTS = [
  'nonsense',
  'http://127.0.0.1:8080/',
  'ws://example.com/$iothub/websocket',
  'ws://128.0.0.1/',
  'ws://localhost.example.com/',
];

for (const endpoint of BAD_ENDPOINTS) {
  test(`the endpoint ${endpoint} is a TypeError`, () => {
    assertRefused(() => fromKey({ endpoint }), TypeError, /endpoint|ws:/);
  });
}

test('endpoints on this machine may be unencrypted, others are encrypted', () => {
  const hosts = ['ws://localhost:1', 'ws://hub.localhost', 'ws://127.9.9.9:1', 'ws://[::1]:1'];
  for (const host of [...hosts, 'wss://example.com']) fromKey({ endpoint: `${host}/x` });
});

/** URLs that the core's check and the platform's URL parser may read differently. */
test('an endpoint that is accepted without TLS is on this machine', () => {
  const parts = [
    ...['localhost', '127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '127.1', '0x7f.1', 'evil.com'],
    ...['.', '@', ':', ':80', '/', '\\', '#', '?', ';', '%2e', '%40', '%2f', '\t', '\n', ' ', '\0'],
    ...['\u3002', '\uff0f', '\uff20', '\u00ad', '\u200b', 'user:password@', ''],
  ];
  const isLocal = /^(?:(?:[a-z\d-]+\.)*localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
  let accepted = 0;
  for (const [first, second, third] of triples(parts)) {
    const endpoint = `ws://${first}${second}${third}/`;
    if (!isAccepted(endpoint)) continue;
    accepted += 1;
    // The client connects nowhere with a URL that the platform refuses.
    const { protocol, hostname } = parsed(endpoint) ?? {};
    assert.ok(!protocol || isLocal.test(hostname), JSON.stringify(endpoint));
  }
  assert.ok(accepted > 100, `only ${accepted} were accepted`);
});

function* triples(parts) {
  for (const first of parts) {
    for (const second of parts) for (const third of parts) yield [first, second, third];
  }
}

function isAccepted(endpoint) {
  try {
    fromKey({ endpoint });
    return true;
  } catch {
    return false;
  }
}

function parsed(endpoint) {
  try {
    return new URL(endpoint);
  } catch {
    return undefined;
  }
}

test('endpoint and gateway together are a TypeError', () => {
  const connectionString = `${CONNECTION_STRING};GatewayHostName=gateway.local`;
  const options = { endpoint: 'ws://127.0.0.1:1/' };
  assertRefused(() => fromString(connectionString, options), TypeError, /gateway/i);
});

test('keepAlive and sasTokenTtl reach the hub', async (t) => {
  const { client, backEnd } = await createPair(t, { keepAlive: 300, sasTokenTtl: 600 });
  const before = Math.floor(Date.now() / 1000);
  await client.connect();
  const after = Math.ceil(Date.now() / 1000);
  const [{ keepalive, password }] = await backEnd.packets({ type: 'connect' });
  assert.equal(keepalive, 300);
  assert.ok(before + 600 <= Number(password.se) && Number(password.se) <= after + 600);
});

test('productInfo follows the agent in the user name', async (t) => {
  const { client, backEnd } = await createPair(t, { productInfo: 'Thermostat/2 (Küche)' });
  await client.connect();
  const [{ username }] = await backEnd.packets({ type: 'connect' });
  const agent = decodeURIComponent(username.split('DeviceClientType=')[1]);
  assert.match(agent, /^iothub-device-client\/.+Thermostat\/2 \(Küche\)$/);
});

test('a productInfo that starts with dtmi is the model id', async (t) => {
  const model = 'dtmi:com:example:Thermostat;1';
  const { client, backEnd } = await createPair(t, { productInfo: model });
  await client.connect();
  const [{ username }] = await backEnd.packets({ type: 'connect' });
  assert.ok(username.endsWith(`&model-id=${encodeURIComponent(model)}`), username);
  assert.equal((await backEnd.twin()).modelId, model);
});
