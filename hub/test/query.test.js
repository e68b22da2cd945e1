import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { TestHub } from './support/hub.js';

const hub = new TestHub({ devices: ['a', 'b', 'c', "it's"] });

const post = (query, headers) => hub.call('POST', '/devices/query', { query }, headers);

async function run(query, headers) {
  const { status, body } = await post(query, headers);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

const idsOf = (twins) => twins.map(({ deviceId }) => deviceId);
const where = async (condition) => idsOf(await run(`SELECT * FROM devices WHERE ${condition}`));

describe('a query', () => {
  before(async () => {
    const write = (path, tags, desired = {}) =>
      hub.json('PATCH', `/twins/${path}`, { tags, properties: { desired } });
    await write('a', { city: 'Ulm', floor: 1, 'odd-name': true }, { interval: 5 });
    await write('b', { city: 'Ulm', floor: 2 }, { interval: 7, wifi: null });
    await write('c', { city: 'Bonn', floor: 2, rooms: ['x', 'y'] });
    await hub.json('PUT', '/local/devices/a/modules/m1');
    await hub.json('PUT', '/local/devices/a/modules/m2');
    await write('a/modules/m1', { role: 'camera' });
  });

  test('returns whole twins', async () => {
    const { headers, body } = await post('SELECT * FROM devices');
    assert.deepEqual(idsOf(body), ['a', 'b', 'c', "it's"]);
    assert.deepEqual(body[0], await hub.json('GET', '/twins/a'));
    assert.equal(headers.get('x-ms-item-type'), 'Twin');
    assert.equal(headers.get('x-ms-continuation'), null);
  });

  test('returns the twins of modules', async () => {
    const modules = await run('select * from devices.modules where is_defined(tags.role)');
    assert.deepEqual(modules, [await hub.json('GET', '/twins/a/modules/m1')]);
  });

  for (const [condition, expected] of [
    ["deviceId = 'b'", ['b']],
    ["deviceId='it''s'", ["it's"]],
    ['deviceId = "it\'s"', ["it's"]],
    ["tags.city != 'Ulm'", ['c']],
    ["tags.city <> 'Ulm'", ['c']],
    ['tags.floor >= 2', ['b', 'c']],
    ['tags.floor < 1.5', ['a']],
    ["tags.floor < '2'", []],
    ["properties.desired.interval > 5 AND tags.city = 'Ulm'", ['b']],
    ["tags.city = 'Bonn' OR tags.floor = 1", ['a', 'c']],
    ["deviceId = 'a' OR deviceId = 'b' AND tags.floor = 1", ['a']],
    ["(deviceId = 'a' OR deviceId = 'b') AND NOT tags.floor = 1", ['b']],
    ["tags.city IN ['Bonn', 'Kiel']", ['c']],
    ["tags.city NIN ['Bonn', 'Kiel']", ['a', 'b']],
    ["tags.city NOT IN ['Bonn']", ['a', 'b']],
    ["'y' IN tags.rooms", ['c']],
    ["tags.rooms = ['x', 'y']", ['c']],
    ['is_defined(properties.desired.interval)', ['a', 'b']],
    ['NOT IS_DEFINED(tags.city)', ["it's"]],
    ["NOT tags.city = 'Ulm'", ['c']],
    ['capabilities.iotEdge = false AND tags.floor = 1', ['a']],
    ['statusReason = null AND tags.floor = 1', ['a']],
    ['properties.desired.$version > 1', ['a', 'b', 'c']],
    ["properties.desired.$metadata.interval.$lastUpdated > '2001-01-01'", ['a', 'b']],
    ["STARTSWITH(tags.city, 'U') AND ENDSWITH(tags.city, 'm')", ['a', 'b']],
    ['tags.[[odd-name]] = true', ['a']],
    ['tags.odd-name = true', ['a']],
    ['tags.constructor = 1 OR is_defined(tags.toString) OR is_defined(__proto__)', []],
    ["android = 'x' OR orange = 'x' OR notes = 1 OR deviceId = 'a'", ['a']],
  ]) {
    test(`finds the twins where ${condition}`, async () => {
      assert.deepEqual(await where(condition), expected);
    });
  }

  test('returns the named properties, where they exist', async () => {
    const { headers, body } = await post(
      'SELECT deviceId, tags.city AS place, properties.desired.interval FROM devices;',
    );
    assert.deepEqual(body.slice(1), [
      { deviceId: 'b', place: 'Ulm', interval: 7 },
      { deviceId: 'c', place: 'Bonn' },
      { deviceId: "it's" },
    ]);
    assert.equal(headers.get('x-ms-item-type'), 'Raw');
  });

  test('counts', async () => {
    const count = 'SELECT COUNT() AS devices FROM devices';
    assert.deepEqual(await run(count), [{ devices: 4 }]);
    assert.deepEqual(await run(`${count} WHERE tags.floor = 9`), [{ devices: 0 }]);
    assert.deepEqual(await run('SELECT COUNT() FROM devices'), [{ $1: 4 }]);
  });

  test('groups', async () => {
    assert.deepEqual(
      await run(
        'SELECT tags.city, COUNT() AS n, COUNT(tags.rooms) AS withRooms, ' +
          'AVG(tags.floor) AS mean, SUM(tags.floor) AS sum, ' +
          'MIN(tags.floor) AS lowest, MAX(tags.floor) AS highest ' +
          'FROM devices WHERE is_defined(tags.city) GROUP BY tags.city',
      ),
      [
        { city: 'Ulm', n: 2, withRooms: 0, mean: 1.5, sum: 3, lowest: 1, highest: 2 },
        { city: 'Bonn', n: 1, withRooms: 1, mean: 2, sum: 2, lowest: 2, highest: 2 },
      ],
    );
  });

  test('returns the first ones', async () => {
    assert.deepEqual(idsOf(await run('SELECT TOP 2 * FROM devices')), ['a', 'b']);
  });

  for (const [top, expected] of [
    [3, [['a', 'b'], ['c']]],
    [
      4,
      [
        ['a', 'b'],
        ['c', "it's"],
      ],
    ],
  ]) {
    test(`of ${top} twins comes page by page`, async () => {
      const pages = [];
      for (let continuation = ''; continuation !== null;) {
        const { headers, body } = await post(`SELECT TOP ${top} * FROM devices`, {
          'x-ms-max-item-count': '2',
          'x-ms-continuation': continuation,
        });
        pages.push(idsOf(body));
        continuation = headers.get('x-ms-continuation');
      }
      assert.deepEqual(pages, expected);
    });
  }

  test('that the hub does not understand is refused, with where and what there is', async () => {
    for (const [query, place] of [
      ['SELECT', 7],
      ['UPDATE devices', 1],
      ['SELECT * FROM devices.jobs', 15],
      ['SELECT * FROM machines', 15],
      ['SELECT * FROM devices WHERE', 28],
      ['SELECT * FROM devices WHERE tags.a LIKE 1', 36],
      ["SELECT * FROM devices WHERE deviceId = 'a", 40],
      ['SELECT * FROM devices ORDER BY deviceId', 23],
      ['SELECT * FROM devices WHERE abs(tags.floor) = 1', 32],
    ]) {
      const { status, headers, body } = await post(query);
      assert.equal(status, 400, query);
      assert.equal(headers.get('iothub-errorcode'), 'ArgumentInvalid');
      const { ExceptionMessage: message } = body;
      assert.match(message, new RegExp(`cannot be parsed from character ${place} on`), query);
      assert.match(message, /The local hub supports SELECT .* GROUP BY\./);
    }
  });

  test('that is not one, or continues an unknown query, is refused', async () => {
    assert.equal((await hub.call('POST', '/devices/query', {})).status, 400);
    const all = 'SELECT * FROM devices';
    assert.equal((await post(all, { 'x-ms-continuation': 'x' })).status, 400);
    assert.equal((await post(all, { 'x-ms-max-item-count': '-1' })).status, 400);
  });
});
