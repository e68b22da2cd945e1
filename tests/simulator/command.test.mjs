/**
 * The command `iothub-simulator` against a local hub, with whose counts the results are compared.
 */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { startHub } from 'iothub-local';

import { readConnectionStrings } from '../../simulator/cli/connection-strings.js';
import { readScene } from '../../simulator/cli/scene-file.js';
import { readBehaviour } from '../../simulator/src/behaviour.js';
import { BackEnd, callHub } from '../../scripts/start/back-end.mjs';
import { createFolder as createSceneFolder, start } from './command-process.mjs';
import { models } from './models.mjs';
import { behaviourOf, messageOf, sceneOf } from './scenes.mjs';
import { createDevice, hub, test } from './support.mjs';

const sending = messageOf({ isOn: true, template: '{"n": "{{range 0 1 6}}"}', periodMs: 100 });
const scene = sceneOf({ kind: behaviourOf({ telemetry: sending }) });

const createFolder = (t, content = scene) => createSceneFolder(t, content);

const atHub = {
  IOTHUB_SERVICE_CONNECTION_STRING: hub.serviceConnectionString,
};

const run = (...args) => ['run', 'scene.json', '--json', ...args];
const serviceRun = (...args) => run('--service', '--endpoint', hub.endpoint, ...args);

const registered = async (prefix) => {
  const devices = await callHub(hub, 'GET', '/devices?top=1000&api-version=2021-04-12');
  return devices.map(({ deviceId }) => deviceId).filter((id) => id.startsWith(prefix));
};

test('a fleet is created at the hub, follows its scene and seed, and is deleted', async (t) => {
  const cwd = await createFolder(t);
  const options = ['--devices', '3', '--prefix', 'a-', '--seed', '7', '--keep'];
  const fleet = start(
    t,
    serviceRun(...options, '--record', 'sent.jsonl', '--report', 'report', '--max-lost', '0'),
    { cwd, env: atHub },
  );
  await fleet.until(({ event, acknowledged }) => event === 'progress' && acknowledged > 10);
  fleet.child.kill('SIGINT');
  const { code, errors, json } = await fleet.ended;
  assert.deepEqual([code, errors], [0, '']);

  const report = JSON.parse(await readFile(join(cwd, 'report.json'), 'utf8'));
  const devices = ['a-1', 'a-2', 'a-3'];
  const atTheHub = await Promise.all(
    devices.map((deviceId) => new BackEnd(hub, { deviceId }).telemetry()),
  );
  const { acknowledged, sent, lost, connected } = report.totals;
  assert.equal(acknowledged, atTheHub.flat().length);
  assert.deepEqual([sent, lost, connected], [acknowledged, 0, 3]);
  assert.equal(json().at(-1).event, 'end');
  assert.deepEqual(json().at(-1).totals, report.totals);
  assert.ok(report.latencyMs.p50 > 0 && report.latencyMs.p99 >= report.latencyMs.p50);

  const recorded = (await readFile(join(cwd, 'sent.jsonl'), 'utf8')).trim().split('\n');
  assert.equal(recorded.length, sent);
  for (const [index, deviceId] of devices.entries()) {
    const [message] = readBehaviour(scene.kinds[0].behaviour, 7)(deviceId).messages;
    const bodies = atTheHub[index].map(({ text }) => text);
    assert.deepEqual(
      bodies,
      bodies.map(() => message.next(0).text),
    );
  }
  const html = await readFile(join(cwd, 'report.html'), 'utf8');
  assert.equal(html.match(/<svg/g).length, 3);
  assert.ok(html.includes(`<td>${acknowledged}`));

  assert.deepEqual((await registered('a-')).sort(), devices);
  const cleaning = start(t, ['clean', '--endpoint', hub.endpoint], { cwd, env: atHub });
  assert.equal((await cleaning.ended).json()[0].deleted, 3);
  assert.deepEqual(await registered('a-'), []);
});

