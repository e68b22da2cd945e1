/**
 * The package that `npm pack` creates from hub/ installs into an empty project, and its command
 * starts a hub.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MqttClient } from '../hub/test/support/mqtt-client.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const shell = process.platform === 'win32';

/** Every file that users get, and those of `src/`. New files must be added here on purpose. */
const publishedFiles = [
  ...['LICENSE', 'README.md', 'bin/iothub-local.js', 'index.d.ts', 'package.json'],
  ...['page/index.html', 'page/script.js', 'page/style.css'],
];
const sources = `
  access annotations blob-api blob-store budget bulk-api certificates command config connect
  connection connection-log devices errors event-log fail fault-api faults feedback feedback-api file-api
  file-uploads frame-writer health-api http identity identity-json in-process index local-api
  log-api message-api message-queue methods openapi packet-decoder packet-log page policies
  paging properties publish query query-api registry-api reset sas-token server service-api
  settings store telemetry telemetry-stream tls topics twin twin-api twin-json twin-values
  upload-api user-name websocket
  provisioning/allocation provisioning/assignment provisioning/attestation provisioning/bulk-api
  provisioning/certificate-request provisioning/certificates provisioning/connect
  provisioning/enrollment-api provisioning/enrollment-json provisioning/enrollments
  provisioning/exchange provisioning/fault-api provisioning/linked-hub provisioning/local-api
  provisioning/registrant provisioning/registration-api provisioning/registrations
  provisioning/service provisioning/service-api provisioning/user-name
`;

let project;
let packed;

before(async () => {
  project = await mkdtemp(join(tmpdir(), 'packed-'));
  await writeFile(join(project, 'package.json'), '{ "private": true }');
  await copyDependencies();
  const pack = ['pack', join(root, 'hub'), '--json'];
  [packed] = JSON.parse(await execute('npm', pack, { cwd: project, shell }));
  // Its dependencies are already installed: npm fails if one is missing.
  const install = ['install', '--offline', `./${packed.filename}`];
  await execute('npm', install, { cwd: project, shell });
});

after(() => rm(project, { recursive: true, force: true }));

test('the tarball of the hub holds the published files and nothing else', () => {
  const modules = sources
    .trim()
    .split(/\s+/)
    .map((name) => `src/${name}.js`);
  const expected = [...publishedFiles, ...modules, 'src/query-language.peggy'];
  assert.deepEqual(packed.files.map((file) => file.path).sort(), expected.sort());
});

test('the installed command is a hub for devices and back ends, and stops cleanly', async (t) => {
  const hub = await start(t, '--port', '0', '--device', 'device1', '--json');
  const { endpoint, hostname, url, authorization, devices, event } = hub.first;
  assert.equal(event, 'start');
  const [{ deviceId, connectionString }] = devices;
  const [, primaryKey] = /;SharedAccessKey=(.+)$/.exec(connectionString);
  const client = await MqttClient.connect({ endpoint, hostname }, { deviceId, primaryKey });
  await client.publish(`devices/${deviceId}/messages/events/room=kitchen`, 'hello');
  const headers = { authorization };
  const answer = await fetch(`${url}/local/devices/${deviceId}/telemetry`, { headers });
  const { messages } = await answer.json();
  assert.deepEqual(
    messages.map(({ text, properties }) => ({ text, properties })),
    [{ text: 'hello', properties: { room: 'kitchen' } }],
  );
  hub.child.kill('SIGTERM');
  assert.deepEqual(await hub.exited, [0, null]);
  assert.equal(await hub.errors, '');
  await client.closed;
});

test('the installed package keeps its data, and reads queries', async () => {
  const script = `
    import { startHub } from 'iothub-local';
    const ask = async (devices) => {
      const hub = await startHub({ data: 'hub-data', devices });
      const answer = await fetch(hub.url + '/devices/query?api-version=2021-04-12', {
        method: 'POST',
        headers: { authorization: hub.authorization(), 'content-type': 'application/json' },
        body: JSON.stringify({ query: 'SELECT deviceId FROM devices' }),
      });
      const rows = await answer.json();
      await hub.close();
      return rows;
    };
    await ask(['kept']);
    console.log(JSON.stringify(await ask([])));
  `;
  await writeFile(join(project, 'query.mjs'), script);
  const output = await execute(process.execPath, ['query.mjs'], { cwd: project });
  assert.deepEqual(JSON.parse(output), [{ deviceId: 'kept' }]);
});

test('the installed declarations compile, strictly', async () => {
  const program = `
    import { HubError, startHub, type Hub } from 'iothub-local';
    const hub: Hub = await startHub({ devices: ['device1'] });
    await hub.sendMessage('device1', { on: true }).catch((error: unknown) => {
      if (error instanceof HubError) console.log(error.code);
    });
    const [{ text }] = await hub.waitForTelemetry('device1');
    console.log(text.length);
    await hub.close();
  `;
  await writeFile(join(project, 'program.mts'), program);
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022'];
  const environment = ['--lib', 'es2022,dom', '--types', '', 'program.mts'];
  await execute(process.execPath, [compiler, ...options, ...environment], { cwd: project });
});

test('the installed page is served', async (t) => {
  const hub = await start(t, '--port', '0', '--json');
  const page = await fetch(hub.first.url);
  assert.match(await page.text(), /<title>iothub-local<\/title>/);
  hub.child.kill('SIGTERM');
  await hub.exited;
});

/** From this repository, with the versions of its lock file. */
async function copyDependencies() {
  const options = ['ls', '--workspace', 'hub', '--omit=dev', '--all', '--parseable'];
  const listed = (await execute('npm', options, { cwd: root, shell })).split(/\r?\n/);
  const installed = join(root, 'node_modules');
  const names = listed.map((path) => relative(installed, path)).filter(isOutermost);
  for (const name of names) {
    if (name === 'iothub-local' || name === 'iothub-device-client') continue;
    await cp(join(installed, name), join(project, 'node_modules', name), { recursive: true });
  }
}

/** Whether it is a top-level package, not nested in another one or outside the folder. */
const isOutermost = (name) =>
  name !== '' && !name.startsWith('..') && !name.split(sep).includes('node_modules');

/** Runs the command as npm installed it; `first` is the first line of its output. */
async function start(t, ...args) {
  const child = spawn(join(project, 'node_modules', '.bin', 'iothub-local'), args, { shell });
  t.after(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const errors = child.stderr
    .setEncoding('utf8')
    .toArray()
    .then((texts) => texts.join(''));
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'close').then(async () => assert.fail(`no line came: ${await errors}`));
  const [line] = await Promise.race([once(lines, 'line'), ended]);
  ended.catch(() => {});
  return { child, exited, errors, first: JSON.parse(line) };
}

async function execute(program, args, options) {
  const { stdout } = await promisify(execFile)(program, args, options);
  return stdout;
}
