// The table of factories: createFromSasToken.
import { deepEqual, equal, ok } from '../assert.js';
import { now } from '../tokens.js';

const DAY = 24 * 60 * 60;

export const rows = [
  {
    id: 'factories.sas-token',
    title: 'createFromSasToken: host and device come from sr; skn is allowed',
    async run({ createDevice, IoTHubDeviceClient, makeToken, keep, hostname, hub }) {
      const device = await createDevice();
      const [[policy, { primaryKey: key }]] = Object.entries(hub.info.policies);
      const tokens = [
        await makeToken(device, now() + DAY),
        await makeToken(device, now() + DAY, { key, skn: policy }),
      ];
      for (const [index, token] of tokens.entries()) {
        const client = keep(
          IoTHubDeviceClient.createFromSasToken(token, { endpoint: device.endpoint }),
        );
        await client.sendMessage(`${index}`);
        await client.shutdown();
      }
      const [first, second] = await device.packets({ type: 'connect' });
      equal(first.clientId, device.deviceId);
      ok(first.username.startsWith(`${hostname}/${device.deviceId}/?`), first.username);
      equal(second.password.skn, policy);
    },
  },
  {
    id: 'factories.sas-token-wrong',
    title: 'createFromSasToken: malformed, a field too few or too many, expired: TypeError',
    async run({ createDevice, IoTHubDeviceClient, makeToken, throws }) {
      const token = await makeToken(await createDevice(), now() + DAY);
      const [, fields] = token.split(' ');
      const [resource, signature, expiry] = fields.split('&');
      const bad = {
        'without its beginning': fields,
        'without sr': `SharedAccessSignature ${signature}&${expiry}`,
        'without sig': `SharedAccessSignature ${resource}&${expiry}`,
        'without se': `SharedAccessSignature ${resource}&${signature}`,
        'with an empty sig': `SharedAccessSignature ${resource}&sig=&${expiry}`,
        'with sr twice': `${token}&${resource}`,
        'with a field of its own': `${token}&colour=red`,
        'with an se that is no number': token.replace(/se=\d+/, 'se=soon'),
        'that has expired': token.replace(/se=\d+/, `se=${now() - 1}`),
        empty: '',
      };
      for (const text of [...Object.values(bad), undefined, null, 1, {}]) {
        throws(() => IoTHubDeviceClient.createFromSasToken(text), TypeError);
      }
    },
  },
  {
    id: 'factories.sas-token-module',
    title: 'createFromSasToken: a token for a module is a TypeError',
    async run({ createModule, IoTHubDeviceClient, makeToken, throws }) {
      const token = await makeToken(await createModule(), now() + DAY);
      throws(() => IoTHubDeviceClient.createFromSasToken(token), TypeError, /module|device/);
    },
  },
  {
    id: 'factories.sas-token-no-ttl',
    title: 'createFromSasToken takes no sasTokenTtl',
    async run({ createDevice, IoTHubDeviceClient, makeToken, throws }) {
      const token = await makeToken(await createDevice(), now() + DAY);
      const options = { sasTokenTtl: 60 };
      throws(() => IoTHubDeviceClient.createFromSasToken(token, options), TypeError, /sasTokenTtl/);
      const identity = { hostname: 'h', deviceId: 'd', ...options };
      const create = () => IoTHubDeviceClient.createFromSasToken(() => token, identity);
      throws(create, TypeError, /sasTokenTtl/);
    },
  },
  {
    id: 'factories.sas-token-function',
    title: 'createFromSasToken: a function that returns a token, or a Promise of one',
    async run({ createDevice, IoTHubDeviceClient, makeToken, keep, hostname, throws }) {
      const device = await createDevice();
      const { deviceId, endpoint } = device;
      const token = await makeToken(device, now() + DAY);
      for (const getToken of [() => token, async () => token]) {
        const options = { hostname, deviceId, endpoint };
        const client = keep(IoTHubDeviceClient.createFromSasToken(getToken, options));
        await client.sendMessage('x');
        await client.shutdown();
        const without = () => IoTHubDeviceClient.createFromSasToken(getToken);
        throws(without, TypeError, /need hostname and deviceId/);
        for (const name of ['hostname', 'deviceId']) {
          const incomplete = { ...options };
          delete incomplete[name];
          const create = () => IoTHubDeviceClient.createFromSasToken(getToken, incomplete);
          throws(create, TypeError, new RegExp(name));
        }
      }
    },
  },
  {
    id: 'factories.sas-token-function-renews',
    title: 'createFromSasToken with a function: the client renews automatically',
    when: 'first',
    async run({ createDevice, IoTHubDeviceClient, makeToken, keep, watch, hostname }) {
      const device = await createDevice();
      const { deviceId, endpoint } = device;
      const expiries = [now() + 4, now() + DAY];
      const left = [...expiries];
      const getToken = () => makeToken(device, left.shift());
      const client = keep(
        IoTHubDeviceClient.createFromSasToken(getToken, { hostname, deviceId, endpoint }),
      );
      const { changes } = watch(client);
      await client.connect();
      const connects = await device.waitForPackets('connect', 'in', 2);
      deepEqual(
        connects.map(({ password }) => Number(password.se)),
        expiries,
      );
      await client.sendMessage('after the renewal');
      deepEqual(changes.all, [{ connected: true }]);
    },
  },
  {
    id: 'factories.sas-token-function-fails',
    title: 'createFromSasToken with a function that fails: reported, and called again',
    async run(context) {
      const { createDevice, IoTHubDeviceClient, makeToken, keep, watch, rejects } = context;
      const device = await createDevice();
      const { deviceId, endpoint } = device;
      const token = await makeToken(device, now() + DAY);
      const results = [() => Promise.reject(new Error('no server')), () => 5, () => token];
      const getToken = () => results.shift()();
      const options = { hostname: context.hostname, deviceId, endpoint };
      const client = keep(IoTHubDeviceClient.createFromSasToken(getToken, options));
      const { errors } = watch(client);
      await rejects(client.connect(), context.ConnectionFailedError);
      equal((await errors.take()).cause.message, 'no server');
      await rejects(client.sendMessage('x'), context.ConnectionFailedError);
      ok((await errors.take()) instanceof TypeError, 'a token that is no string is a TypeError');
      await client.sendMessage('x');
    },
  },
];