test('Ctrl-C deletes the devices that the run has created, and no others', async (t) => {
  const cwd = await createFolder(t);
  await BackEnd.createDevice(hub, 'b-other');
  const fleet = start(t, serviceRun('--devices', '2', '--prefix', 'b-'), { cwd, env: atHub });
  await fleet.until(({ event, connected }) => event === 'progress' && connected === 2);
  fleet.child.kill('SIGINT');
  const { code, json } = await fleet.ended;
  assert.equal(code, 0);
  assert.equal(json().at(-1).totals.lost, 0);
  assert.deepEqual(await registered('b-'), ['b-other']);
});

test('if the reader of its output ends, the run ends and deletes its devices', async (t) => {
  const cwd = await createFolder(t);
  const fleet = start(t, serviceRun('--devices', '2', '--prefix', 'p-'), { cwd, env: atHub });
  await fleet.until(({ event, connected }) => event === 'progress' && connected === 2);
  fleet.child.stdout.destroy();
  const { code, errors } = await fleet.ended;
  assert.deepEqual([code, errors], [0, '']);
  assert.deepEqual(await registered('p-'), []);
});

test('devices that cannot be recorded are deleted', async (t) => {
  const cwd = await createFolder(t);
  const made = ['--devices', '2', '--prefix', 'm-', '--made', 'nowhere/made.jsonl'];
  const { code, errors } = await start(t, serviceRun(...made), { cwd, env: atHub }).ended;
  assert.equal(code, 1);
  assert.match(errors, /^iothub-simulator: ENOENT.*nowhere\/made\.jsonl'\n$/);
  assert.deepEqual(await registered('m-'), []);
});

test('an invalid run ends before devices are created, and names the mistake', async (t) => {
  const wrong = messageOf({ isOn: true, template: '{"n": "{{walk 1}}"}' });
  const broken = await createFolder(t, sceneOf({ kind: behaviourOf({ telemetry: wrong }) }));
  const cwd = await createFolder(t);
  const [template, report] = await Promise.all([
    start(t, run('--local-hub'), { cwd: broken }).ended,
    start(t, run('--local-hub', '--report', 'nowhere/report'), { cwd }).ended,
  ]);
  assert.deepEqual([template.code, template.lines], [1, []]);
  assert.match(
    template.errors,
    /^iothub-simulator: scene\.json: kinds\.0\.behaviour\.telemetry\.0\.template, line 1.*\n$/,
  );
  assert.deepEqual([report.code, report.lines], [1, []]);
  assert.match(report.errors, /^iothub-simulator: --report nowhere\/report: nowhere is not.*\n$/);
});

test('the error of an unusable connection string names its line', async (t) => {
  const read = async (t, text) => {
    const file = join(await createFolder(t), 'devices.txt');
    await writeFile(file, text);
    return readConnectionStrings(file);
  };
  const good = (id) => `HostName=h.example;DeviceId=${id};SharedAccessKey=c2VjcmV0`;
  const text = `\uFEFF${good('a')}\r\n# more\r\n\r\n ${good('b')}\r\n`;
  assert.deepEqual(await read(t, text), [good('a'), good('b')]);
  assert.deepEqual(await read(t, Buffer.from(text, 'utf16le')), [good('a'), good('b')]);
  await assert.rejects(read(t, `${good('a')}\n\nHostName=a;DeviceId=b;Key=c2VjcmV0`), (error) => {
    assert.match(error.message, /devices\.txt, line 3: .* a name that is not known/);
    return !error.message.includes('c2VjcmV0');
  });
  await assert.rejects(read(t, `#\n${good('a')}\n${good('a')}`), {
    message: /devices\.txt, line 3: a is already in line 2$/,
  });
  await assert.rejects(read(t, '# none\n'), { message: /contains no connection string/ });
});

test('a device that already exists is neither used nor deleted', async (t) => {
  const cwd = await createFolder(t);
  await BackEnd.createDevice(hub, 'c-2');
  const fleet = start(t, serviceRun('--devices', '2', '--prefix', 'c-'), { cwd, env: atHub });
  const { code, errors } = await fleet.ended;
  assert.equal(code, 1);
  assert.match(errors, /c-2 was not created .*choose another --prefix/);
  assert.deepEqual(await registered('c-'), ['c-2']);
});

test('connection strings come from a file, and duration ends the run', async (t) => {
  const cwd = await createFolder(t);
  const devices = [await createDevice(), await createDevice()];
  const lines = devices.map(({ connectionString }) => connectionString);
  await writeFile(join(cwd, 'devices.txt'), `# two devices\n${lines.join('\n')}\n`);
  const file = ['--connection-strings', 'devices.txt', '--endpoint', hub.endpoint];
  const fleet = start(t, run(...file, '--duration', '2s', '--ramp', '50/s'), { cwd });
  const { code, json } = await fleet.ended;
  assert.equal(code, 0);
  const counts = await Promise.all(devices.map(async (one) => (await one.telemetry()).length));
  assert.equal(
    json().at(-1).totals.acknowledged,
    counts.reduce((sum, count) => sum + count),
  );
  const more = start(t, run(...file, '--devices', '3'), { cwd });
  assert.match(
    (await more.ended).errors,
    /--devices 3 is more than the 2 connection strings of the file/,
  );
});

test('devices of an enrollment group register on their own', async (t) => {
  const cwd = await createFolder(t);
  const groupKey = Buffer.alloc(32, 1).toString('base64');
  const attestation = { type: 'symmetricKey', symmetricKey: { primaryKey: groupKey } };
  const local = await startHub({ enrollmentGroups: [{ enrollmentGroupId: 'all', attestation }] });
  t.after(() => local.close());
  const env = {
    IOTHUB_PROVISIONING_ID_SCOPE: local.idScope,
    IOTHUB_PROVISIONING_GROUP_KEY: groupKey,
  };
  const line = run('--group', '--endpoint', local.endpoint, '--devices', '2', '--prefix', 'g-');
  const fleet = start(t, [...line, '--max-lost', '0'], { cwd, env });
  await fleet.until(({ event, acknowledged }) => event === 'progress' && acknowledged > 2);
  fleet.child.kill('SIGINT');
  const { code, errors } = await fleet.ended;
  assert.deepEqual([code, errors], [0, '']);
  const devices = await callHub(local, 'GET', '/devices?api-version=2021-04-12');
  assert.deepEqual(devices.map(({ deviceId }) => deviceId).sort(), ['g-1', 'g-2']);
});

test('exceeding a limit is exit code 3, and the limit is named', async (t) => {
  const cwd = await createFolder(t);
  const limits = ['--max-p99', '0ms', '--max-lost', '0', '--max-errors', '0'];
  const fleet = start(t, run('--local-hub', '--duration', '2s', ...limits), { cwd });
  const { code, json } = await fleet.ended;
  assert.equal(code, 3);
  const exceeded = json()
    .at(-1)
    .limits.filter(({ isKept }) => !isKept);
  assert.deepEqual(
    exceeded.map(({ name }) => name),
    ['p99'],
  );
});

test('for a hub elsewhere it prints the messages per day, and requires --yes', async (t) => {
  const cwd = await createFolder(t);
  const key = Buffer.alloc(32).toString('base64');
  const line = `HostName=example.invalid;DeviceId=d;SharedAccessKey=${key}`;
  await writeFile(join(cwd, 'devices.txt'), line);
  const fleet = start(t, run('--connection-strings', 'devices.txt'), { cwd });
  const { code, errors } = await fleet.ended;
  assert.equal(code, 1);
  assert.match(errors, /example\.invalid .*10\.0 messages per second, or 864,000 per day/);
  assert.match(errors, /--yes/);
  assert.ok(!errors.includes(key));
});

test('mistakes on the command line are exit code 2, and are named', async (t) => {
  const wrong = [
    [['fly'], /unknown command "fly"/],
    [['run'], /SCENE is missing/],
    [['run', 'thermostat'], /one of --local-hub, --service, --connection-strings, --group/],
    [['run', 'thermostat', '--local-hub', '--duration', '5'], /a time such as 500ms/],
    [['run', 'thermostat', '--local-hub', '--ramp', '5'], /a rate such as 200\/s/],
    [['run', 'thermostat', '--local-hub', '--devices', '0'], /whole number of at least 1/],
    [['run', 'thermostat', '--local-hub', '--what'], /--what/],
    [['run', 'thermostat', '--local-hub', '--endpoint', 'ws://a'], /--local-hub starts a new hub/],
    [['run', 'thermostat', '--service', '--endpoint', 'http://a'], /takes a WebSocket URL/],
    [['twin', 'report', '[]'], /takes a JSON object/],
    [['twin', 'put'], /unknown command "twin put"/],
    [['send', 'a', '--property', 'b'], /NAME=VALUE/],
  ];
  await Promise.all(
    wrong.map(async ([args, expected]) => {
      const { code, errors } = await start(t, args, { env: atHub }).ended;
      assert.equal(code, 2, `${args}: ${errors}`);
      assert.match(errors, expected);
    }),
  );
});

test('a scene may begin with a byte order mark, or be in UTF-16', async (t) => {
  const cwd = await createFolder(t);
  const text = `\uFEFF${JSON.stringify({ ...scene, title: 'Öfen' })}`;
  await writeFile(join(cwd, 'utf8.json'), text);
  await writeFile(join(cwd, 'utf16.json'), text, 'utf16le');
  for (const name of ['utf8.json', 'utf16.json']) {
    assert.equal((await readScene([join(cwd, name)])).title, 'Öfen');
  }
});

test('the error of a model without an id names its file', async (t) => {
  const cwd = await createFolder(t);
  const { '@id': _, ...model } = models.thermostat;
  await writeFile(join(cwd, 'model.json'), JSON.stringify(model));
  await assert.rejects(readScene([join(cwd, 'model.json')]), {
    message: /model\.json.*: has no "@id" that begins with dtmi:$/,
  });
});

test('without a connection string in the environment the command says where to find it', async (t) => {
  const env = { IOTHUB_DEVICE_CONNECTION_STRING: '' };
  const { code, errors } = await start(t, ['twin', 'get'], { env }).ended;
  assert.equal(code, 1);
  assert.match(errors, /IOTHUB_DEVICE_CONNECTION_STRING is not set: copy it from the Azure portal/);
});

test('a folder of models runs, and their scene is printed', async (t) => {
  const cwd = await createFolder(t);
  await mkdir(join(cwd, 'models'));
  const { controller, thermostat, deviceInformation } = models;
  for (const [index, model] of [controller, thermostat, deviceInformation].entries()) {
    await writeFile(join(cwd, 'models', `${index}.json`), JSON.stringify(model));
  }
  const printed = await start(t, ['scene', 'models'], { cwd }).ended;
  assert.equal(printed.code, 0);
  assert.equal(JSON.parse(printed.lines.join('')).kinds[0].modelId, controller['@id']);
  const line = ['run', 'models', '--json', '--local-hub', '--duration', '2s', '--max-lost', '0'];
  const { code, json } = await start(t, line, { cwd }).ended;
  assert.equal(code, 0);
  assert.equal(json().at(-1).totals.acknowledged, 3);
  const incomplete = await start(t, ['scene', 'models/0.json'], { cwd }).ended;
  assert.equal(incomplete.code, 1);
  assert.match(incomplete.errors, /Thermostat;1 is in none of the files: add the file that has it/);
});

/** A device at the hub, and the command as that device. */
async function createOne(t) {
  const device = await createDevice();
  const env = { IOTHUB_DEVICE_CONNECTION_STRING: device.connectionString };
  const as = (args, options) =>
    start(t, [...args, '--endpoint', device.endpoint], { env, ...options });
  return { device, as };
}

test('send sends a body, or each line of its input', async (t) => {
  const { device, as } = await createOne(t);
  const one = await as(['send', '{"a":1}', '--property', 'room=4=5']).ended;
  assert.deepEqual([one.code, one.json()], [0, [{ event: 'sent', bytes: 7 }]]);
  const lines = await as(['send', '--content-type', 'text/plain'], { input: 'x\ny\n' }).ended;
  assert.equal(lines.json().length, 2);
  const messages = await device.telemetry();
  assert.deepEqual(
    messages.map(({ text, systemProperties }) => [text, systemProperties.contentType]),
    [
      ['{"a":1}', 'application/json'],
      ['x', 'text/plain'],
      ['y', 'text/plain'],
    ],
  );
  assert.deepEqual(messages[0].properties, { room: '4=5' });
});

test('listen prints messages, methods and desired properties', async (t) => {
  const { device, as } = await createOne(t);
  const listening = as(['listen', '--count', '3']);
  await listening.until(({ event }) => event === 'listening');
  await device.waitForPackets('suback', 'out', 1);
  await device.sendMessage({ body: 'hello', properties: { a: 'b' } });
  await listening.until(({ event }) => event === 'message');
  assert.equal((await device.invokeMethod('reboot', [1])).status, 200);
  await device.patchDesired({ interval: 5 });
  const { code, json } = await listening.ended;
  assert.equal(code, 0);
  const [, message, method, desired] = json();
  assert.deepEqual([message.body, message.properties], ['hello', { a: 'b' }]);
  assert.deepEqual(method, { event: 'method', name: 'reboot', payload: [1] });
  assert.equal(desired.patch.interval, 5);
});

test('listen ends after the last event, whatever the timeout, and responds to a last method', async (t) => {
  const { device, as } = await createOne(t);
  const listening = as(['listen', '--count', '1', '--timeout', '1h']);
  await listening.until(({ event }) => event === 'listening');
  await device.waitForPackets('suback', 'out', 1);
  assert.equal((await device.invokeMethod('reboot', [1])).status, 200);
  const { code, errors } = await listening.ended;
  assert.deepEqual([code, errors], [0, '']);
});

test('twin report and twin get are the twin of the device', async (t) => {
  const { device, as } = await createOne(t);
  const { code } = await as(['twin', 'report', '{"firmware": "1.2"}']).ended;
  assert.equal(code, 0);
  await device.patchDesired({ interval: 5 });
  const [twin] = (await as(['twin', 'get']).ended).json();
  assert.equal(twin.reported.firmware, '1.2');
  assert.equal(twin.desired.interval, 5);
});

test('upload puts a file into the storage account', async (t) => {
  const { as } = await createOne(t);
  const cwd = await createFolder(t);
  await writeFile(join(cwd, 'log.txt'), 'some lines');
  const { code, errors, json } = await as(['upload', 'log.txt', '--name', 'a/b.txt'], { cwd })
    .ended;
  assert.deepEqual([code, errors], [0, '']);
  assert.deepEqual(json(), [{ event: 'uploaded', name: 'a/b.txt', bytes: 10 }]);
});

test('the error of an upload names a path that is not a file', async (t) => {
  const { as } = await createOne(t);
  const cwd = await createFolder(t);
  const tried = await Promise.all(['.', 'none'].map((name) => as(['upload', name], { cwd }).ended));
  assert.deepEqual(
    tried.map(({ code, errors }) => [code, errors]),
    ['.', 'none'].map((name) => [1, `iothub-simulator: ${name} is not a readable file\n`]),
  );
});
