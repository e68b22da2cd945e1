/**
 * `npm run test:everywhere`: builds the package, then creates a project with each tool as its users
 * do, runs it, and checks its device at the local hub. `-- NAME` runs only the rows whose name
 * contains NAME. Prints the table of docs/ENVIRONMENTS.md; a whole run writes it there.
 */
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { startHub } from 'iothub-local';

import { root } from '../../scripts/lib/project.mjs';
import { openHub } from '../environments/counterpart.mjs';
import { visit } from './browser.mjs';
import { playTheHub, writeDevice } from './device.mjs';
import { projects } from './projects/index.mjs';
import { renderTable, writeIntoDocument } from './document.mjs';
import { run, stopAll } from './shell.mjs';
import { pinned } from './versions.mjs';

const filter = (process.argv[2] ?? '').toLowerCase();
const temporary = await mkdtemp(join(tmpdir(), 'everywhere-'));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
process.on('exit', () => {
  stopAll();
  rmSync(temporary, { recursive: true, force: true });
});
const hub = await startHub();
const devices = await openHub(hub);
await run(`npm pack ${join(root, 'pkg')} --pack-destination .`, temporary);
const results = [];

for (const project of projects) {
  const rows = Object.entries(project.rows).filter(([row]) =>
    `${project.tool}, ${row}`.toLowerCase().includes(filter),
  );
  if (rows.length > 0) results.push(await runProject(project, rows));
}

await hub.close();
console.log(`\n${renderTable(results)}`);
if (!filter) await writeIntoDocument(renderTable(results));
const all = results.flatMap(({ rows }) => rows);
if (all.length === 0) throw new Error(`no row's name contains "${filter}"`);
const failed = all.filter(({ outcome }) => outcome !== 'passed').length;
console.log(`\n${all.length - failed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;

async function runProject(project, rows) {
  const folder = join(temporary, project.tool.replaceAll(/\W+/g, '-').toLowerCase());
  const result = { project, rows: [] };
  const created = create(project, folder);
  for (const [name, kind] of rows) {
    const started = performance.now();
    const outcome = await created
      .then(() => runRow(project, folder, kind))
      .then(
        () => 'passed',
        (error) => `FAILED\n${error.message.replaceAll(/^/gm, '    ')}`,
      );
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(`${project.tool}, ${name} (${seconds} s): ${outcome}`);
    result.rows.push({ name, outcome: outcome.split('\n')[0] });
  }
  if (project.version) result.version = await installedVersion(folder, project.version);
  await rm(folder, { recursive: true, force: true });
  return result;
}

async function create(project, folder) {
  await mkdir(folder);
  if (project.create) await run(project.create, folder);
  const manifest = { 'package.json': '{ "private": true, "type": "module" }' };
  const files = { ...(!project.create && manifest), ...project.files };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const packages = ['../iothub-device-client-*.tgz', ...(project.install ?? []).map(pinned)];
  await run(`npm install ${packages.join(' ')}`, folder);
}

/** Each row has its own devices, so that earlier rows do not affect it. */
async function runRow(project, folder, kind) {
  const own = [];
  for (let index = 0; index < kind.devices; index++) own.push(await devices.createDevice());
  const entry = project.slim ? 'iothub-device-client/slim' : 'iothub-device-client';
  await writeDevice(join(folder, project.device), own, entry);
  await kind.run({
    folder,
    watch: () => playTheHub(own[0]),
    visit: (url, index) => visit(url, () => playTheHub(own[index]), project.slim),
  });
}

async function installedVersion(folder, name) {
  const manifest = join(folder, 'node_modules', name, 'package.json');
  return readFile(manifest, 'utf8').then(
    (text) => JSON.parse(text).version,
    () => '',
  );
}
