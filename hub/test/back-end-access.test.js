import assert from 'node:assert/strict';
import { request } from 'node:http';
import { describe, test } from 'node:test';
import { resourceOf, sasToken } from './support/credentials.js';
import { TestHub } from './support/hub.js';

const hub = new TestHub({ devices: ['d'], https: true });

const POLICIES = ['iothubowner', 'service', 'device', 'registryRead', 'registryReadWrite'];
const READERS = ['iothubowner', 'registryRead', 'registryReadWrite'];
const WRITERS = ['iothubowner', 'registryReadWrite'];
const SERVICES = ['iothubowner', 'service'];
const OWNER = ['iothubowner'];

/** Calls that change nothing → the policies that may make them. */
const CALLS = [
  ['GET', '/devices', READERS],
  ['GET', '/devices/d', READERS],
  ['GET', '/devices/d/modules', READERS],
  ['POST', '/devices/query', READERS],
  ['GET', '/statistics/devices', READERS],
  ['POST', '/devices', WRITERS],
  ['PUT', '/devices/d', WRITERS],
  ['DELETE', '/devices/nobody', WRITERS],
  ['GET', '/twins/d', SERVICES],
  ['PATCH', '/twins/nobody', SERVICES],
  ['PUT', '/twins/nobody', SERVICES],
  ['POST', '/twins/nobody/methods', SERVICES],
  ['GET', '/statistics/service', SERVICES],
  ['GET', '/messages/serviceBound/feedback', SERVICES],
  ['DELETE', '/messages/serviceBound/feedback/x', SERVICES],
  ['DELETE', '/devices/d/commands', SERVICES],
  ['GET', '/local/devices/d', SERVICES],
  ['GET', '/local/devices/d/telemetry', SERVICES],
  ['GET', '/local/devices/nobody/telemetry/stream', SERVICES],
  ['POST', '/local/devices/nobody/messages', SERVICES],
  ['POST', '/local/devices/d/disconnect', SERVICES],
  ['POST', '/local/devices/nobody/faults', SERVICES],
  ['GET', '/local/hub/settings', SERVICES],
  ['PATCH', '/local/hub/settings', SERVICES],
  ['POST', '/local/hub/faults', SERVICES],
  ['PUT', '/local/devices/d', OWNER],
  ['GET', '/local/hub', OWNER],
  ['POST', '/local/devices/d/certificate', OWNER],
];

const errorOf = ({ status, headers }) => [status, headers.get('iothub-errorcode')];
const UNAUTHORIZED = [401, 'IotHubUnauthorizedAccess'];

const call = (method, path, headers) =>
  hub.call(method, path, method === 'GET' ? undefined : {}, headers);

