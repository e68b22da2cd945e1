import assert from 'node:assert/strict';

import {
  Inbox,
  OperationTimeout,
  ServiceError,
  createPair,
  isTwinGet,
  test,
  waitForPacket,
} from './support.mjs';

/** A connected client whose desired-properties patches arrive in an inbox. */
async function createListener(t, options) {
  const { client, backEnd } = await createPair(t, options);
  const patches = new Inbox('desired-properties patch');
  client.onTwinDesiredPropertiesPatchReceived = patches.put;
  await client.connect();
  return { client, backEnd, patches };
}

/** A section of the twin as devices get it. */
const withoutMetadata = ({ $metadata, ...section }) => section;

test('getTwin returns desired and reported properties as the hub has them', async (t) => {
  const { client, backEnd } = await createPair(t);
  await backEnd.patchDesired({ room: { name: 'Küche 🌍', lamps: [1, 2.5, 'off'] } });
  await client.patchTwinReportedProperties({ firmware: '1.0', on: true });
  const { properties } = await backEnd.twin();
  assert.deepEqual(await client.getTwin(), {
    desired: withoutMetadata(properties.desired),
    reported: withoutMetadata(properties.reported),
  });
});

test('simultaneous twin requests get their own responses', async (t) => {
  const { client } = await createPair(t);
  const [, before, after] = await Promise.all([
    client.patchTwinReportedProperties({ step: 1 }),
    client.getTwin(),
    client.patchTwinReportedProperties({ step: 2 }).then(() => client.getTwin()),
  ]);
  assert.equal(before.reported.step, 1);
  assert.equal(after.reported.step, 2);
});

test('a reported patch merges at the hub, and null deletes', async (t) => {
  const { client, backEnd } = await createPair(t);
  await client.patchTwinReportedProperties({ kept: 'Grüße', gone: 1, nested: { a: 1, b: 2 } });
  await client.patchTwinReportedProperties({ gone: null, nested: { b: null, c: 3 } });
  const { $version, ...reported } = withoutMetadata((await backEnd.twin()).properties.reported);
  assert.deepEqual(reported.kept, 'Grüße');
  assert.ok(!('gone' in reported));
  assert.equal(reported.nested.a, 1);
  assert.ok(!('b' in reported.nested));
  assert.equal(reported.nested.c, 3);
  assert.equal($version, 3);
});

test('a patch that the hub refuses is a ServiceError with its status', async (t) => {
  const { client } = await createPair(t);
  await assert.rejects(client.patchTwinReportedProperties({ 'a.b': 1 }), (error) => {
    assert.ok(error instanceof ServiceError);
    assert.equal(error.name, 'ServiceError');
    assert.equal(error.status, 400);
    assert.match(error.message, /400/);
    return true;
  });
  await client.patchTwinReportedProperties({ ab: 1 });
});

test('a patch with a value that JSON turns into null is a TypeError, and deletes nothing', async (t) => {
  const { client, backEnd } = await createPair(t);
  await client.patchTwinReportedProperties({ load: 1 });
  const inArrays = [[undefined], [() => 1], [Symbol('s')]];
  for (const load of [NaN, new Number(NaN), new Date(NaN), { deep: [Infinity] }, ...inArrays]) {
    const expected = { name: 'TypeError', message: /^the reported property (load|0) must be/ };
    await assert.rejects(client.patchTwinReportedProperties({ load }), expected);
  }
  assert.equal((await backEnd.twin()).properties.reported.load, 1);
  await client.patchTwinReportedProperties({
    load: null,
    none: undefined,
    text: 'NaN',
    since: new Date(0),
  });
  const { load, text, since } = (await backEnd.twin()).properties.reported;
  assert.deepEqual([load, text, since], [undefined, 'NaN', '1970-01-01T00:00:00.000Z']);
});

test('a patch that is not JSON is a TypeError', async (t) => {
  const { client } = await createPair(t);
  const circular = {};
  circular.self = circular;
  for (const patch of [undefined, circular, () => {}, { big: 1n }]) {
    await assert.rejects(client.patchTwinReportedProperties(patch), {
      name: 'TypeError',
      message: /^the patch of reported properties must be what JSON can hold/,
    });
  }
});

test('a desired patch arrives with its version', async (t) => {
  const { backEnd, patches } = await createListener(t);
  await patches.take();
  await backEnd.patchDesired({ interval: 5, old: null });
  assert.deepEqual(await patches.take(), { interval: 5, old: null, $version: 2 });
});

