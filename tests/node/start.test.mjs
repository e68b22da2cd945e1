/** The programs and pages of docs/guide/start, each in a project of its own, do what they say. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { openPage } from '../browser/support.mjs';
import { bundleForWorkerd } from '../environments/bundlers.mjs';
import { bun, deno, workerd } from '../environments/programs.mjs';
import { createProject } from './docs/copies.mjs';
import { serveDevice } from './docs/pages.mjs';
import { createDevice, environmentOf, root, startCommand, test } from './docs/programs.mjs';

const start = join(root, 'docs/guide/start');
const vite = join(root, 'tests/environments/node_modules/vite/bin/vite.js');
const FILE = /^```(?:js|html) (\S+)\n(.*?)^```$/gms;
const run = new Set();

/** A test of a page; `folder` is a project with the files that it shows. */
function testPage(page, work) {
  run.add(page);
  test(`docs/guide/start/${page}`, async (t) => {
    const folder = await createProject(t);
    const text = readFileSync(join(start, page), 'utf8');
    const files = [...text.matchAll(FILE)];
    assert.equal(files.length, text.match(/^```(js|html)/gm).length, 'each block needs a name');
    for (const [, name, code] of files) await writeFile(join(folder, name), code);
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

testPage('worker.md', ({ t, folder, backEnd }) => openUntil(t, backEnd, folder, 'sent'));

testPage('service-worker.md', ({ t, folder, backEnd }) => openUntil(t, backEnd, folder, 'sent'));

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

test('every page to start from is run', () => {
  assert.deepEqual(readdirSync(start).sort(), [...run].sort());
});
