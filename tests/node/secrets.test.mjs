/** A client never shows, logs, traces or throws a secret, on any fault. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import { createSasToken } from '../../examples/token-server/sas-token.mjs';
import * as everything from '../../pkg/index.node.js';
import {
  IoTHubDeviceClient,
  MethodResponse,
  X509,
  createClient,
  createDevice,
  hub,
  refusedEndpoint,
  test,
} from './support.mjs';
import { authority } from './transport/calls.mjs';
import { encryptKey } from './transport/certificates.mjs';

const LOGS = ['debug', 'error', 'info', 'log', 'trace', 'warn'];
const PASSWORD = 'marked-password';
const PASS_PHRASE = 'marked pass phrase';

/** Everything that can be read from a user's objects and events, and from the console. */
class Shown {
  texts = [];
  kinds = new Set();

  constructor(t) {
    for (const name of LOGS) t.mock.method(console, name, (...args) => this.add(...args));
  }

  add(...values) {
    for (const value of values) {
      const details = { depth: null, showHidden: true, getters: true };
      this.texts.push(inspect(value, details), String(value), JSON.stringify(value) ?? '');
      if (value instanceof Error) {
        this.kinds.add(value.name);
        this.texts.push(value.stack);
      }
    }
  }

  /** The error of a call that fails, now or later. */
  async failure(call) {
    const error = await new Promise((resolve, reject) => {
      const unexpected = (value) => reject(new Error(`no failure, but ${inspect(value)}`));
      Promise.resolve().then(call).then(unexpected, resolve);
    });
    this.add(error);
  }

  hides(...secrets) {
    assert.ok(this.texts.length > 0);
    for (const text of this.texts) {
      assert.doesNotMatch(text, /sig=|sig%3D|SharedAccessKey=|PRIVATE KEY/);
      for (const secret of secrets) assert.ok(!text.includes(secret), `shown: ${text}`);
    }
  }
}

/** A key as it is written, and what its bytes look like. */
function formsOf(key) {
  const bytes = Buffer.from(key, 'base64');
  return [key, encodeURIComponent(key), bytes.toString('hex'), [...bytes].join(', ')];
}

function shownBy(t, client, shown) {
  client.onConnectionStateChange = (change) => shown.add(change);
  client.onBackgroundException = (error) => shown.add(error);
  t.after(() => client.shutdown());
  return client;
}

test('a client with a key never shows it, in any state or error', async (t) => {
  const shown = new Shown(t);
  const backEnd = await createDevice();
  const trace = (record) => shown.add(record);
  const client = shownBy(
    t,
    createClient(t, backEnd, { trace, operationTimeout: 0.2, sasTokenTtl: 600 }),
    shown,
  );
  shown.add(client);
  client.onMethodRequestReceived = (request) => {
    shown.add(request);
    if (request.name === 'fail') throw new Error('the handler fails');
    return MethodResponse.createFromMethodRequest(request, 200, null);
  };
  client.onMessageReceived = (message) => shown.add(message);
  await client.connect();
  shown.add(client);
  await client.sendMessage({ a: 1 });
  shown.add(await client.getTwin());
  await backEnd.sendMessage({ body: 'x' });
  await backEnd.invokeMethod('m');
  await backEnd.invokeMethod('fail');

  await backEnd.setFaults({ twinStatus: 400, body: { errorCode: 400004, message: 'bad' } });
  await shown.failure(() => client.patchTwinReportedProperties({ a: 1 }));
  await backEnd.setFaults({ clear: true, withhold: ['puback'] });
  await shown.failure(() => client.sendMessage('no answer'));
  await backEnd.setFaults({ clear: true, withhold: ['twin'] });
  const cancelled = shown.failure(() => client.getTwin());
  await backEnd.waitForPackets('publish', 'in', 1);
  await client.disconnect();
  await cancelled;
  shown.add(client);
  for (const connack of [1, 3, 5]) {
    await backEnd.setFaults({ clear: true, connack });
    await shown.failure(() => client.connect());
  }
  await backEnd.setFaults({ clear: true });
  await backEnd.setHubFaults({ refuseUpgrade: true });
  await shown.failure(() => client.connect());
  await backEnd.setHubFaults({ clear: true });
  await backEnd.setFaults({ clear: true, withhold: ['connack'] });
  const dropped = shown.failure(() => client.connect());
  const before = (await backEnd.packets({ type: 'connect' })).at(-1).sequence;
  await backEnd.waitForPackets('connect', 'in', 1, before);
  await backEnd.drop();
  await dropped;

  await backEnd.setFaults({ clear: true });
  await shown.failure(() => client.sendMessage('x'.repeat(300_000)));
  await shown.failure(() => client.sendMethodResponse(new MethodResponse('1', 200)));
  const idle = shownBy(t, createClient(t, backEnd, { autoConnect: false }), shown);
  await shown.failure(() => idle.sendMessage('x'));
  await client.shutdown();
  await shown.failure(() => client.connect());
  const options = { endpoint: await refusedEndpoint() };
  await shown.failure(() => createClient(t, backEnd, options).connect());

  const errors = Object.values(everything).filter((value) => value.prototype instanceof Error);
  assert.deepEqual(
    errors.map(({ name }) => name).filter((name) => !shown.kinds.has(name)),
    [],
    'every class of error was shown',
  );
  shown.hides(...formsOf(backEnd.primaryKey));
});

