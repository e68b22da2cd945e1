import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';

const hub = new TestHub();
const FILTER = '$iothub/methods/POST/#';

function invoke({ deviceId }, call) {
  const path = `/twins/${deviceId}/methods?api-version=2021-04-12`;
  return hub.call('POST', path, { methodName: 'm', ...call });
}

async function connect(device, qos = 1) {
  const client = await MqttClient.connect(hub, device);
  await client.subscribe(FILTER, qos);
  return client;
}

const requestIdOf = ({ topic }) => /\?\$rid=(.+)$/.exec(topic)[1];

function answer(client, request, status, body) {
  return client.publish(`$iothub/methods/res/${status}/?$rid=${requestIdOf(request)}`, body);
}

function assertError({ status, headers, body }, expectedStatus, code, errorCode) {
  assert.equal(status, expectedStatus);
  assert.equal(headers.get('iothub-errorcode'), code);
  assert.equal(body.ExceptionMessage, '');
  const inner = JSON.parse(body.Message);
  assert.equal(inner.errorCode, errorCode);
  return inner;
}

describe('a direct method', () => {
  test('goes to the device, and its answer comes back', async () => {
    const device = await hub.createDevice();
    const client = await connect(device);
    const payload = { in: [1, null] };
    const pending = invoke(device, { methodName: 'comp*reset it/ü', payload });
    const request = await client.next();
    assert.match(request.topic, /^\$iothub\/methods\/POST\/comp\*reset%20it%2F%C3%BC\/\?\$rid=/);
    assert.deepEqual(JSON.parse(request.text), payload);
    await answer(client, request, 207, '{"done":true}');
    const { status, body } = await pending;
    assert.equal(status, 200);
    assert.deepEqual(body, { status: 207, payload: { done: true } });
    await client.end();
  });

  test('is sent at QoS 0, or as high as the subscription when methodQos says so', async (t) => {
    const device = await hub.createDevice();
    for (const [methodQos, granted, expected] of [
      [0, 1, 0],
      [1, 1, 1],
      [1, 0, 0],
    ]) {
      await hub.set(t, { methodQos });
      const client = await connect(device, granted);
      const pending = invoke(device);
      const request = await client.next();
      assert.equal(request.packet.qos, expected, `${methodQos} and ${granted}`);
      await answer(client, request, 200, '');
      await pending;
      await client.end();
    }
  });

  test('is 502 when the answer exceeds 128 KB', async () => {
    const device = await hub.createDevice();
    const client = await connect(device);
    const pending = invoke(device);
    await answer(client, await client.next(), 200, JSON.stringify('x'.repeat(128 * 1024)));
    assertError(await pending, 502, 'BadDeviceResponse', 502101);
    await client.end();
  });

  test('without payload sends null, and an empty answer is null', async () => {
    const device = await hub.createDevice();
    const client = await connect(device);
    const pending = invoke(device);
    const request = await client.next();
    assert.equal(request.text, 'null');
    await answer(client, request, 200, '');
    assert.deepEqual((await pending).body, { status: 200, payload: null });
    await client.end();
  });

  test('gets its own response, whatever the order of responses', async () => {
    const device = await hub.createDevice();
    const client = await connect(device);
    const pending = [1, 2, 3].map((payload) => invoke(device, { payload }));
    const requests = [await client.next(), await client.next(), await client.next()];
    assert.equal(new Set(requests.map(requestIdOf)).size, 3);
    await client.publish('$iothub/methods/res/200/?$rid=unknown', '0');
    for (const request of requests.reverse()) await answer(client, request, 200, request.text);
    const payloads = (await Promise.all(pending)).map(({ body }) => body.payload);
    assert.deepEqual(payloads, [1, 2, 3]);
    await client.end();
  });

  test('waits for the device to connect and subscribe for the given time', async () => {
    const device = await hub.createDevice();
    const pending = invoke(device, { connectTimeoutInSeconds: 30 });
    const client = await connect(device);
    const request = await client.next();
    await answer(client, request, 200, '1');
    assert.deepEqual((await pending).body, { status: 200, payload: 1 });
    await client.end();
  });
});

