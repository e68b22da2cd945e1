/** Recordings: `replay` reads what `run --record` writes, and sends it again. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { readColumns } from '../../simulator/cli/csv.js';
import { openRecording, readRecording } from '../../simulator/cli/recording.js';
import { BackEnd } from '../../scripts/start/back-end.mjs';
import { createDevice, hub, test } from './support.mjs';

const program = fileURLToPath(new URL('../../simulator/bin/iothub-simulator.js', import.meta.url));
const COLUMNS = { timeColumn: 'time', deviceColumn: 'deviceId' };

async function createFile(t, name, content) {
  const folder = await mkdtemp(join(tmpdir(), 'recording-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, name);
  if (content !== undefined) await writeFile(file, content);
  return file;
}

/** Runs the command against the hub of the tests; resolves when it has ended. */
function command(...args) {
  const env = {
    ...process.env,
    IOTHUB_SERVICE_CONNECTION_STRING: hub.serviceConnectionString,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { env }, (error, stdout, stderr) => {
      const lines = stdout.trim().split('\n').filter(Boolean);
      resolve({ code: error?.code ?? 0, lines, errors: stderr });
    });
  });
}

async function entriesOf(file, columns = COLUMNS) {
  const entries = [];
  for await (const entry of readRecording(file, columns)) entries.push(entry);
  return entries;
}

test('recorded messages are read unchanged, including text that is not JSON', async (t) => {
  const file = await createFile(t, 'sent.jsonl');
  const recording = await openRecording(file);
  const message = {
    text: '{"a":1}',
    properties: { room: 'ü=1' },
    contentType: 'application/json',
    contentEncoding: 'utf-8',
  };
  const other = { ...message, text: '{ "a": 1.0 }', contentType: 'text/plain', properties: {} };
  recording.add('d-1', message, 1000);
  recording.add('d-2', other, 1250);
  await recording.close();
  const [line] = (await readFile(file, 'utf8')).split('\n');
  const { text: _, ...rest } = message;
  const expected = { time: '1970-01-01T00:00:01.000Z', deviceId: 'd-1', body: { a: 1 }, ...rest };
  assert.deepEqual(JSON.parse(line), expected);
  assert.deepEqual(await entriesOf(file), [
    { time: 1000, deviceId: 'd-1', message },
    { time: 1250, deviceId: 'd-2', message: other },
  ]);
});

test('an invalid line of a recording is reported by its number', async (t) => {
  const line = { time: '2026-01-01T00:00:00Z', deviceId: 'd', body: 1 };
  const mistakes = [
    ['{"time"', /it is not JSON/],
    ['[]', /it is not a JSON object/],
    [{ ...line, time: 'noon' }, /time is "noon": use a time such as 2026-/],
    [{ ...line, time: undefined }, /time is missing/],
    [{ ...line, deviceId: '' }, /it has no deviceId/],
    [{ ...line, body: undefined }, /it has no body, and no text/],
    [{ ...line, properties: { room: 1 } }, /room is not text/],
    [{ ...line, time: '2025-12-31T23:59:59Z' }, /its time is before that of the previous line/],
  ];
  for (const [wrong, expected] of mistakes) {
    const text = typeof wrong === 'string' ? wrong : JSON.stringify(wrong);
    const file = await createFile(t, 'a.jsonl', `${JSON.stringify(line)}\n\n${text}\n`);
    await assert.rejects(entriesOf(file), ({ message }) => {
      assert.ok(message.startsWith(`${file}, line 3: `), message);
      assert.match(message, expected);
      return true;
    });
  }
});

test('a CSV file is messages of its columns, with times as text or in seconds', async (t) => {
  const csv =
    '\uFEFFtime,deviceId,temperature,room,on\r\n' +
    '2026-01-01T00:00:00Z,d-1,20.5,"a ""b"",\nc",true\r\n' +
    '2026-01-01T00:00:01.5Z,d-2,,007,false\r\n';
  const entries = await entriesOf(await createFile(t, 'a.csv', csv));
  assert.deepEqual(
    entries.map(({ time, deviceId, message }) => [time, deviceId, JSON.parse(message.text)]),
    [
      [Date.UTC(2026, 0, 1), 'd-1', { temperature: 20.5, room: 'a "b",\nc', on: true }],
      [Date.UTC(2026, 0, 1) + 1500, 'd-2', { temperature: null, room: '007', on: false }],
    ],
  );
  const seconds = await createFile(t, 'a.csv', 's,v\n0,1\n0.25,2\n');
  const ofOne = await entriesOf(seconds, { ...COLUMNS, timeColumn: 's' });
  assert.deepEqual(
    ofOne.map(({ time, deviceId }) => [time, deviceId]),
    [
      [0, 'device'],
      [250, 'device'],
    ],
  );
});

test('an invalid line of a CSV file is reported by its number', async (t) => {
  const mistakes = [
    ['time,a\n0,1\n1\n', /, line 3: .*2/],
    ['time,a\n0,"x\ny"\nsoon,1\n', /, line 4: time is "soon"/],
    ['when,a\n0,1\n', /, line 2: there is no column "time", only when, a; .* --time-column/],
    ['time,deviceId\n0,\n', /, line 2: the column "deviceId" is empty/],
    ['time,a\n0,"x\n', /, line \d: Quote/],
  ];
  for (const [csv, expected] of mistakes) {
    await assert.rejects(entriesOf(await createFile(t, 'a.csv', csv)), { message: expected });
  }
  await assert.rejects(entriesOf('nowhere.csv'), { code: 'ENOENT' });
});