test('a client with tokens never shows one', async (t) => {
  const shown = new Shown(t);
  const { primaryKey: key, deviceId, endpoint } = await createDevice();
  const { hostname } = hub;
  const make = (options) => createSasToken({ key, hostname, deviceId, seconds: 600, ...options });
  const tokens = [
    make({ seconds: 601 }),
    make({ seconds: -1 }),
    make({ deviceId: 'another' }),
    make().replace(/&se=.*/, '&se=soon'),
    make().replace('sr=', 'sr=twice&sr='),
    make().replace('SharedAccessSignature ', ''),
  ];
  const [good, ...bad] = tokens;
  for (const token of bad.filter((token) => !token.includes('another'))) {
    await shown.failure(() => IoTHubDeviceClient.createFromSasToken(token, { endpoint }));
  }
  const client = shownBy(t, IoTHubDeviceClient.createFromSasToken(good, { endpoint }), shown);
  await client.connect();
  shown.add(client);
  for (const token of bad) await shown.failure(() => client.updateSasToken(token));

  const forged = good.replace(/sig=[^&]*/, `sig=${encodeURIComponent(key)}`);
  const refused = shownBy(t, IoTHubDeviceClient.createFromSasToken(forged, { endpoint }), shown);
  await shown.failure(() => refused.connect());
  for (const token of bad) {
    const options = { hostname, deviceId, endpoint };
    const asking = shownBy(
      t,
      IoTHubDeviceClient.createFromSasToken(() => token, options),
      shown,
    );
    await shown.failure(() => asking.connect());
    await shown.failure(() => asking.getStorageInfoForBlob('b'));
    shown.add(asking);
  }
  const signatures = tokens.map((token) => /sig=([^&]*)/.exec(token)[1]);
  shown.hides(...formsOf(key), ...tokens, ...signatures, ...signatures.map(decodeURIComponent));
});

test('the calls of an upload show no token of the hub or the storage account', async (t) => {
  const shown = new Shown(t);
  const backEnd = await createDevice();
  const client = shownBy(t, createClient(t, backEnd), shown);
  const { correlationId, sasToken } = await client.getStorageInfoForBlob('b');
  await shown.failure(() => client.notifyBlobUploadStatus('unknown', true, 200, 'OK'));
  await client.notifyBlobUploadStatus(correlationId, false, 500, 'gave up');
  for (const faults of [{ noStorage: true }, { filesStatus: 503 }, { filesStatus: 401 }]) {
    await backEnd.setFaults({ clear: true, ...faults });
    await shown.failure(() => client.getStorageInfoForBlob('b'));
  }
  const options = { endpoint: await refusedEndpoint() };
  await shown.failure(() => createClient(t, backEnd, options).getStorageInfoForBlob('b'));
  shown.add(client);
  shown.hides(...formsOf(backEnd.primaryKey), sasToken, new URLSearchParams(sasToken).get('sig'));
});

test('errors of factories do not repeat the refused value', async (t) => {
  const shown = new Shown(t);
  const { primaryKey, connectionString, deviceId } = await createDevice();
  const { cert, key } = await authority.issue(deviceId);
  const x509 = new X509(cert, encryptKey(key, PASS_PHRASE), PASS_PHRASE);
  const fromString = (text, options) =>
    IoTHubDeviceClient.createFromConnectionString(text, options);
  for (const create of [
    () => fromString(connectionString.replace(/=?$/, '?')),
    () => fromString(`${connectionString};${primaryKey}`),
    () => fromString(`${connectionString};${connectionString}`),
    () => fromString(connectionString.replace('SharedAccessKey=', 'sharedaccesskey=')),
    () => fromString(connectionString.replace('DeviceId=', 'DeviceId=/')),
    () => fromString([connectionString]),
    () => fromString(connectionString, { endpoint: `wss://u:${PASSWORD}@hub.example/` }),
    () => fromString(connectionString, { proxy: `ftp://u:${PASSWORD}@proxy.example` }),
    () => fromString(connectionString, { x509 }),
    () => IoTHubDeviceClient.createFromSymmetricKey(`${primaryKey}?`, 'h', 'd'),
    () => IoTHubDeviceClient.createFromSymmetricKey(primaryKey, 'h', ''),
    () => IoTHubDeviceClient.createFromX509Certificate(x509, 'h', ''),
    () =>
      IoTHubDeviceClient.createFromX509Certificate(x509, 'h', 'd', { endpoint: 'ws://localhost' }),
  ]) {
    await shown.failure(create);
  }
  const proxy = `http://u:${PASSWORD}@127.0.0.1:1`;
  const behind = shownBy(t, fromString(connectionString, { proxy }), shown);
  await shown.failure(() => behind.connect());
  shown.add(x509, behind, IoTHubDeviceClient.createFromX509Certificate(x509, 'h', 'd'));
  shown.hides(...formsOf(primaryKey), PASSWORD, PASS_PHRASE, key.split('\n')[1]);
});
