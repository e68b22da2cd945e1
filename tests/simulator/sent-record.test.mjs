import assert from 'node:assert/strict';
import { test } from 'node:test';

import { toCsv } from '../../simulator/src/csv.js';
import { SentRecord } from '../../simulator/src/sent-record.js';
import { sending, startDevice, test as testWithHub } from './support.mjs';

const TIME = Date.UTC(2026, 10, 29, 8, 24, 23, 117);

/** A record of the messages with these texts, sent by device `d`. */
function recordOf(...texts) {
  const record = new SentRecord();
  record.addDevice('d');
  const entries = texts.map((text) =>
    record.add(
      'd',
      {
        name: 'telemetry',
        text,
        properties: { room: 'Küche' },
        contentType: 'application/json',
        contentEncoding: 'utf-8',
      },
      TIME,
    ),
  );
  return { record, entries };
}

/** What a query finds: the beginnings of bodies, the newest first. */
function found(record, query) {
  record.watch({ limit: 10, ...query });
  return record.news().entries.map(({ excerpt }) => excerpt);
}

test('messages are found by body, property, name, device and outcome', () => {
  const { record, entries } = recordOf('{"a":1}', '{"b":2}', '{"c":3}');
  record.settle(entries[0], { status: 'acknowledged', milliseconds: 2.34 });
  record.settle(entries[1], { status: 'failed', error: 'the quota is used up' });
  assert.deepEqual(found(record, { text: ' "B" ' }), ['{"b":2}']);
  assert.deepEqual(found(record, { text: 'QUOTA' }), ['{"b":2}']);
  assert.deepEqual(found(record, { text: 'küche' }), ['{"c":3}', '{"b":2}', '{"a":1}']);
  assert.deepEqual(found(record, { text: 'nothing' }), []);
  assert.deepEqual(found(record, { status: 'failed' }), ['{"b":2}']);
  assert.deepEqual(found(record, { status: 'waiting' }), ['{"c":3}']);
  assert.deepEqual(found(record, { ids: new Set(['other']) }), []);
});

test('the list shows the beginning of a long body, and the whole is available', () => {
  const { record, entries } = recordOf('ä'.repeat(5000));
  record.watch({ limit: 10 });
  const [row] = record.news().entries;
  assert.ok(row.excerpt.length < 500 && row.text === undefined);
  assert.equal(row.size, 10_000);
  assert.equal(record.find('d', entries[0].sequence).text.length, 5000);
  assert.equal(record.find('d', 99), undefined);
});

test('a line of JSON has the complete message, and its outcome', () => {
  const { record, entries } = recordOf('{"a":1}', 'b\nc');
  record.settle(entries[0], { status: 'acknowledged', milliseconds: 2.34 });
  record.settle(entries[1], { status: 'failed', error: 'no' });
  const [first, second] = record
    .export(undefined, 'jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(first, {
    time: '2026-11-29T08:24:23.117Z',
    deviceId: 'd',
    name: 'telemetry',
    body: { a: 1 },
    properties: { room: 'Küche' },
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    status: 'acknowledged',
    acknowledgedAfterMs: 2.3,
  });
  assert.deepEqual([second.status, second.error, second.text], ['failed', 'no', 'b\nc']);
});

test('a table has a row for each message, quoted as RFC 4180 has it', () => {
  const { record } = recordOf('{"a":1}', 'b\nc');
  const table = record.export(undefined, 'csv');
  const head = 'time,deviceId,name,status,acknowledgedAfterMs,error';
  assert.ok(table.startsWith(`${head},contentType,contentEncoding,properties,body\r\n`));
  const row = '2026-11-29T08:24:23.117Z,d,telemetry,waiting,,,application/json,utf-8,';
  assert.ok(table.includes(`${row}"{""room"":""Küche""}","{""a"":1}"\r\n`), table);
  assert.ok(table.endsWith(',"b\nc"\r\n'), table);
});

test('a cell that a spreadsheet would run is text, and a number stays one', () => {
  const rows = ['=1+1', '+cmd', '-2+3', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '-2.5e-3', '+7', 'a=b'];
  const cells = toCsv(
    ['x'],
    rows.map((x) => ({ x })),
  );
  assert.equal(
    cells,
    `x\r\n'=1+1\r\n'+cmd\r\n'-2+3\r\n'@SUM(A1)\r\n'\t=1\r\n"'\r=1"\r\n"'\n=1"\r\n-2.5e-3\r\n+7\r\na=b\r\n`,
  );
});

testWithHub(
  'a device’s messages are recorded with their outcome, sent periodically or by hand',
  async (t) => {
    const properties = { room: 'r{{counter}}' };
    const { fleet, backEnd, id } = await startDevice(
      t,
      sending({ periodMs: 86_400_000, properties }),
    );
    await fleet.send(id, {
      text: 'by hand',
      properties: { a: 'b' },
      contentType: 'text/plain',
      contentEncoding: 'utf-8',
    });
    const [row] = await new Promise((resolve) => {
      const take = ({ entries }) =>
        entries.every(({ status }) => status === 'acknowledged') && resolve(entries);
      fleet.watchSent(take, { text: 'by hand' });
    });
    assert.equal(row.name, undefined);
    assert.ok(row.milliseconds > 0);
    const { text, properties: sent } = fleet.sentMessage(id, row.sequence);
    const seen = (await backEnd.telemetry()).find((message) => message.text === 'by hand');
    assert.deepEqual([text, sent], [seen.text, seen.properties]);

    await backEnd.setFaults({ withhold: ['puback'] });
    const lost = fleet.send(id, {
      text: 'lost',
      properties: {},
      contentType: '',
      contentEncoding: '',
    });
    await backEnd.waitForTelemetry(1, (await backEnd.telemetry()).at(-1).sequence - 1);
    await Promise.all([fleet.remove([id]), assert.rejects(lost)]);
  },
);
