import assert from 'node:assert/strict';
import { request } from 'node:http';
import { describe, test } from 'node:test';
import { EventStream } from './support/event-stream.js';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';

const hub = new TestHub({ devices: ['seen'] });
const DATA = ['/page/devices', '/page/connection-strings', '/page/telemetry'];

/** GET without a token, with headers that `fetch` would not send. */
function get(target, path, headers = {}) {
  return new Promise((resolve, reject) => {
    const call = request(target.url + path, { headers }, (response) => {
      const { statusCode: status, headers } = response;
      if (headers['content-type'] === 'text/event-stream') {
        response.destroy();
        resolve({ status, headers });
        return;
      }
      response
        .setEncoding('utf8')
        .toArray()
        .then((parts) => resolve({ status, headers, text: parts.join('') }), reject);
    });
    call.on('error', reject).end();
  });
}

const json = async (target, path) => JSON.parse((await get(target, path)).text);

describe('GET /health', () => {
  test('answers without a token', async () => {
    const { status, version } = await json(hub, '/health');
    assert.equal(status, 'ok');
    assert.match(version, /^\d+\.\d+\.\d+/);
  });
});

describe('the page at /', () => {
  test('is served with a policy that lets it load its own files alone', async () => {
    for (const [path, type] of [
      ['/', 'text/html; charset=utf-8'],
      ['/page/script.js', 'text/javascript; charset=utf-8'],
      ['/page/style.css', 'text/css; charset=utf-8'],
    ]) {
      const { status, headers } = await get(hub, path);
      assert.equal(status, 200);
      assert.equal(headers['content-type'], type);
      assert.match(headers['content-security-policy'], /^default-src 'none'; script-src 'self';/);
      assert.match(headers['content-security-policy'], /frame-ancestors 'none'/);
    }
  });

  test('learns of devices and modules, without a key', async () => {
    const module = await hub.createModule();
    const client = await MqttClient.connect(hub, module);
    const text = JSON.stringify(await json(hub, '/page/devices'));
    assert.ok(!text.includes(module.primaryKey));
    const { devices, count, endpoint } = JSON.parse(text);
    assert.equal(endpoint, hub.endpoint);
    assert.equal(count, devices.length);
    const id = `${module.deviceId}/${module.moduleId}`;
    assert.deepEqual(
      devices.find((device) => device.id === id),
      { id, isEnabled: true, isConnected: true, connections: 1, pendingMessages: 0 },
    );
    await client.end();
  });

  test('follows the telemetry of all', async () => {
    const device = await hub.createDevice();
    const stream = await EventStream.open(hub, '/page/telemetry', { authorization: '' });
    const client = await MqttClient.connect(hub, device);
    await client.publish(`devices/${device.deviceId}/messages/events/`, 'hello');
    const { data } = await stream.next();
    assert.deepEqual([data.deviceId, data.text], [device.deviceId, 'hello']);
    await stream.close();
    await client.end();
  });

  test('gets connection strings if it is opened on this machine', async () => {
    const { devices, service } = await json(hub, '/page/connection-strings');
    const [{ connectionString }] = hub.started.devices;
    assert.deepEqual(devices[0], { id: 'seen', connectionString });
    assert.equal(service, hub.started.serviceConnectionString);
    const { port } = new URL(hub.url);
    for (const name of ['localhost', '127.0.0.2', '[::1]']) {
      const host = `${name}:${port}`;
      const { status } = await get(hub, '/page/connection-strings', { host });
      assert.equal(status, 200, host);
    }
  });

  test('gets no page by another name or address', async () => {
    for (const host of [hub.hostname, '192.168.1.5', '10.0.0.1:8080', '[fe80::1]']) {
      const { status, text } = await get(hub, '/page/connection-strings', { host });
      assert.equal(status, 401, host);
      assert.ok(!text.includes('SharedAccessKey='));
    }
  });

  test('cannot be read by a page of another origin', async () => {
    const origin = { origin: 'http://localhost:3000' };
    for (const path of ['/', ...DATA]) {
      const { headers } = await get(hub, path, origin);
      assert.equal(headers['access-control-allow-origin'], undefined, path);
    }
    for (const path of DATA) {
      for (const site of ['cross-site', 'same-site']) {
        const { status } = await get(hub, path, { 'sec-fetch-site': site });
        assert.equal(status, 401, path);
      }
      const own = await get(hub, path, { 'sec-fetch-site': 'same-origin' });
      assert.equal(own.status, 200, path);
    }
  });

  test('cannot be read by a name that may lead to this machine', async () => {
    for (const path of ['/', ...DATA]) {
      assert.equal((await get(hub, path, { host: 'evil.example' })).status, 400, path);
    }
  });

  test('can be left out', async () => {
    const { status } = await get(without, '/');
    assert.equal(status, 404);
  });
});

const without = new TestHub({ page: false });
const open = new TestHub({ host: '0.0.0.0' });
const asked = new TestHub({ host: '0.0.0.0', page: true, devices: ['d'] });

describe('of a hub that listens to other machines', () => {
  test('there is no page unless it is requested', async () => {
    for (const path of ['/', ...DATA]) assert.equal((await get(open, path)).status, 404, path);
    assert.equal((await get(open, '/health')).status, 200);
    for (const path of ['/', ...DATA]) assert.equal((await get(asked, path)).status, 200, path);
  });

  test('the page shows no connection string by the address of this machine', async () => {
    const host = '192.168.1.5:8080';
    assert.equal((await get(asked, '/page/devices', { host })).status, 200);
    assert.equal((await get(asked, '/page/connection-strings', { host })).status, 401);
    for (const path of ['/', ...DATA]) {
      assert.equal((await get(asked, path, { host: 'evil.example' })).status, 400, path);
    }
  });
});
