/**
 * Client, hub, simulator and Artillery engine, packed and installed together: one command runs a
 * fleet.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const shell = process.platform === 'win32';
const own = [
  ...['artillery-engine-iothub', 'iothub-device-client', 'iothub-local', 'iothub-simulator'],
];

let project;
let packed;

before(async () => {
  project = await mkdtemp(join(tmpdir(), 'packed-'));
  await writeFile(join(project, 'package.json'), '{ "private": true }');
  await copyDependencies();
  const folders = ['pkg', 'hub', 'simulator', 'artillery'].map((folder) => join(root, folder));
  packed = JSON.parse(await npm('pack', ...folders, '--json'));
  // Their dependencies are already installed: npm fails if one is missing.
  await npm('install', '--offline', ...packed.map(({ filename }) => `./${filename}`));
});

after(() => rm(project, { recursive: true, force: true }));

test('the tarball of the simulator contains everything that it needs, and nothing else', async () => {
  const { files } = packed.find(({ name }) => name === 'iothub-simulator');
  const folders = ['bin', 'cli', 'src', 'scenes'].map(async (folder) =>
    (await readdir(join(root, 'simulator', folder))).map((file) => `${folder}/${file}`),
  );
  const others = ['LICENSE', 'README.md', 'package.json', 'scene.schema.json'];
  const expected = [...(await Promise.all(folders)).flat(), ...others];
  assert.deepEqual(files.map(({ path }) => path).sort(), expected.sort());
});

test('the tarball of the engine holds its examples, and Artillery could load it', async () => {
  const { files } = packed.find(({ name }) => name === 'artillery-engine-iothub');
  const examples = await readdir(join(root, 'artillery', 'examples'));
  const others = ['LICENSE', 'README.md', 'devices.mjs', 'index.cjs', 'package.json'];
  const expected = [...examples.map((file) => `examples/${file}`), ...others];
  assert.deepEqual(files.map(({ path }) => path).sort(), expected.sort());
  await writeFile(
    join(project, 'engine.cjs'),
    `const Engine = require('artillery-engine-iothub');
     const engine = new Engine({ config: { engines: { iothub: { group: true } }, target: 'hub' } });
     const ee = { emit: (name, value) => value && console.log(name, value) };
     engine.createScenario({ flow: [] }, ee)({ vars: {} }, () => {});`,
  );
  const env = { ...process.env, IOTHUB_PROVISIONING_ID_SCOPE: '' };
  const options = { cwd: project, env };
  const { stdout } = await promisify(execFile)(process.execPath, ['engine.cjs'], options);
  assert.equal(stdout, 'error IOTHUB_PROVISIONING_ID_SCOPE is not set: --group needs it\n');
});

test("one command runs a fleet, and its report matches the hub's own count", async (t) => {
  const bin = join(project, 'node_modules', '.bin');
  const hub = spawn(join(bin, 'iothub-local'), ['--port', '0', '--json', '--quiet'], { shell });
  t.after(() => hub.kill('SIGKILL'));
  const [first] = await once(createInterface({ input: hub.stdout }), 'line');
  const { endpoint, url, authorization, serviceConnectionString } = JSON.parse(first);
  const line = ['run', 'vehicles', '--service', '--endpoint', endpoint, '--keep', '--json'];
  const env = { ...process.env, IOTHUB_SERVICE_CONNECTION_STRING: serviceConnectionString };
  const limits = ['--report', 'report', '--max-lost', '0'];
  const run = spawn(join(bin, 'iothub-simulator'), [...line, ...limits], {
    cwd: project,
    shell,
    env,
  });
  t.after(() => run.kill('SIGKILL'));
  const closed = once(run, 'close');
  let isStopping = false;
  for await (const text of createInterface({ input: run.stdout })) {
    const { event, acknowledged } = JSON.parse(text);
    if (isStopping || event !== 'progress' || acknowledged < 40) continue;
    isStopping = true;
    run.kill('SIGINT');
  }
  assert.deepEqual(await closed, [0, null]);
  const { totals } = JSON.parse(await readFile(join(project, 'report.json'), 'utf8'));
  const ask = async (path) => (await fetch(url + path, { headers: { authorization } })).json();
  const counts = await Promise.all(
    Array.from({ length: 22 }, async (_, index) => {
      const { messages } = await ask(`/local/devices/sim-${index + 1}/telemetry`);
      return messages.length;
    }),
  );
  const count = counts.reduce((sum, one) => sum + one);
  assert.ok(count >= 40, `${count}`);
  const { connected, sent, acknowledged, lost } = totals;
  assert.deepEqual([connected, sent, acknowledged, lost], [22, count, count, 0]);
});

test('one command starts a hub, runs a fleet there, and loses nothing', async () => {
  const program = join(project, 'node_modules', '.bin', 'iothub-simulator');
  const line = ['run', 'vehicles', '--local-hub', '--duration', '3s', '--max-lost', '0', '--json'];
  const { stdout, stderr } = await promisify(execFile)(program, line, { cwd: project, shell });
  assert.equal(stderr, '');
  const { event, totals, title } = JSON.parse(stdout.trim().split('\n').at(-1));
  assert.deepEqual([event, title, totals.lost], ['end', 'Vehicle fleet', 0]);
  assert.equal(totals.connected, 22);
  assert.ok(totals.acknowledged >= 22, `${totals.acknowledged}`);
});

test('the package also has the library', async () => {
  await writeFile(
    join(project, 'scene.mjs'),
    "import { Fleet, planDevices } from 'iothub-simulator'; console.log(typeof Fleet, typeof planDevices)",
  );
  const { stdout } = await promisify(execFile)(process.execPath, ['scene.mjs'], { cwd: project });
  assert.equal(stdout, 'function function\n');
});

/** From this repository, with the versions of its lock file. */
async function copyDependencies() {
  const workspaces = ['hub', 'simulator', 'artillery'].flatMap((name) => ['--workspace', name]);
  const options = ['ls', ...workspaces, '--omit=dev', '--all', '--parseable'];
  const listed = await promisify(execFile)('npm', options, { cwd: root, shell });
  const installed = join(root, 'node_modules');
  const names = listed.stdout.split(/\r?\n/).map((path) => relative(installed, path));
  for (const name of names.filter(isOutermost)) {
    if (own.includes(name)) continue;
    await cp(join(installed, name), join(project, 'node_modules', name), { recursive: true });
  }
}

/** Whether it is a top-level package, not nested in another one or outside the folder. */
const isOutermost = (name) =>
  name !== '' && !name.startsWith('..') && !name.split(sep).includes('node_modules');

async function npm(...args) {
  const { stdout } = await promisify(execFile)('npm', args, { cwd: project, shell });
  return stdout;
}
