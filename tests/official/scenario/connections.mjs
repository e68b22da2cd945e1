/** How connections begin, end and are reopened. */
import assert from 'node:assert/strict';

import { assertUpload, base64, exchange } from './steps.mjs';

/** @param {import('./index.mjs').Given} given */
export function testConnections({ hub, test, create, connect, traits }) {
  test('connects and disconnects', async (t) => {
    const device = await connect(t, await create());
    const [{ clientId, clean, username, password }] = await device.packets('connect', 'in');
    assert.equal(clientId, device.id);
    assert.equal(clean, false);
    assert.ok(username.startsWith(`localhost/${device.id}/?api-version=`), username);
    assert.equal(decodeURIComponent(password.sr), `localhost/devices/${device.id}`);
    assert.equal((await device.local('GET', '')).connected, true);
    const { connections } = await device.local('GET', '/connections');
    assert.deepEqual(
      connections.map(({ url, secure }) => ({ url, secure })),
      [{ url: '/$iothub/websocket', secure: true }],
    );

    await device.call('disconnect');
    await device.packets('disconnect', 'in');
    await device.call('reconnect');
    const [, { sessionPresent, returnCode }] = await device.packets('connack', 'out', 2);
    assert.deepEqual({ sessionPresent, returnCode }, { sessionPresent: true, returnCode: 0 });
  });

  test('gets an error for a wrong key', async () => {
    const device = await create();
    const right = device.created.connectionString;
    const connectionString = right.replace(/(?<=SharedAccessKey=).*/, base64('wrong'));
    await assert.rejects(device.open({ connectionString }), { name: traits.unauthorized });
    const [{ returnCode }] = await device.packets('connack', 'out');
    assert.equal(returnCode, 5);
    await device.call('close');
  });

  test('is accepted by the thumbprint of its certificate', async (t) => {
    const certificate = await hub.started.issueSelfSignedCertificate('thumbprint');
    const { sha1Thumbprint: primaryThumbprint } = certificate;
    const device = await create({ authentication: { type: 'selfSigned', primaryThumbprint } });
    await assertCertificate(t, device, certificate);

    const other = await hub.started.issueSelfSignedCertificate('thumbprint');
    const stranger = await create({ authentication: { type: 'selfSigned', primaryThumbprint } });
    const refused = stranger.open({ certificate: other });
    await assert.rejects(refused, { name: traits.unauthorized });
    await stranger.call('close');
  });

  test('is accepted by the authority of its certificate', async (t) => {
    const device = await create({ authentication: { type: 'certificateAuthority' } });
    await assertCertificate(t, device, await device.local('POST', '/certificate'));
  });

  async function assertCertificate(t, device, certificate) {
    await connect(t, device, { certificate });
    const [{ password }] = await device.packets('connect', 'in');
    assert.equal(password, undefined);
    const { connections } = await device.local('GET', '/connections');
    assert.ok(connections[0].clientCertificate);
    await device.call('send', { body: base64('by certificate') });
    assert.equal((await device.telemetry())[0].text, 'by certificate');
    await assertUpload(device);
  }

  test('connects again with a new token before the old one expires', async (t) => {
    const device = await connect(t, await create(), { renewAfter: 5 });
    await device.listen();
    const [{ returnCode }] = (await device.packets('connack', 'out', 2)).slice(1);
    assert.equal(returnCode, 0);
    const [first, second] = await device.packets('connect', 'in', 2);
    assert.ok(second.password.se > first.password.se, 'the token is the same');
    const now = Date.parse(second.time) / 1000;
    assert.ok(first.password.se > now, 'the token expired before it was renewed');
    await exchange(device, 'after');
  });

  test('comes back after its connection was dropped', async (t) => {
    const device = await connect(t, await create());
    await device.listen();
    for (const [index, how] of ['reset', 'close'].entries()) {
      await exchange(device, `before ${how}`);
      assert.deepEqual(await device.local('POST', `/disconnect?how=${how}`), { dropped: true });
      const connack = (await device.packets('connack', 'out', index + 2)).at(-1);
      assert.deepEqual([connack.returnCode, connack.sessionPresent], [0, true]);
      await exchange(device, `after ${how}`);
    }
  });

  test('loses no telemetry when its connection is dropped', async (t) => {
    const device = await connect(t, await create());
    await device.local('POST', '/faults', { withhold: ['puback'] });
    const sending = device.call('send', { body: base64('unacknowledged') });
    await device.telemetry();
    await device.local('POST', '/faults', { clear: true });
    await device.local('POST', '/disconnect?how=reset');
    await sending;
    const texts = (await device.telemetry(2)).map(({ text }) => text);
    assert.deepEqual(texts, ['unacknowledged', 'unacknowledged']);
  });
}
