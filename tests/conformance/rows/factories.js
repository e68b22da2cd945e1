// The table of factories, all but createFromSasToken.
import { deepEqual, equal, match, ok } from '../assert.js';
import { now } from '../tokens.js';
import { createCertified, gatewayOf, trusting } from './secure.js';

const KEY = btoa('a key that only these rows know');
const IDENTITY = 'HostName=example.azure-devices.net;DeviceId=d';
const STRING = `${IDENTITY};SharedAccessKey=${KEY}`;
const DAY = 24 * 60 * 60;

/** Each with a pattern of what its error names. */
const BAD_STRINGS = [
  ['', /empty.*environment variable/],
  [`DeviceId=d;SharedAccessKey=${KEY}`, /HostName/],
  [`HostName=h;SharedAccessKey=${KEY}`, /DeviceId/],
  [IDENTITY, /SharedAccessKey/],
  [`HostName=;DeviceId=d;SharedAccessKey=${KEY}`, /HostName/],
  [`HostName=h;DeviceId=;SharedAccessKey=${KEY}`, /DeviceId/],
  [`${IDENTITY};SharedAccessKey=`, /SharedAccessKey/],
  [`${STRING};DeviceId=e`, /DeviceId/],
  [`${STRING};Colour=red`, /not known/],
  [`${STRING};SharedAccessSignature=SharedAccessSignature sr=x&sig=x&se=1`, /both/],
  [`${STRING};x509=true`, /x509/],
  [`${IDENTITY};SharedAccessKey=${KEY}!`, /base64/i],
];

const sr = (hostname, path) => encodeURIComponent(`${hostname}/${path}`);

