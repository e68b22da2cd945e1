import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EventStream } from './support/event-stream.js';
import { resourceOf, sasToken } from './support/credentials.js';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';

const hub = new TestHub();

const SCRIPT = '</script><script>alert(1)</script><img src=x onerror=alert(1)>';
const LINES = '\r\nSet-Cookie: a=b\r\n\r\n<script>alert(1)</script>';

/** Headers that make a browser treat a response as data, whatever it contains. */
function assertInert({ headers }, type = 'application/json; charset=utf-8') {
  assert.equal(headers.get('content-type'), type);
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.equal(headers.get('content-security-policy'), 'sandbox');
  assert.equal(headers.get('set-cookie'), null);
}

async function assertRead(path, find, expected) {
  const answer = await hub.call('GET', path);
  assertInert(answer);
  assert.deepEqual(find(answer.body), expected);
}

describe('text that looks like a script or a header is returned only as JSON', () => {
  for (const text of [SCRIPT, LINES]) {
    test(`in tags, desired and reported properties: ${JSON.stringify(text)}`, async () => {
      const device = await hub.createDevice();
      const { deviceId } = device;
      const client = await MqttClient.connect(hub, device);
      await client.subscribe('$iothub/twin/res/#');
      const reported = JSON.stringify({ a: text });
      await client.publish('$iothub/twin/PATCH/properties/reported/?$rid=1', reported);
      await client.next();
      const twin = { tags: { a: text }, properties: { desired: { a: text } } };
      assertInert(await hub.call('PATCH', `/twins/${deviceId}`, twin));
      const find = ({ tags, properties: { desired, reported } }) =>
        [tags, desired, reported].map(({ a }) => a);
      await assertRead(`/twins/${deviceId}`, find, [text, text, text]);
      await client.end();
    });

    test(`in telemetry and its properties: ${JSON.stringify(text)}`, async (t) => {
      const device = await hub.createDevice();
      const path = `/local/devices/${device.deviceId}/telemetry`;
      const stream = await EventStream.open(hub, `${path}/stream`);
      t.after(() => stream.close());
      const client = await MqttClient.connect(hub, device);
      const bag = `${encodeURIComponent(text)}=${encodeURIComponent(text)}`;
      await client.publish(`devices/${device.deviceId}/messages/events/${bag}`, text);
      const find = ({ messages: [{ text: body, properties }] }) => [body, properties];
      await assertRead(path, find, [text, { [text]: text }]);
      assertInert(stream, 'text/event-stream');
      const { data } = await stream.next();
      assert.deepEqual([data.text, data.properties], [text, { [text]: text }]);
      await client.end();
    });

    test(`in names that are refused: ${JSON.stringify(text)}`, async () => {
      const name = encodeURIComponent(text);
      for (const [method, path] of [
        ['PUT', `/devices/${name}`],
        ['GET', `/devices/${name}`],
        ['GET', `/local/devices/${name}`],
        ['GET', `/twins/${name}`],
        ['GET', `/${name}`],
        ['POST', `/devices/${name}/files`],
      ]) {
        const answer = await hub.call(method, path, method === 'GET' ? undefined : {});
        assert.ok(answer.status >= 400);
        assertInert(answer);
      }
      const query = await hub.call('POST', '/devices/query', { query: text });
      assert.equal(query.status, 400);
      assertInert(query);
    });
  }

  test('in an id that may have such characters', async () => {
    const deviceId = "'(alert(1))'";
    const path = `/devices/${encodeURIComponent(deviceId)}`;
    assertInert(await hub.call('PUT', path, { deviceId }));
    await assertRead(path, (device) => device.deviceId, deviceId);
  });
});

test('an uploaded page is not served as a page of the hub', async () => {
  const device = await hub.createDevice();
  const authorization = sasToken({ resource: resourceOf(hub, device), key: device.primaryKey });
  const { body } = await hub.call(
    'POST',
    `/devices/${device.deviceId}/files`,
    { blobName: 'page.html' },
    { authorization },
  );
  const url = `http://${body.hostName}/${body.containerName}/${body.blobName}${body.sasToken}`;
  const headers = { 'x-ms-blob-type': 'BlockBlob', 'content-type': 'text/html' };
  assert.equal((await fetch(url, { method: 'PUT', headers, body: SCRIPT })).status, 201);
  const answer = await fetch(url);
  assertInert(answer, 'text/html');
  assert.equal(await answer.text(), SCRIPT);
});

test('a name cannot forge a line of the log', async () => {
  const username = 'x\r\nborn: connected\u001b[2J\u2028';
  const client = MqttClient.connect(hub, { deviceId: 'x' }, { username, password: 'x' });
  await assert.rejects(client, { code: 5 });
  const line = await hub.logged(/malformed/);
  assert.ok(line.includes('x\\u000d\\u000aborn: connected\\u001b[2J\\u2028'), line);
});
