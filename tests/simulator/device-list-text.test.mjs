/** Lists of devices that are pasted or dropped: connection strings in lines, or CSV. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readDeviceList } from '../../www/ui/device-list-text.js';

const KEY = 'c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlYw==';
const string = (id) => `HostName=hub.azure-devices.net;DeviceId=${id};SharedAccessKey=${KEY}`;
const options = { kinds: ['van', 'lorry'], kind: 'van' };
const read = (text, more) => readDeviceList(text, { ...options, ...more });
const found = (text) => read(text).devices.map(({ line, id, kind }) => [line, id, kind]);

test('each line with a connection string is a device; comments and empty lines are ignored', () => {
  const text = `\uFEFF# my devices\r\n${string('a')}\r\n\r\n  ${string('b')}  \r\n${string('c')}`;
  assert.deepEqual(found(text), [
    [2, 'a', 'van'],
    [4, 'b', 'van'],
    [5, 'c', 'van'],
  ]);
  const [{ identity }] = read(string('a')).devices;
  assert.deepEqual(identity, { connectionString: string('a') });
});

test('a header says what the cells are, whatever separates them', () => {
  const expected = [
    [2, 'a', 'lorry'],
    [3, 'b', 'van'],
  ];
  for (const separator of [',', '\t', ';']) {
    const lines = [
      ['Device ID', 'Kind', 'Connection_String', 'Note'],
      ['a', 'lorry', `"${string('a')}"`, '"one, two"'],
      ['b', '', `"${string('b')}"`],
    ];
    const text = lines.map((cells) => cells.join(separator)).join('\n');
    assert.deepEqual(found(text), expected, JSON.stringify(separator));
  }
});

test('a host name, an id and a key in separate columns are a device, too', () => {
  const text = `hostname,deviceId,moduleId,primaryKey,tags\nh,a,,${KEY},north late\nh,b,m,${KEY},`;
  const { devices, problems } = read(text);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    devices.map(({ id, tags }) => [id, tags]),
    [
      ['a', ['north', 'late']],
      ['b/m', []],
    ],
  );
  assert.deepEqual(devices[0].identity, { hostname: 'h', deviceId: 'a', key: KEY });
});

test('a line may be a token; endpoint and relay apply to all devices that can use them', () => {
  const token = 'SharedAccessSignature sr=hub.net%2Fdevices%2Ft&sig=abc%3D&se=99';
  const more = { endpoint: 'ws://127.0.0.1:1/x', relay: 'http://127.0.0.1:2' };
  const { devices } = read(`${token}\n${string('a')}`, more);
  assert.deepEqual(
    devices.map(({ id, identity }) => [id, identity.endpoint, identity.httpEndpoint]),
    [
      ['t', more.endpoint, undefined],
      ['a', more.endpoint, undefined],
    ],
  );
  assert.equal(
    read(string('a'), { relay: more.relay }).devices[0].identity.httpEndpoint,
    more.relay,
  );
});

test('each line that cannot be used is named by its number, without its key', () => {
  const text = [
    string('a'),
    `HostName=h;SharedAccessKeyName=iothubowner;SharedAccessKey=${KEY}`,
    KEY,
    `SharedAccessSignature sig=${KEY}`,
    string('b'),
    string('a'),
  ].join('\n');
  const { devices, problems } = read(text);
  assert.deepEqual(
    devices.map(({ line, id }) => [line, id]),
    [
      [1, 'a'],
      [5, 'b'],
    ],
  );
  assert.deepEqual(
    problems.map(({ line }) => line),
    [2, 3, 4, 6],
  );
  assert.match(problems[0].message, /connection string of a hub policy/);
  assert.match(problems[1].message, /not a connection string/);
  assert.match(problems[2].message, /not a SAS token of a device/);
  assert.equal(problems[3].message, 'a is already in line 1.');
  assert.ok(!JSON.stringify(problems).includes(KEY.slice(0, 12)));
});

test('contradictory and missing columns are reported', () => {
  const header = 'deviceId,connectionString,kind\n';
  const problem = (row) => read(`${header}${row}`).problems[0].message;
  assert.match(problem(`x,${string('ab')},`), /The device id is x, but .* is for ab/);
  assert.match(problem(`a,${string('ab')},`), /The device id is a, but .* is for ab/);
  assert.match(problem(`a,${string('a')},bus`), /no kind “bus”, only van, lorry/);
  assert.match(problem('a,,'), /no connection string and no host name/);
  const { devices, problems } = read(`${header}a,"${string('a')}\nb,${string('b')}`);
  assert.deepEqual(devices, []);
  assert.match(problems[0].message, /quotes are not closed/);
  assert.ok(!JSON.stringify(problems).includes(KEY.slice(0, 12)));
});