export const rows = [
  {
    id: 'factories.connect-nothing',
    title: 'factories are synchronous, validate and do not connect',
    async run({ createDevice, createClient, roundTrip }) {
      const device = await createDevice();
      const client = createClient(device, { autoConnect: false });
      equal(client.connectionState, 'disconnected');
      await roundTrip(createClient(await createDevice()));
      deepEqual(await device.connections(), []);
    },
  },
  {
    id: 'factories.connection-string',
    title: 'createFromConnectionString: HostName, DeviceId and SharedAccessKey, in any order',
    async run({ createDevice, createClient, hostname }) {
      const device = await createDevice();
      device.connectionString = device.connectionString.split(';').reverse().join(';');
      await createClient(device).sendMessage('x');
      const [{ clientId, username, password }] = await device.packets({ type: 'connect' });
      equal(clientId, device.deviceId);
      ok(username.startsWith(`${hostname}/${device.deviceId}/?`), username);
      equal(password.sr, sr(hostname, device.path));
      equal(password.skn, undefined);
    },
  },
  {
    id: 'factories.connection-string-policy',
    title: 'createFromConnectionString: SharedAccessKeyName becomes skn',
    async run({ createDevice, createClient, hub }) {
      const device = await createDevice();
      const [[policy, { primaryKey }]] = Object.entries(hub.info.policies);
      const [identity] = device.connectionString.split(';SharedAccessKey=');
      const credentials = `SharedAccessKeyName=${policy};SharedAccessKey=${primaryKey}`;
      device.connectionString = `${identity};${credentials}`;
      await createClient(device).sendMessage('x');
      equal((await device.packets({ type: 'connect' }))[0].password.skn, policy);
    },
  },
  {
    id: 'factories.connection-string-signature',
    title: 'createFromConnectionString: SharedAccessSignature instead of a key',
    async run({ createDevice, createClient, makeToken }) {
      const device = await createDevice();
      const se = now() + DAY;
      const [identity] = device.connectionString.split(';SharedAccessKey=');
      const token = await makeToken(device, se);
      device.connectionString = `${identity};SharedAccessSignature=${token}`;
      const client = createClient(device);
      await client.sendMessage('x');
      equal((await device.packets({ type: 'connect' }))[0].password.se, `${se}`);
      await client.updateSasToken(await makeToken(device, se + 1));
    },
  },
  {
    id: 'factories.connection-string-gateway',
    title: 'createFromConnectionString: GatewayHostName is dialled',
    async run({ createDevice, createClient, isBrowser, hostname, hub }) {
      const device = await createDevice();
      device.connectionString += `;GatewayHostName=${gatewayOf(device)}`;
      await createClient(device, { endpoint: undefined, ...trusting(isBrowser, hub) }).connect();
      const [{ secure, accepted }] = await device.connections();
      deepEqual({ secure, accepted }, { secure: true, accepted: true });
      const [{ username }] = await device.packets({ type: 'connect' });
      ok(username.startsWith(`${hostname}/`), username);
    },
  },
  {
    id: 'factories.connection-string-wrong',
    title: 'unknown or duplicate key, missing value, key with x509 or a signature: TypeError',
    async run({ IoTHubDeviceClient, throws, evidence }) {
      evidence.addSecret(KEY);
      for (const [text, pattern] of BAD_STRINGS) {
        throws(() => IoTHubDeviceClient.createFromConnectionString(text), TypeError, pattern);
      }
      for (const value of [undefined, null, 1, {}]) {
        throws(() => IoTHubDeviceClient.createFromConnectionString(value), TypeError);
      }
    },
  },
  {
    id: 'factories.connection-string-x509',
    title: 'x509=true: TypeError that names createFromX509Certificate',
    async run({ IoTHubDeviceClient, throws }) {
      const create = () => IoTHubDeviceClient.createFromConnectionString(`${IDENTITY};x509=true`);
      throws(create, TypeError, /createFromX509Certificate/);
    },
  },
  {
    id: 'factories.connection-string-no-gateway-option',
    title: 'createFromConnectionString takes no gatewayHostname option',
    async run({ IoTHubDeviceClient, throws }) {
      const create = () =>
        IoTHubDeviceClient.createFromConnectionString(STRING, { gatewayHostname: 'g' });
      throws(create, TypeError, /gatewayHostname/);
    },
  },
  {
    id: 'factories.symmetric-key',
    title: 'createFromSymmetricKey(key, hostname, deviceId)',
    async run({ createDevice, IoTHubDeviceClient, keep, hostname }) {
      const { primaryKey, deviceId, endpoint } = await createDevice();
      const client = keep(
        IoTHubDeviceClient.createFromSymmetricKey(primaryKey, hostname, deviceId, { endpoint }),
      );
      await client.sendMessage('x');
      equal(client.connected, true);
    },
  },
  {
    id: 'factories.symmetric-key-wrong',
    title: 'createFromSymmetricKey: wrong base64, or not a string: TypeError',
    async run({ IoTHubDeviceClient, throws, evidence }) {
      const secret = 'not*base64*but*secret';
      evidence.addSecret(secret);
      const create = (...args) => IoTHubDeviceClient.createFromSymmetricKey(...args);
      throws(() => create(secret, 'h', 'd'), TypeError, /base64/);
      for (const value of [undefined, null, 1, '']) {
        throws(() => create(value, 'h', 'd'), TypeError);
        throws(() => create(KEY, value, 'd'), TypeError);
        throws(() => create(KEY, 'h', value), TypeError);
      }
    },
  },
  {
    id: 'factories.x509',
    title:
      'createFromX509Certificate: presented in the TLS handshake; a page: TypeError that says so',
    async run(context) {
      const { IoTHubDeviceClient, X509, isBrowser, keep, hostname, hub } = context;
      const { device, cert, key } = await createCertified(context);
      const { deviceId, secureEndpoint: endpoint } = device;
      const create = (options) =>
        IoTHubDeviceClient.createFromX509Certificate(
          new X509(cert, key),
          hostname,
          deviceId,
          options,
        );
      if (isBrowser) return context.explains(() => create({ endpoint }), /X509\.platform\(\)/);
      const client = keep(create({ endpoint, ...trusting(isBrowser, hub) }));
      await client.sendMessage('x');
      const [{ clientCertificate, url, accepted }] = await device.connections();
      deepEqual({ clientCertificate, accepted }, { clientCertificate: true, accepted: true });
      ok(!url.includes('no-client-cert'), url);
      equal((await device.packets({ type: 'connect' }))[0].password ?? null, null);
    },
  },
  {
    id: 'factories.x509-thumbprint',
    title: 'createFromX509Certificate: a key with a pass phrase, a device with a thumbprint',
    async run(context) {
      const { IoTHubDeviceClient, X509, isBrowser, keep, hostname, hub, throws } = context;
      const { device, cert, key } = await createCertified(context, 'selfSigned');
      const { deviceId, secureEndpoint: endpoint } = device;
      const passPhrase = 'the pass phrase of the key';
      context.evidence.addSecret(passPhrase);
      const create = (x509) =>
        IoTHubDeviceClient.createFromX509Certificate(x509, hostname, deviceId, {
          endpoint,
          ...trusting(isBrowser, hub),
        });
      if (isBrowser) {
        return context.explains(() => create(new X509(cert, key, passPhrase)), /page cannot/);
      }
      const encrypted = context.encryptKey(key, passPhrase);
      throws(() => create(new X509(cert, encrypted, 'wrong')), TypeError, /pass phrase/);
      await keep(create(new X509(cert, encrypted, passPhrase))).sendMessage('x');
      const files = [await context.writeFile(cert), await context.writeFile(encrypted)];
      await keep(create(X509.fromFiles(...files, passPhrase))).sendMessage('x');
    },
  },
  {
    id: 'factories.x509-platform',
    title:
      'createFromX509Certificate: X509.platform() leaves it to the browser; Node.js: TypeError',
    async run(context) {
      const { IoTHubDeviceClient, X509, isBrowser, createDevice, keep, hostname } = context;
      if (!isBrowser) {
        context.throws(() => X509.platform(), TypeError, /fromFiles/);
        return;
      }
      const { deviceId } = await createDevice();
      const options = { endpoint: 'wss://127.0.0.1:9/' };
      const x509 = X509.platform();
      const client = keep(
        IoTHubDeviceClient.createFromX509Certificate(x509, hostname, deviceId, options),
      );
      await context.rejects(client.connect(), context.ConnectionFailedError);
    },
  },
  {
    id: 'factories.x509-wrong',
    title: 'createFromX509Certificate: no certificate, or a sasTokenTtl: TypeError',
    async run({ IoTHubDeviceClient, X509, isBrowser, throws, ...context }) {
      const create = (...args) => IoTHubDeviceClient.createFromX509Certificate(...args);
      for (const value of [undefined, null, 'PEM', {}]) {
        throws(() => create(value, 'h', 'd'), TypeError);
      }
      const { cert, key } = await createCertified(context);
      const x509 = isBrowser ? X509.platform() : new X509(cert, key);
      throws(() => create(x509, 'h', 'd', { sasTokenTtl: 60 }), TypeError, /sasTokenTtl/);
    },
  },
  {
    id: 'factories.module',
    title: 'a module: client id device/module, the module topics, inputs with inputName',
    async run({ createModule, createClient, Message, watch, inbox, hostname }) {
      const module = await createModule();
      const client = createClient(module);
      watch(client);
      const messages = inbox('input message');
      client.onMessageReceived = messages.put;
      await client.connect();
      const [{ clientId, username, password }] = await module.packets({ type: 'connect' });
      equal(clientId, `${module.deviceId}/module`);
      ok(username.startsWith(`${hostname}/${module.deviceId}/module/?`), username);
      equal(password.sr, sr(hostname, module.path));

      await client.sendMessage(new Message('out', { outputName: 'warm' }));
      const [{ topic }] = await module.packets({ type: 'publish', direction: 'in' });
      match(decodeURIComponent(topic), new RegExp(`^${module.path}/messages/events/\\$\\.on=warm`));
      equal((await module.telemetry())[0].systemProperties.outputName, 'warm');

      deepEqual((await module.state()).subscriptions, [`${module.path}/inputs/#`]);
      await module.sendToInput('cold', { body: 'in', properties: { colour: 'blue' } });
      const message = await messages.take();
      equal(message.inputName, 'cold');
      equal(message.text(), 'in');
      equal(message.customProperties.colour, 'blue');

      await client.patchTwinReportedProperties({ ok: true });
      equal((await client.getTwin()).reported.ok, true);
    },
  },
  {
    id: 'factories.module-no-upload',
    title: 'a module: the upload calls reject with ClientError',
    async run({ createModule, createClient, ClientError, rejects }) {
      const client = createClient(await createModule());
      await rejects(client.getStorageInfoForBlob('b'), ClientError, /module/);
      await rejects(client.notifyBlobUploadStatus('c', true, 200, 'OK'), ClientError, /module/);
    },
  },
];
