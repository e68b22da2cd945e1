import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestHub } from './support/hub.js';

const hub = new TestHub();

const change = (...operations) => hub.json('POST', '/devices', operations);
const DONE = { isSuccessful: true, errors: [], warnings: [] };
const statusOf = async (id) => (await hub.call('GET', `/devices/${id}`)).status;

test('one call creates, updates and deletes many devices', async () => {
  assert.deepEqual(await change({ id: 'a', importMode: 'create' }, { id: 'b' }), DONE);
  const update = { id: 'a', importMode: 'Update', status: 'disabled', statusReason: 'old' };
  assert.deepEqual(await change(update, { id: 'b', importMode: 'Delete' }), DONE);
  const { status, statusReason } = await hub.json('GET', '/devices/a');
  assert.deepEqual({ status, statusReason }, { status: 'disabled', statusReason: 'old' });
  assert.equal(await statusOf('b'), 404);
});

test('createOrUpdate does what is needed', async () => {
  for (const statusReason of ['first', 'second']) {
    const operation = { id: 'either', importMode: 'createOrUpdate', statusReason };
    assert.deepEqual(await change(operation), DONE);
    assert.equal((await hub.json('GET', '/devices/either')).statusReason, statusReason);
  }
});

test('a change that fails is named, and the others are done', async () => {
  await change({ id: 'there' });
  assert.deepEqual(
    await change(
      { id: 'there', importMode: 'create' },
      { id: 'nobody', importMode: 'delete' },
      { id: 'a b', importMode: 'create' },
      { id: 'fine', importMode: 'create' },
    ).then(({ isSuccessful, errors }) => [
      isSuccessful,
      ...errors.map(({ deviceId, errorCode }) => [deviceId, errorCode]),
    ]),
    [
      false,
      ['there', 'DeviceAlreadyExists'],
      ['nobody', 'DeviceNotFound'],
      ['a b', 'ArgumentInvalid'],
    ],
  );
  assert.equal(await statusOf('fine'), 200);
});

test('a change of an unknown kind is named, with whatever characters', async () => {
  const { errors } = await change({ id: 'unmade', importMode: 'create\n' });
  assert.equal(errors[0].errorCode, 'ArgumentInvalid');
  assert.equal(await statusOf('unmade'), 404);
});

test('IfMatchETag changes only devices with the named etag', async () => {
  await change({ id: 'tagged' });
  const { etag } = await hub.json('GET', '/devices/tagged');
  for (const importMode of ['UpdateIfMatchETag', 'DeleteIfMatchETag']) {
    for (const stale of [{ eTag: 'stale' }, { eTag: 'st\nale' }, {}]) {
      const { errors } = await change({ id: 'tagged', importMode, ...stale });
      assert.equal(errors[0].errorCode, 'PreconditionFailed');
    }
  }
  // As azure-iothub names it.
  assert.deepEqual(await change({ id: 'tagged', importMode: 'DeleteIfMatchETag', etag }), DONE);
  assert.equal(await statusOf('tagged'), 404);
});

test('twins are written, too, and modules', async () => {
  const twin = { tags: { floor: 1 }, properties: { desired: { interval: 5 } } };
  assert.deepEqual(await change({ id: 'edge', importMode: 'create', ...twin }), DONE);
  assert.deepEqual(await change({ id: 'edge', moduleId: 'm', importMode: 'create' }), DONE);
  const update = { id: 'edge', importMode: 'updateTwin', tags: { floor: 2 } };
  assert.deepEqual(await change(update, { ...update, moduleId: 'm' }), DONE);
  const { tags, properties, etag } = await hub.json('GET', '/twins/edge');
  assert.deepEqual(tags, { floor: 2 });
  assert.equal(properties.desired.interval, 5);
  assert.deepEqual((await hub.json('GET', '/twins/edge/modules/m')).tags, { floor: 2 });

  const conditional = { ...update, importMode: 'updateTwinIfMatchETag' };
  const { errors } = await change({ ...conditional, twinETag: 'stale' });
  assert.equal(errors[0].errorCode, 'PreconditionFailed');
  assert.deepEqual(await change({ ...conditional, twinETag: etag }), DONE);
});

test('a list that is too long, empty or has a device twice is refused whole', async () => {
  const many = Array.from({ length: 101 }, (_, index) => ({ id: `many${index}` }));
  for (const operations of [many, [], [{ id: 'twice' }, { id: 'twice' }], [{}], {}]) {
    const { status } = await hub.call('POST', '/devices', operations);
    assert.equal(status, 400, JSON.stringify(operations).slice(0, 50));
  }
  for (const id of ['many0', 'twice']) assert.equal(await statusOf(id), 404);
  assert.deepEqual(await change(...many.slice(1)), DONE);
});

test('an unknown importMode is an error of that device', async () => {
  const { errors } = await change({ id: 'x', importMode: 'replace' });
  assert.equal(errors[0].errorStatus, '"replace" is not an importMode.');
});
