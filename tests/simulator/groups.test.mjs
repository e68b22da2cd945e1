/**
 * Groups of devices without the page: filters, the list that does not move, actions for many
 * devices.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startHub } from 'iothub-local';

import { DEVICE_FAULTS, HUB_FAULTS, inWords } from '../../www/ui/fault-kinds.js';
import { requestOf } from '../../www/ui/fault-request.js';
import {
  forEachDevice,
  held,
  isSoForEach,
  matches,
  NO_FILTER,
  outdated,
} from '../../www/ui/groups.js';

const device = (id, state = 'connected', rest = {}) => ({ id, kind: 'van', state, ...rest });

test('a filter looks at text, state, kind and tag, and all of them have to match', () => {
  const one = device('van-1', 'reconnecting', { lastError: {} });
  const tags = ['North', 'late'];
  const lets = (filter) => matches(one, tags, { ...NO_FILTER, ...filter });
  for (const filter of [
    {},
    { text: ' VAN-1 ' },
    { text: 'north' },
    { state: 'waiting' },
    { state: 'error' },
    { kind: 'van' },
    { tag: 'late' },
    { text: '1', state: 'waiting', kind: 'van', tag: 'North' },
  ]) {
    assert.equal(lets(filter), true, JSON.stringify(filter));
  }
  for (const filter of [
    { text: 'lorry' },
    { state: 'connected' },
    { state: 'stopped' },
    { state: 'failed' },
    { kind: 'lorry' },
    { tag: 'lat' },
    { text: '1', state: 'waiting', kind: 'van', tag: 'South' },
  ]) {
    assert.equal(lets(filter), false, JSON.stringify(filter));
  }
});

test('devices that no longer match stay in the list until the filter is set again', () => {
  const stopped = new Set(['a', 'b']);
  const isStopped = (id) => stopped.has(id);
  const filter = { ...NO_FILTER, state: 'stopped' };
  const ids = ['a', 'b', 'c'];
  const first = held(undefined, filter, ids, isStopped);
  assert.deepEqual(first.shown, ['a', 'b']);
  stopped.delete('a');
  stopped.add('c');
  assert.equal(held(first, filter, ids, isStopped), first);
  assert.equal(outdated(first, isStopped), 2);
  // A removed device disappears, and an added one appears if it matches.
  stopped.add('d');
  const next = held(first, filter, ['b', 'c', 'd', 'e'], isStopped);
  assert.deepEqual(next.shown, ['b', 'd']);
  const again = held(next, { ...filter }, next.ids, isStopped);
  assert.deepEqual(again.shown, ['b', 'c', 'd']);
  assert.equal(outdated(again, isStopped), 0);
});

test('a fault is on for a group if each of its devices has it, and for an empty one never', () => {
  const has = (id) => id !== 'c';
  const groups = [['a', 'b'], ['a', 'c'], []];
  assert.deepEqual(
    groups.map((ids) => isSoForEach(ids, has)),
    [true, false, false],
  );
});

test('an action runs for some devices at a time, and continues if one fails, whose error is reported', async () => {
  const ids = Array.from({ length: 50 }, (_, index) => `d-${index}`);
  let running = 0;
  let most = 0;
  const results = await forEachDevice(ids, async (id) => {
    running += 1;
    most = Math.max(most, running);
    await null;
    running -= 1;
    if (id.endsWith('7')) throw new Error('not connected');
    return 'done';
  });
  assert.equal(results.get('done').length, 45);
  assert.deepEqual(results.get('not connected'), ['d-7', 'd-17', 'd-27', 'd-37', 'd-47']);
  assert.ok(most > 1 && most <= 10, `${most}`);
});

/** The request of a fault to the hub, with the initial values of its form. */
const begun = ({ fields, toRequest }) =>
  toRequest(Object.fromEntries(fields.map(({ name, value }) => [name, value])));

test('the page has each fault of the hub, under the name that the hub has for it', async (t) => {
  const hub = await startHub();
  t.after(() => hub.close());
  const { paths } = await (await fetch(`${hub.url}/openapi.json`)).json();
  const namesAt = (path) => {
    const { schema } = paths[path].post.requestBody.content['application/json'];
    return Object.keys(schema.properties).filter((name) => !['forSeconds', 'clear'].includes(name));
  };
  const requests = (faults) => new Set(faults.flatMap((fault) => Object.keys(begun(fault))));
  const ofDevices = namesAt('/local/devices/{deviceId}/faults').filter((name) => name !== 'body');
  assert.deepEqual(requests(DEVICE_FAULTS), new Set(ofDevices));
  assert.deepEqual(requests(HUB_FAULTS), new Set(namesAt('/local/hub/faults')));
});

test('the hub accepts each fault with any of its choices, reports it as active, and accepts it again', async (t) => {
  const hub = await startHub();
  t.after(() => hub.close());
  const headers = { authorization: hub.authorization(), 'content-type': 'application/json' };
  const call = async (method, path, body) => {
    const request = { method, headers, body: body && JSON.stringify(body) };
    const response = await fetch(`${hub.url}${path}`, request);
    return { status: response.status, body: await response.json() };
  };
  await call('PUT', '/local/devices/d', {});
  const lasting = [...DEVICE_FAULTS, ...HUB_FAULTS].filter(({ isOnce }) => !isOnce);
  for (const fault of lasting) {
    const path = fault.isOfHub ? '/local/hub/faults' : '/local/devices/d/faults';
    const first = Object.fromEntries(fault.fields.map(({ name, value }) => [name, value]));
    const variants = fault.fields.flatMap(({ name, choices = [] }) =>
      choices.map(([value]) => ({ ...first, [name]: value })),
    );
    for (const values of [first, ...variants]) {
      const request = { clear: true, ...fault.toRequest(values) };
      const { status, body } = await call('POST', path, request);
      assert.equal(
        status,
        200,
        `${fault.label} ${JSON.stringify(request)} ${JSON.stringify(body)}`,
      );
      assert.ok(fault.name in body, `${fault.label}: ${JSON.stringify(body)}`);
      if (fault.isOfHub) continue;
      assert.ok(inWords(fault.name, body[fault.name]).startsWith(fault.label));
      const again = await call('POST', path, { clear: true, ...requestOf(body) });
      assert.deepEqual(again, { status: 200, body });
    }
  }
});

test('an active fault is described with its values and their units', () => {
  assert.equal(inWords('delay', { puback: 2000 }), 'Delay responses: puback 2000 ms');
  assert.equal(inWords('duplicate', true), 'Deliver twice');
  assert.equal(inWords('connack', 3), 'Refuse connections: 3');
});