describe('a direct method fails', () => {
  test('with 404 when the device is not connected', async () => {
    const inner = assertError(
      await invoke(await hub.createDevice()),
      404,
      'DeviceNotOnline',
      404103,
    );
    assert.equal(inner.message, 'Timed out waiting for device to connect.');
    assert.deepEqual(inner.info, { timeout: '00:00:00' });
  });

  test('with 404 when the device does not connect in time', async () => {
    const device = await hub.createDevice();
    const inner = assertError(
      await invoke(device, { connectTimeoutInSeconds: 1 }),
      404,
      'DeviceNotOnline',
      404103,
    );
    assert.deepEqual(inner.info, { timeout: '00:00:01' });
  });

  test('with 404 when the device has not subscribed, or not any more', async () => {
    const device = await hub.createDevice();
    const client = await MqttClient.connect(hub, device);
    assertError(await invoke(device), 404, 'DeviceNotOnline', 404103);
    await client.subscribe(FILTER);
    await client.mqtt.unsubscribeAsync(FILTER);
    assertError(await invoke(device), 404, 'DeviceNotOnline', 404103);
    await client.end();
  });

  test('with 404 when the device disconnects before it responds', async () => {
    const device = await hub.createDevice();
    const client = await connect(device);
    const pending = invoke(device);
    await client.next();
    await client.drop();
    assertError(await pending, 404, 'DeviceNotOnline', 404103);
  });

  test('with 504 when no answer comes in time', async () => {
    const device = await hub.createDevice();
    const client = await connect(device);
    const pending = invoke(device, { responseTimeoutInSeconds: 5 });
    const request = await client.next();
    assertError(await pending, 504, 'GatewayTimeout', 504101);
    await answer(client, request, 200, '"too late"');
    await client.end();
  });

  test('with 502 when the answer is not JSON', async () => {
    const device = await hub.createDevice();
    const client = await connect(device);
    const pending = invoke(device);
    await answer(client, await client.next(), 200, 'fine, thanks');
    const { status, headers } = await pending;
    assert.equal(status, 502);
    assert.equal(headers.get('iothub-errorcode'), 'BadDeviceResponse');
    await client.end();
  });

  test('with 404 for an unknown or a disabled device', async () => {
    assertError(await invoke({ deviceId: 'nobody' }), 404, 'DeviceNotFound', 404001);
    const device = await hub.createDevice();
    const disabled = { status: 'disabled' };
    await hub.call('PUT', `/devices/${device.deviceId}`, disabled, { 'if-match': '*' });
    assertError(await invoke(device), 404, 'DeviceNotFound', 404001);
  });

  test('with 400 when a timeout is out of range, or the name is missing', async () => {
    const device = await hub.createDevice();
    for (const [name, value, range] of [
      ['responseTimeoutInSeconds', 4, '[5; 300]'],
      ['responseTimeoutInSeconds', 301, '[5; 300]'],
      ['connectTimeoutInSeconds', 301, '[0; 300]'],
    ]) {
      const answered = await invoke(device, { [name]: value });
      const { message } = assertError(answered, 400, 'ArgumentInvalid', 400004);
      assert.equal(message, `${name} must be within ${range}`);
    }
    assertError(await invoke(device, { methodName: '' }), 400, 'ArgumentInvalid', 400004);
  });

  test('with 413 when the payload exceeds 128 KB', async () => {
    const device = await hub.createDevice();
    const payload = 'x'.repeat(128 * 1024 - 1);
    assertError(await invoke(device, { payload }), 413, 'MessageTooLarge', 413001);
    assert.equal((await invoke(device, { payload: payload.slice(1) })).status, 404);
  });
});
