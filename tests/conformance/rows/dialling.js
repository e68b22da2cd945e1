// The options that say where and how to connect.
import { deepEqual, equal, ok } from '../assert.js';
import { gatewayOf, trusting } from './secure.js';

const KEY = btoa('a key that only these rows know');
const HOST = 'example.azure-devices.net';

/** Exactly one of them matches the certificate of a server. */
const CIPHERS = ['ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-AES256-GCM-SHA384'];

/** An authority that has issued nothing. */
const STRANGER = `-----BEGIN CERTIFICATE-----
MIIBhTCCASugAwIBAgIUV1m0kTnhVfHWM0xb0WrzK0R1rE0wCgYIKoZIzj0EAwIw
-----END CERTIFICATE-----`;

const fromKey = ({ IoTHubDeviceClient }, options) =>
  IoTHubDeviceClient.createFromSymmetricKey(KEY, HOST, 'd', options);

const refuse = (context, options, pattern) =>
  context.throws(() => fromKey(context, options), TypeError, pattern);

/** Connects over TLS, and makes an HTTP call. */
async function useBoth(client) {
  await client.connect();
  await client.getStorageInfoForBlob('b');
}

export const rows = [
  {
    id: 'options.serverVerificationCert',
    title:
      'serverVerificationCert: trusted instead of system roots; a page: TypeError that says why',
    async run(context) {
      const { createClient, createDevice, hub, isBrowser, rejects } = context;
      const serverVerificationCert = hub.info.ca;
      const create = () => fromKey(context, { serverVerificationCert });
      if (isBrowser) return context.explains(create, /serverVerificationCert.*Node\.js only/);
      const device = await createDevice();
      const { secureEndpoint: endpoint } = device;
      await useBoth(createClient(device, { endpoint, serverVerificationCert }));
      const distrustful = createClient(device, { endpoint });
      await rejects(distrustful.connect(), context.ConnectionFailedError, /certificate/);
      await rejects(distrustful.getStorageInfoForBlob('b'), context.ConnectionFailedError);
      for (const value of ['', 'no PEM', STRANGER, 7, null]) {
        refuse(context, { serverVerificationCert: value }, /serverVerificationCert/);
      }
    },
  },
  {
    id: 'options.cipher',
    title: 'cipher: a list or an array of OpenSSL names; a page: TypeError that says why',
    async run(context) {
      const { createClient, createDevice, hub, isBrowser } = context;
      const create = () => fromKey(context, { cipher: CIPHERS[0] });
      if (isBrowser) return context.explains(create, /cipher.*Node\.js only/);
      const device = await createDevice();
      const { secureEndpoint: endpoint } = device;
      const serverVerificationCert = hub.info.ca;
      const attempts = CIPHERS.map((name) =>
        createClient(device, { endpoint, serverVerificationCert, cipher: name }),
      );
      const outcomes = [];
      for (const client of attempts) {
        outcomes.push(
          await useBoth(client).then(
            () => 'connected',
            ({ name }) => name,
          ),
        );
      }
      deepEqual(outcomes.sort(), ['ConnectionFailedError', 'connected']);
      const both = { endpoint, serverVerificationCert };
      await useBoth(createClient(device, { ...both, cipher: CIPHERS }));
      await useBoth(createClient(device, { ...both, cipher: CIPHERS.join(':') }));
      for (const cipher of ['', 'no cipher', [], 7, null]) refuse(context, { cipher }, /cipher/);
    },
  },
  {
    id: 'options.proxy',
    title: 'proxy: HTTP and SOCKS, for WebSocket and HTTP alike; a page: TypeError that says why',
    async run(context) {
      const { createClient, createDevice, evidence, isBrowser, proxies, rejects } = context;
      if (isBrowser) {
        const create = () => fromKey(context, { proxy: 'http://127.0.0.1:8080' });
        return context.explains(create, /proxy.*Node\.js only/);
      }
      evidence.addSecret(context.proxyPassword);
      evidence.addSecret(encodeURIComponent(context.proxyPassword));
      const device = await createDevice();
      const { host } = new URL(context.hub.info.endpoint);
      for (const { url: proxy, closed } of proxies) {
        const client = createClient(device, { proxy });
        await useBoth(client);
        await client.shutdown();
        for (let tunnel = 0; tunnel < 2; tunnel += 1) equal((await closed()).destination, host);
        const wrong = createClient(device, { proxy: proxy.replace('user:', 'nobody:') });
        await rejects(wrong.connect(), context.ConnectionFailedError);
      }
      for (const proxy of ['', 'proxy:8080', 'ftp://proxy', 7, null]) {
        refuse(context, { proxy }, /proxy/);
      }
    },
  },
  {
    id: 'options.gatewayHostname',
    title:
      'gatewayHostname: host or host:port that is dialled; user name and resource stay the hub',
    async run(context) {
      const { createDevice, IoTHubDeviceClient, isBrowser, keep, hostname, hub } = context;
      const device = await createDevice();
      const options = { gatewayHostname: gatewayOf(device), ...trusting(isBrowser, hub) };
      const { primaryKey, deviceId } = device;
      const client = keep(
        IoTHubDeviceClient.createFromSymmetricKey(primaryKey, hostname, deviceId, options),
      );
      await client.connect();
      equal((await client.getStorageInfoForBlob('b')).hostName, options.gatewayHostname);
      const [{ secure, url }] = await device.connections();
      equal(secure, true);
      equal(url, '/$iothub/websocket?iothub-no-client-cert=true');
      const [{ username, password }] = await device.packets({ type: 'connect' });
      ok(username.startsWith(`${hostname}/${deviceId}/?`), username);
      equal(password.sr, encodeURIComponent(`${hostname}/${device.path}`));
      fromKey(context, { gatewayHostname: 'gateway.local' });
      for (const gatewayHostname of ['', 'https://gateway', 'a gateway', 'gateway/path']) {
        refuse(context, { gatewayHostname }, /gatewayHostname/);
      }
    },
  },
  {
    id: 'options.endpoint',
    title: 'endpoint: a full WebSocket URL, dialled as it is; HTTP calls go to the same origin',
    async run({ createDevice, createClient }) {
      const device = await createDevice();
      const endpoint = `${device.endpoint}?from=a-row`;
      const client = createClient(device, { endpoint });
      await client.connect();
      const [{ url }] = await device.connections();
      equal(url, '/$iothub/websocket?from=a-row');
      const { hostName } = await client.getStorageInfoForBlob('b');
      equal(hostName, new URL(endpoint).host);
    },
  },
  {
    id: 'options.endpoint-loopback',
    title: 'endpoint: ws: only for localhost, *.localhost, 127.0.0.0/8 and [::1]',
    async run(context) {
      const local = ['ws://localhost:1', 'ws://hub.localhost', 'ws://127.9.9.9:1', 'ws://[::1]:1'];
      for (const host of [...local, 'wss://example.com']) {
        fromKey(context, { endpoint: `${host}/x` });
      }
      const hosts = ['example.com', '128.0.0.1', 'localhost.example.com', '[::2]', '127.0.0.1.nip'];
      for (const host of hosts) refuse(context, { endpoint: `ws://${host}/x` }, /endpoint.*ws:/);
      for (const endpoint of ['nonsense', 'http://127.0.0.1/', 'ws://user@127.0.0.1/', 'wss://']) {
        refuse(context, { endpoint }, /endpoint/);
      }
    },
  },
  {
    id: 'options.endpoint-x509',
    title: 'endpoint: ws: with X.509 is a TypeError',
    async run(context) {
      const { IoTHubDeviceClient, X509, createDevice, evidence, isBrowser, throws } = context;
      const { cert, key } = await (await createDevice()).issueCertificate();
      for (const line of key.split('\n').slice(1, -2)) evidence.addSecret(line);
      const x509 = isBrowser ? X509.platform() : new X509(cert, key);
      const create = (endpoint) =>
        IoTHubDeviceClient.createFromX509Certificate(x509, HOST, 'd', { endpoint });
      throws(() => create('ws://127.0.0.1/x'), TypeError, /endpoint.*wss:/);
      create('wss://127.0.0.1/x');
    },
  },
  {
    id: 'options.endpoint-gateway',
    title: 'endpoint: together with gatewayHostname is a TypeError',
    async run(context) {
      const both = { endpoint: 'wss://127.0.0.1/x', gatewayHostname: 'gateway.local' };
      refuse(context, both, /endpoint.*gatewayHostname/);
      const text = `HostName=${HOST};DeviceId=d;SharedAccessKey=${KEY};GatewayHostName=g`;
      const create = () =>
        context.IoTHubDeviceClient.createFromConnectionString(text, { endpoint: both.endpoint });
      context.throws(create, TypeError, /endpoint/);
    },
  },
];