test('desired patches arrive in the order of their versions', async (t) => {
  const { backEnd, patches } = await createListener(t);
  await patches.take();
  for (let step = 1; step <= 10; step += 1) await backEnd.patchDesired({ step });
  for (let step = 1; step <= 10; step += 1) {
    assert.deepEqual(await patches.take(), { step, $version: step + 1 });
  }
});

test('the current desired properties are delivered on connecting', async (t) => {
  const { client, backEnd } = await createPair(t);
  await backEnd.patchDesired({ a: 1 });
  const patches = new Inbox('desired-properties patch');
  client.onTwinDesiredPropertiesPatchReceived = patches.put;
  await client.connect();
  assert.deepEqual(await patches.take(), { a: 1, $version: 2 });
});

test('a handler set while connected gets the current desired properties', async (t) => {
  const { client, backEnd } = await createPair(t);
  await backEnd.patchDesired({ a: 1 });
  await client.connect();
  const patches = new Inbox('desired-properties patch');
  client.onTwinDesiredPropertiesPatchReceived = patches.put;
  assert.deepEqual(await patches.take(), { a: 1, $version: 2 });
});

test('desired properties missed while offline are delivered once on reconnecting', async (t) => {
  const { client, backEnd, patches } = await createListener(t);
  await patches.take();
  await client.disconnect();
  await backEnd.patchDesired({ missed: 1 });
  await backEnd.patchDesired({ also: 2 });
  await client.connect();
  assert.deepEqual(await patches.take(), { missed: 1, also: 2, $version: 3 });
  await backEnd.patchDesired({ next: 3 });
  assert.deepEqual(await patches.take(), { next: 3, $version: 4 });
});

test('desired properties that were delivered are not delivered again after a drop', async (t) => {
  const { client, backEnd, patches } = await createListener(t);
  await patches.take();
  const [first] = await backEnd.packets({ type: 'publish', direction: 'in' });
  await backEnd.drop();
  await waitForPacket(backEnd, 'publish', 'in', isTwinGet, first.sequence);
  // The response to the client's second twin request arrives after that of the reconnect.
  await client.getTwin();
  await backEnd.patchDesired({ next: 1 });
  assert.deepEqual(await patches.take(), { next: 1, $version: 2 });
});

test('desired properties that were delivered are not delivered again after a disconnect', async (t) => {
  const { client, backEnd, patches } = await createListener(t);
  await patches.take();
  const [first] = await backEnd.packets({ type: 'publish', direction: 'in' });
  await client.disconnect();
  await client.connect();
  await waitForPacket(backEnd, 'publish', 'in', isTwinGet, first.sequence);
  await client.getTwin();
  await backEnd.patchDesired({ next: 1 });
  assert.deepEqual(await patches.take(), { next: 1, $version: 2 });
});

test('without ensureDesiredProperties only patches are delivered', async (t) => {
  const { backEnd, patches } = await createListener(t, { ensureDesiredProperties: false });
  await backEnd.patchDesired({ a: 1 });
  assert.deepEqual(await patches.take(), { a: 1, $version: 2 });
  const published = await backEnd.packets({ type: 'publish', direction: 'in' });
  assert.deepEqual(published.filter(isTwinGet), []);
});

test('a twin request without a response is an OperationTimeout', async (t) => {
  const { client, backEnd } = await createPair(t, { operationTimeout: 0.3 });
  await client.connect();
  await backEnd.setFaults({ withhold: ['twin'] });
  await assert.rejects(client.getTwin(), OperationTimeout);
  await assert.rejects(client.patchTwinReportedProperties({ a: 1 }), OperationTimeout);
  await backEnd.setFaults({ clear: true });
  assert.equal((await client.getTwin()).desired.$version, 1);
});

test('a twin request whose response was lost with the connection is repeated', async (t) => {
  const { client, backEnd } = await createPair(t);
  await client.connect();
  await backEnd.setFaults({ withhold: ['twin'] });
  const twin = client.getTwin();
  const asked = await waitForPacket(backEnd, 'publish', 'in', isTwinGet);
  await backEnd.drop();
  await backEnd.setFaults({ clear: true });
  assert.equal((await twin).desired.$version, 1);
  const again = await waitForPacket(backEnd, 'publish', 'in', isTwinGet, asked.sequence);
  assert.equal(again.topic, asked.topic);
});
