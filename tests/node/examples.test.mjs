/** Each folder of examples/, copied elsewhere, does what it says. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { callHub } from '../../scripts/start/back-end.mjs';
import { createX509Device, writeCertificate } from './docs/certificates.mjs';
import { copyExample } from './docs/copies.mjs';
import {
  createDevice,
  createRegistrant,
  environmentOf,
  hub,
  root,
  startProgram,
  test,
} from './docs/programs.mjs';

test('the example of a device works', async (t) => {
  const backEnd = await createDevice();
  const program = await startExample(t, 'node', ['device.mjs'], environmentOf(backEnd));

  const [seen] = await backEnd.waitForTelemetry();
  assert.equal(typeof JSON.parse(seen.text).temperature, 'number');
  assert.ok((await backEnd.twin()).properties.reported.startedAt);
  await backEnd.sendMessage({ body: 'Grüße' });
  await program.printed(/^message: Grüße$/m);
  assert.deepEqual(await backEnd.invokeMethod('m'), { status: 200, payload: { done: true } });

  assert.equal(await program.interrupt(), 0);
  assert.match(program.output, /^method: m null$/m);
  assert.equal(program.errors, '');
});

for (const name of ['report.csv', 'Berichte/März & Co 100 %.csv', '報告 🌍.bin']) {
  test(`the upload of ${name} arrives byte for byte`, async (t) => {
    const backEnd = await createDevice();
    const content = randomBytes(100_000);
    const file = join(await createFolder(t), 'file');
    await writeFile(file, content);

    const args = ['upload.mjs', file, name];
    const program = await startExample(t, 'node', args, environmentOf(backEnd));
    assert.equal(await program.ended(), 0, program.errors);
    assert.equal(program.output, `100000 bytes are there\nuploaded: ${name}\n`);

    const [upload] = await uploadsOf(backEnd);
    assert.equal(upload.blobName, `${backEnd.deviceId}/${name}`);
    assert.equal(upload.isSuccess, true);
    assert.equal(upload.statusCode, 201);
    const blob = await fetch(upload.blobUrl);
    assert.ok(Buffer.from(await blob.arrayBuffer()).equals(content), 'another content');
  });
}

test('a device registers on its own', async (t) => {
  const registrant = await createRegistrant('example-1');
  const program = await startExample(t, 'provisioning', ['device.mjs'], registrant);
  assert.equal(await program.ended(), 0, program.errors);
  assert.equal(program.output, 'sent\n');
  assert.equal((await (await createDevice('example-1')).telemetry()).length, 1);
});

test('an upload to a hub without storage says why it fails', async (t) => {
  const backEnd = await createDevice();
  await backEnd.setFaults({ noStorage: true });
  const args = ['upload.mjs', 'package.json'];
  const program = await startExample(t, 'node', args, environmentOf(backEnd));
  assert.equal(await program.ended(), 1);
  assert.match(program.errors, /ServiceError: .*400/);
  assert.doesNotMatch(program.errors, /sig=/);
  assert.deepEqual(await uploadsOf(backEnd), []);
});

test('the device connects with its certificate', async (t) => {
  const backEnd = await createX509Device(hub, 'with-certificate');
  const program = await startExample(t, 'node', ['certificate.mjs'], {
    IOTHUB_HOSTNAME: hub.hostname,
    IOTHUB_DEVICE_ID: backEnd.deviceId,
    IOTHUB_ENDPOINT: hub.secureEndpoint,
    ...(await writeCertificate(hub, backEnd.deviceId, await createFolder(t))),
  });
  assert.equal(await program.ended(), 0, program.errors);
  const [{ secure, clientCertificate, accepted }] = await connectionsOf(backEnd);
  assert.deepEqual(
    { secure, clientCertificate, accepted },
    {
      secure: true,
      clientCertificate: true,
      accepted: true,
    },
  );
  const [seen] = await backEnd.telemetry();
  assert.deepEqual(JSON.parse(seen.text), { temperature: 21.5 });
});

test('a thousand devices run in one program', async (t) => {
  const devices = [];
  for (let count = 0; count < 1000; count += 1) devices.push(await createDevice());
  const cwd = await copyExample(t, 'fleet');
  const lines = devices.map(({ connectionString }) => `${connectionString}\n`);
  await writeFile(join(cwd, 'devices.txt'), lines.join(''));
  const env = { IOTHUB_ENDPOINT: hub.endpoint, START_SECONDS: '5', INTERVAL_SECONDS: '5' };
  const program = startProgram(t, ['fleet.mjs', 'devices.txt'], env, { cwd });
  await program.printed(/^1000 connected, \d{4,} sent, 0 failed, 0 calls$/m, 80);
  const answer = await devices.at(-1).invokeMethod('restart');
  assert.deepEqual(answer, { status: 200, payload: { done: 'restart' } });
  assert.equal(await program.interrupt(), 0, program.errors);
  assert.match(program.output, /^0 connected, \d+ sent, 0 failed, 1 calls\n$/m);
  assert.equal(program.errors, '');
}, 110_000);

test('every example is run from a copy, with the packages that its manifest pins', () => {
  const folders = readdirSync(join(root, 'examples'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const tests = ['examples', 'example-pages', 'samples']
    .map((name) => readFileSync(join(root, `tests/node/${name}.test.mjs`), 'utf8'))
    .join('');
  assert.deepEqual(
    folders.filter((name) => !tests.includes(`'${name}'`)),
    [],
  );
  for (const name of folders) {
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(root, 'examples', name, 'package.json'), 'utf8'),
    );
    const versions = Object.values({ ...dependencies, ...devDependencies });
    assert.deepEqual(
      versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version)),
      [],
      name,
    );
  }
});

/** Starts a program of a copied example in the copy. */
const startExample = async (t, name, args, env) =>
  startProgram(t, args, env, { cwd: await copyExample(t, name) });

async function createFolder(t) {
  const folder = await mkdtemp(join(tmpdir(), 'examples-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

async function uploadsOf(backEnd) {
  return (await logOf(backEnd, 'uploads')).uploads;
}

async function connectionsOf(backEnd) {
  return (await logOf(backEnd, 'connections')).connections;
}

const logOf = ({ deviceId }, log) =>
  callHub(hub, 'GET', `/local/devices/${encodeURIComponent(deviceId)}/${log}`);