test('the columns of a CSV file are for the generator replay', async (t) => {
  const file = await createFile(t, 'a.csv', 'outside,on\n8.1,true\n,no\n');
  assert.deepEqual(await readColumns(file), { outside: [8.1, null], on: [true, 'no'] });
  const scene = await command('scene', 'trackers', '--columns', file);
  const { columns } = JSON.parse(scene.lines.join('')).kinds[0].behaviour;
  assert.deepEqual(columns.on, [true, 'no']);
  assert.equal(columns.outside[1], 8.4, 'those of the scene come first');
  const empty = await createFile(t, 'a.csv', 'outside\n');
  await assert.rejects(readColumns(empty), /has no rows below its header/);
});

/** Ten messages of two devices, a second apart. */
const recorded = Array.from({ length: 10 }, (_, index) => ({
  time: new Date(index * 1000).toISOString(),
  deviceId: `rec-${1 + (index % 2)}`,
  body: { number: index },
  properties: { index: `${index}` },
}));

const numbersAt = async (deviceId) =>
  (await new BackEnd(hub, { deviceId }).telemetry()).map(({ text }) => JSON.parse(text).number);

test('a replay sends what was recorded, as the same devices or, in shards, others, faster', async (t) => {
  const file = await createFile(
    t,
    'a.jsonl',
    recorded.map((line) => JSON.stringify(line)).join('\n'),
  );
  const service = ['--service', '--endpoint', hub.endpoint, '--keep', '--json', '--max-lost', '0'];
  const again = `${file}.again.jsonl`;
  const own = ['--made', `${file}.made`, '--record', again];
  const same = await command('replay', file, ...service, ...own, '--speed', '20');
  assert.deepEqual([same.code, same.errors], [0, '']);
  const { title, totals, durationMs } = JSON.parse(same.lines.at(-1));
  assert.deepEqual([title, totals.sent, totals.lost], ['Replay of a.jsonl', 10, 0]);
  assert.ok(durationMs >= 450, `9 s at twenty times the speed took ${durationMs} ms`);
  assert.deepEqual(await numbersAt('rec-1'), [0, 2, 4, 6, 8]);
  assert.deepEqual(await numbersAt('rec-2'), [1, 3, 5, 7, 9]);
  const once = await entriesOf(again);
  assert.deepEqual(
    once.map(({ deviceId, message }) => [deviceId, message.properties.index]),
    recorded.map(({ deviceId, properties }) => [deviceId, properties.index]),
  );

  const others = [...service, '--prefix', 'other-', '--speed', '1000', '--shards', '2'];
  const shards = [0, 1].map((index) => {
    const own = ['--shard-index', `${index}`, '--made', `${file}.others-${index}`];
    return command('replay', file, ...others, ...own);
  });
  for (const { code, lines, errors } of await Promise.all(shards)) {
    assert.deepEqual([code, errors], [0, '']);
    const { devices, totals, wantedPerSecond } = JSON.parse(lines.at(-1));
    assert.deepEqual([devices, totals.sent, Math.round(wantedPerSecond)], [2, 5, 556]);
  }
  assert.deepEqual(await numbersAt('other-1'), [0, 2, 4, 6, 8]);
  assert.deepEqual(await numbersAt('other-2'), [1, 3, 5, 7, 9]);
});

test('the connection string with the recorded id sends, or else the next one', async (t) => {
  const [known, free] = [await createDevice(), await createDevice()];
  const lines = recorded.map((line) => ({
    ...line,
    deviceId: line.deviceId === 'rec-1' ? 'unknown' : known.deviceId,
  }));
  const file = await createFile(t, 'a.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'));
  const strings = [known, free].map(({ connectionString }) => connectionString);
  await writeFile(`${file}.txt`, strings.join('\n'));
  const from = ['--connection-strings', `${file}.txt`, '--endpoint', hub.endpoint];
  const { code, errors } = await command('replay', file, ...from, '--speed', '1000');
  assert.deepEqual([code, errors], [0, '']);
  assert.deepEqual(await numbersAt(free.deviceId), [0, 2, 4, 6, 8]);
  assert.deepEqual(await numbersAt(known.deviceId), [1, 3, 5, 7, 9]);
  await writeFile(`${file}.txt`, strings[0]);
  const tooFew = await command('replay', file, ...from);
  assert.equal(tooFew.code, 1);
  assert.match(tooFew.errors, /the recording has 2 devices, but the file has only 1 /);
});

test('a replay that cannot run creates no device, and says why', async (t) => {
  const file = await createFile(t, 'a.jsonl', `${JSON.stringify(recorded[0])}\n{`);
  const service = ['--service', '--endpoint', hub.endpoint, '--prefix', 'never-'];
  const wrong = [
    [[file], 1, /line 2: it is not JSON/],
    [[await createFile(t, 'a.csv', 'time\n')], 1, /a\.csv contains no messages/],
    [['nowhere.jsonl'], 1, /ENOENT/],
    [[file, '--speed', '0'], 2, /--speed takes a number above 0/],
    [[], 2, /FILE is missing/],
  ];
  for (const [args, expectedCode, expected] of wrong) {
    const { code, errors } = await command('replay', ...args, ...service);
    assert.equal(code, expectedCode, errors);
    assert.match(errors, expected);
  }
});