describe('a back end', () => {
  for (const [method, path, allowed] of CALLS) {
    test(`may ${method} ${path} by ${allowed.join(', ')} alone`, async () => {
      for (const policy of POLICIES) {
        const answer = await call(method, path, hub.authorize({ policy }));
        const isAllowed = answer.status !== 401;
        assert.equal(isAllowed, allowed.includes(policy), `${policy}: ${answer.status}`);
        if (!isAllowed) assert.deepEqual(errorOf(answer), UNAUTHORIZED);
      }
    });
  }

  test('is accepted by the secondary key, too', async () => {
    const { secondaryKey: key } = hub.started.policies.registryRead;
    const authorization = sasToken({ policy: 'registryRead', resource: hub.hostname, key });
    assert.equal((await call('GET', '/devices/d', { authorization })).status, 200);
  });

  test('is accepted for the resource, or one above it by whole segments', async () => {
    for (const [resource, isAllowed] of [
      ['/devices/d', true],
      ['/devices', true],
      ['/devices/', false],
      ['/device', false],
      ['/devices/D', false],
      ['/devices/d/modules', false],
      ['/twins', false],
    ]) {
      const headers = hub.authorize({ resource: hub.hostname + resource });
      const answer = await call('GET', '/devices/d', headers);
      assert.equal(answer.status, isAllowed ? 200 : 401, resource);
    }
  });

  test('is refused with 401 and the reason', async () => {
    const device = await hub.createDevice();
    const { primaryKey: key } = device;
    const { authorization } = hub.authorize();
    for (const [header, reason] of [
      ['', /not a SAS token/],
      ['Bearer x', /not a SAS token/],
      [authorization.replace(/&skn=.*/, ''), /names no shared access policy/],
      [sasToken({ resource: hub.hostname, key, policy: 'iothubowner' }), /signature/],
      [sasToken({ resource: resourceOf(hub, device), key }), /names no shared/],
      [hub.authorize({ expiry: Math.floor(Date.now() / 1000) - 1 }).authorization, /expired/],
      [
        hub.authorize({ resource: 'other.azure-devices.net' }).authorization,
        /a resource other than/,
      ],
      [hub.authorize({ policy: 'device' }).authorization, /lacks the right RegistryRead/],
    ]) {
      const answer = await call('GET', `/devices/${device.deviceId}`, { authorization: header });
      assert.deepEqual(errorOf(answer), UNAUTHORIZED);
      assert.equal(answer.body.Message, 'ErrorCode:IotHubUnauthorizedAccess;Unauthorized');
      assert.match(answer.body.ExceptionMessage, reason);
      assert.doesNotMatch(JSON.stringify(answer.body), /sig=/);
    }
  });

  test('gets a token from the hub that is valid for as long as requested', async () => {
    const expiryOf = (authorization) => Number(/&se=(\d+)/.exec(authorization)[1]);
    const now = Math.floor(Date.now() / 1000);
    const authorization = hub.started.authorization();
    assert.ok(expiryOf(authorization) - now >= 3600);
    assert.equal((await call('GET', '/local/hub', { authorization })).status, 200);
    assert.ok(expiryOf(hub.started.authorization({ seconds: 60 })) - now < 3600);
    const expired = { authorization: hub.started.authorization({ seconds: 0 }) };
    assert.equal((await call('GET', '/local/hub', expired)).status, 401);
  });

  test('gets a connection string as the service has it', () => {
    const { primaryKey } = hub.started.policies.iothubowner;
    assert.equal(
      hub.started.serviceConnectionString,
      `HostName=${hub.hostname};SharedAccessKeyName=iothubowner;SharedAccessKey=${primaryKey}`,
    );
  });

  test('has to name the api-version to the service, not to private endpoints', async () => {
    for (const path of ['/devices/d', '/twins/d', '/statistics/service']) {
      const answer = await hub.call('GET', `${path}?api-version=`);
      assert.equal(answer.body.Message, 'ErrorCode:InvalidProtocolVersion;BadRequest');
      assert.deepEqual(errorOf(answer), [400, 'InvalidProtocolVersion']);
    }
    assert.equal((await hub.call('GET', '/local/devices/d')).status, 200);
  });
});

describe('a page of any origin', () => {
  const origin = { origin: 'https://example.com' };

  test('may make every call of a back end, with a token', async () => {
    for (const [method, path] of CALLS) {
      const preflight = await fetch(hub.url + path, {
        method: 'OPTIONS',
        headers: {
          ...origin,
          'access-control-request-method': method,
          'access-control-request-headers': 'authorization,if-match',
        },
      });
      assert.equal(preflight.status, 204);
      const allowed = (name) => preflight.headers.get(`access-control-allow-${name}`);
      assert.equal(allowed('origin'), '*');
      assert.equal(allowed('headers'), 'authorization,if-match');
      assert.ok(allowed('methods').split(', ').includes(method), method);
      assert.equal(allowed('credentials'), null);
    }
    const { status, headers } = await hub.call('GET', '/devices/d', undefined, origin);
    assert.equal(status, 200);
    assert.equal(headers.get('access-control-allow-origin'), '*');
    assert.equal(headers.get('access-control-expose-headers'), '*');
  });

  test('gets the reason for the refusal', async () => {
    const answer = await hub.call('GET', '/devices/d', undefined, { ...origin, authorization: '' });
    assert.deepEqual(errorOf(answer), UNAUTHORIZED);
    assert.equal(answer.headers.get('access-control-allow-origin'), '*');
  });
});

describe('a request to another host name', () => {
  const { authorize } = hub;
  const statusFor = (target, host) =>
    new Promise((resolve, reject) => {
      const headers = { ...authorize.call(target), ...(host && { host }) };
      const call = request(`${target.url}/local/devices/d`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      call.on('error', reject).end();
    });

  test('is refused, because it may be a name that leads to this machine', async () => {
    const names = ['example.com', 'example.com:8080', 'localhost.example.com', '1.2.3.4.com'];
    for (const host of names) {
      assert.equal(await statusFor(hub, host), 400, host);
    }
    const { status, body } = await hub.call('GET', '/local/devices/d');
    assert.equal(status, 200, JSON.stringify(body));
  });

  test('is answered when it is the name of the hub, localhost or an address', async () => {
    const names = ['localhost', 'LOCALHOST:80', '127.0.0.1:1', '[::1]', '[::1]:80', hub.hostname];
    for (const host of names) assert.equal(await statusFor(hub, host), 200, host);
  });

  describe('of a hub that listens to other machines', () => {
    const open = new TestHub({ host: '0.0.0.0', devices: ['d'] });

    test('is answered', async () => {
      assert.equal(await statusFor(open, 'example.com'), 200);
    });
  });
});
