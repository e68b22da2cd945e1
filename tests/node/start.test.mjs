/** The programs and pages of docs/guide/start, each in its own project, do what they say. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

import { build } from 'esbuild';

import { openPage } from '../browser/support.mjs';
import { bundleForWorkerd } from '../environments/bundlers.mjs';
import { bun, deno, workerd } from '../environments/programs.mjs';
import { createProject } from './docs/copies.mjs';
import { serveDevice } from './docs/pages.mjs';
import { createDevice, environmentOf, root, startCommand, test } from './docs/programs.mjs';

const start = join(root, 'docs/guide/start');
const vite = join(root, 'tests/environments/node_modules/vite/bin/vite.js');
const run = new Set();

/** The files that a page shows, by their names. */
function filesOf(page) {
  const text = readFileSync(join(start, page), 'utf8');
  const files = [...text.matchAll(/^```[a-z]+ (\S+)\n(.*?)^```$/gms)];
  assert.equal(files.length, text.match(/^```(?!sh$)[a-z]/gm).length, 'each block needs a name');
  return Object.fromEntries(files.map(([, name, code]) => [name, code]));
}

async function writeFiles(folder, files) {
  for (const [name, code] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), code);
  }
}

/** A test of a page; `folder` is a project with the files that it shows. */
function testPage(page, work, packages) {
  run.add(page);
  test(`docs/guide/start/${page}`, async (t) => {
    const folder = await createProject(t, packages);
    await writeFiles(folder, filesOf(page));
    const backEnd = await createDevice();
    await work({ t, folder, backEnd });
    assert.deepEqual(JSON.parse((await backEnd.waitForTelemetry())[0].text), { temperature: 21.5 });
  });
}

const runIn = (t, folder, backEnd, ...command) =>
  startCommand(t, command, environmentOf(backEnd), { cwd: folder });

async function finish(program) {
  assert.equal(await program.ended(), 0, program.errors);
  assert.equal(program.errors, '');
}

testPage('node.md', async ({ t, folder, backEnd }) => {
  await finish(runIn(t, folder, await createDevice(), process.execPath, 'device.cjs'));
  const program = runIn(t, folder, backEnd, process.execPath, 'device.mjs');
  await program.printed(/^sent$/m);
  await backEnd.sendMessage({ body: 'Grüße' });
  await program.printed(/^message: Grüße$/m);
});

/** Opens what is in a folder as a page, and waits for what it shows. */
async function openUntil(t, backEnd, folder, text) {
  const page = await openPage(t, await serveDevice(t, backEnd, { folder }));
  await page.getByRole('status').filter({ hasText: text }).waitFor();
}

testPage('page.md', async ({ t, folder, backEnd }) => {
  await openUntil(t, backEnd, folder, 'connected');
});

testPage('bundler.md', async ({ t, folder, backEnd }) => {
  await finish(runIn(t, folder, backEnd, process.execPath, vite, 'build', '--logLevel', 'error'));
  await openUntil(t, backEnd, join(folder, 'dist'), 'connected');
});

/** Starts the token server of the guide and the development server of Vite before it. */
async function startVite(t, folder, backEnd) {
  const port = await findPort();
  const { 'my-device.mjs': device, 'token-server.mjs': server } = filesOf('token-server.md');
  await writeFiles(folder, { 'my-device.mjs': device, 'token-server.mjs': server });
  for (const file of ['token-server.mjs', 'vite.config.ts']) {
    const code = readFileSync(join(folder, file), 'utf8');
    assert.match(code, /\b3001\b/);
    await writeFile(join(folder, file), code.replace('3001', port));
  }
  const tokens = runIn(t, folder, backEnd, process.execPath, 'token-server.mjs');
  await tokens.printed(/^the token server is ready$/m);
  const args = [vite, '--host', '127.0.0.1', '--port', '0'];
  const pages = startCommand(t, [process.execPath, ...args], { NO_COLOR: '1' }, { cwd: folder });
  return (await pages.printed(/Local: +(\S+)/))[1];
}

async function findPort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

testPage(
  'token-server.md',
  async ({ t, folder, backEnd }) => {
    const main = `
      import { createDevice } from './device';
      const client = await createDevice(new AbortController().signal);
      await client.sendMessage({ temperature: 21.5 });
      document.querySelector('output').textContent = client.connectionState;`;
    const { 'index.html': html } = filesOf('bundler.md');
    await writeFiles(folder, { 'index.html': html, 'main.js': main });
    const page = await openPage(t, await startVite(t, folder, backEnd));
    await page.getByRole('status').filter({ hasText: 'connected' }).waitFor();
  },
  ['vite'],
);

testPage(
  'react.md',
  async ({ t, folder, backEnd }) => {
    await writeFiles(folder, {
      'src/device.ts': filesOf('token-server.md')['device.ts'],
      // The template also uses strict mode, which mounts each component twice.
      'src/main.tsx': `
        import { StrictMode } from 'react';
        import { createRoot } from 'react-dom/client';
        import App from './App';
        createRoot(document.getElementById('root')!).render(<StrictMode><App /></StrictMode>);`,
      'index.html': `<!doctype html>
        <link rel="icon" href="data:,">
        <div id="root"></div>
        <script type="module" src="/src/main.tsx"></script>`,
    });
    const page = await openPage(t, await startVite(t, folder, backEnd));
    await page
      .getByRole('status')
      .filter({ hasText: /^connected$/ })
      .waitFor();
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('1 sent').waitFor();
    await backEnd.patchDesired({ lamp: { colour: 'red', on: true } });
    await page.getByText('"on": true').waitFor();
    await backEnd.patchDesired({ lamp: { on: null } });
    await page.locator('pre').filter({ hasText: '"red"', hasNotText: '"on"' }).waitFor();
    await backEnd.sendMessage({ body: 'Grüße' });
    await page.getByRole('listitem').filter({ hasText: 'Grüße' }).waitFor();
    assert.equal(await page.getByRole('alert').count(), 0);
  },
  ['react', 'react-dom', '@vitejs/plugin-react', 'vite'],
);

testPage('worker.md', ({ t, folder, backEnd }) => openUntil(t, backEnd, folder, 'sent'));

testPage('service-worker.md', async ({ t, folder, backEnd }) => {
  await openUntil(t, backEnd, folder, 'sent');

  // Without a hub a page stores; when it is closed, the service worker sends.
  await backEnd.setFaults({ connack: 3 });
  const origin = await serveDevice(t, backEnd, { folder });
  const page = await openPage(t, `${origin}/outbox.html`, { isExpected: () => true });
  await page.getByRole('status').filter({ hasText: 'stored' }).waitFor();
  const context = page.context();
  const other = await context.newPage();
  await other.goto(`${origin}/my-device.json`);
  const devTools = await context.newCDPSession(other);
  const registered = new Promise((resolve) =>
    devTools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const registration = registrations.find(({ scopeURL }) => scopeURL.startsWith(origin));
      if (registration) resolve(registration.registrationId);
    }),
  );
  await devTools.send('ServiceWorker.enable');
  const registrationId = await registered;
  await page.close();
  await backEnd.setFaults({ clear: true });
  const event = { origin, registrationId, tag: 'outbox', lastChance: false };
  await devTools.send('ServiceWorker.dispatchSyncEvent', event);
  const messages = await backEnd.waitForTelemetry(2);
  assert.deepEqual(JSON.parse(messages[1].text), { temperature: 21.5 });
});

testPage('deno-and-bun.md', async ({ t, folder, backEnd }) => {
  const commands = commandsOf('deno-and-bun.md');
  assert.equal(commands.length, 2);
  for (const [index, [name, ...args]] of commands.entries()) {
    const { command } = { deno, bun }[name];
    const device = index === 0 ? backEnd : await createDevice();
    const program = runIn(t, folder, device, command[0], ...args);
    await finish(program);
    assert.equal((await device.telemetry()).length, 1);
  }
});

const commandsOf = (page) =>
  /^```sh\n(.*?)^```$/ms
    .exec(readFileSync(join(start, page), 'utf8'))[1]
    .trim()
    .split('\n')
    .map((line) => line.split(' '));

testPage('cloudflare-workers.md', async ({ t, folder, backEnd }) => {
  await bundleForWorkerd(folder, 'worker.js');
  const bindings = Object.entries(environmentOf(backEnd)).map(
    ([name, value]) => `(name = "${name}", text = ${JSON.stringify(value)})`,
  );
  await writeFile(
    join(folder, 'workerd.capnp'),
    `
    using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [
        (name = "main", worker = (
          modules = [
            (name = "worker", esModule = embed "dist/worker.js"),
            (name = "./iothub_device_client_bg.wasm",
             wasm = embed "dist/iothub_device_client_bg.wasm"),
          ],
          compatibilityDate = "2026-10-01",
          bindings = [${bindings.join(', ')}],
        )),
        (name = "internet", network = (allow = ["private"])),
      ],
      sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
    );`,
  );
  const args = ['serve', '--control-fd=1', 'workerd.capnp'];
  const program = startCommand(t, [workerd.command[0], ...args], {}, { cwd: folder });
  const [, port] = await program.printed(/"event":"listen","socket":"http","port":(\d+)/);
  const body = JSON.stringify({ temperature: 21.5 });
  const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body });
  assert.equal(await response.text(), 'sent', program.errors);
});

run.add('testing.md');
test('docs/guide/start/testing.md', async (t) => {
  const folder = await createProject(t, ['iothub-local']);
  const runner = readFileSync(new URL('docs/test-runner.mjs', import.meta.url), 'utf8');
  await writeFiles(folder, {
    ...filesOf('testing.md'),
    'node_modules/vitest/index.mjs': runner,
    'node_modules/vitest/package.json': '{ "exports": "./index.mjs" }',
    'node_modules/@jest/globals/index.mjs': runner,
    'node_modules/@jest/globals/package.json': '{ "exports": "./index.mjs" }',
    'jest.mjs': `
      import start from './start-hub.mjs';
      import stop from './stop-hub.mjs';
      import { afterAll } from '@jest/globals';
      await start();
      afterAll(stop);
      await import('./thermostat.test.js');`,
  });
  await bundle(folder, ['thermostat.test.ts'], { packages: 'external' });
  for (const program of ['bundled/thermostat.test.mjs', 'jest.mjs']) {
    const env = { NODE_TEST_CONTEXT: undefined }; // Not part of this test's report.
    const run = startCommand(t, [process.execPath, '--test-reporter=tap', program], env, {
      cwd: folder,
    });
    assert.equal(await run.ended(), 0, run.output + run.errors);
    assert.match(run.output, /^# pass [12]$/m);
  }
});

/**
 * Pages whose frameworks are not installed here: their programs are bundled, so that they name what
 * is there. All except that of Electron were run by hand in a project of its template.
 * Beside each is where it puts `device.ts`.
 */
const FRAMEWORKS = {
  'angular.md': 'src/app',
  'electron.md': '.',
  'nextjs.md': 'src/app',
  'svelte.md': 'src/lib',
  'vue.md': 'src',
};

for (const [page, place] of Object.entries(FRAMEWORKS)) {
  run.add(page);
  test(`docs/guide/start/${page} is bundled`, async (t) => {
    const folder = await createProject(t);
    const files = filesOf(page);
    const shared = filesOf('token-server.md');
    await writeFiles(folder, files);
    await writeFiles(folder, {
      [join(place, 'device.ts')]: shared['device.ts'],
      [join(place, 'use-device.ts')]:
        files['src/use-device.ts'] ?? filesOf('react.md')['src/use-device.ts'],
      'src/lib/my-device.mjs': shared['my-device.mjs'],
    });
    const programs = Object.keys(files).filter((name) => /\.tsx?$/.test(name));
    assert.ok(programs.length > 0);
    await bundle(folder, programs, {
      alias: { '@': join(folder, 'src') },
      external: ['@angular/*', '@vitejs/*', 'electron', 'next', 'react', 'vite', 'vue'],
    });
  });
}

/** Bundles programs for Node.js as ES modules. */
async function bundle(folder, programs, options) {
  const outdir = join(folder, 'bundled');
  const entryPoints = programs.map((name) => join(folder, name));
  const format = { bundle: true, platform: 'node', format: 'esm', outExtension: { '.js': '.mjs' } };
  await build({ entryPoints, outdir, outbase: folder, logLevel: 'silent', ...format, ...options });
}

test('every start page is run', () => {
  assert.deepEqual(readdirSync(start).sort(), [...run].sort());
});
