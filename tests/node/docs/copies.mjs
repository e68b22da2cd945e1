/** Folders of examples/, copied to a place that has only the packages that they name. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { root } from './programs.mjs';

const client = 'iothub-device-client';

const readManifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/**
 * Copies an example, and installs exactly the packages of its manifest in the pinned versions.
 * @returns {Promise<string>} its folder
 */
export async function copyExample(t, name) {
  const folder = await mkdtemp(join(tmpdir(), 'example-'));
  t.after(() => rm(folder, { recursive: true }));
  await cp(join(root, 'examples', name), folder, { recursive: true });
  const { dependencies, devDependencies } = readManifest(folder);
  for (const [dependency, version] of Object.entries({ ...dependencies, ...devDependencies })) {
    const place = placeOf(dependency);
    assert.equal(readManifest(place).version, version, `${name} pins ${dependency}`);
    await install(folder, dependency, place);
  }
  return folder;
}

/** An empty project with the client and the named packages installed. */
export async function createProject(t, others = []) {
  const folder = await mkdtemp(join(tmpdir(), 'project-'));
  t.after(() => rm(folder, { recursive: true }));
  const { version } = readManifest(placeOf(client));
  const manifest = { private: true, dependencies: { [client]: version } };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  for (const name of [client, ...others]) await install(folder, name, placeOf(name));
  return folder;
}

/** Copies the client, as npm would: bundlers and servers resolve symbolic links. */
async function install(folder, dependency, place) {
  const target = join(folder, 'node_modules', dependency);
  await mkdir(dirname(target), { recursive: true });
  if (dependency !== client) return symlink(place, target, 'junction');
  await cp(place, target, { recursive: true, dereference: true });
  for (const needed of Object.keys(readManifest(place).dependencies)) {
    await install(folder, needed, placeOf(needed));
  }
}

/** Bundlers and similar tools are installed separately from the other packages. */
function placeOf(dependency) {
  const places = ['node_modules', 'tests/environments/node_modules'];
  const found = places.map((place) => join(root, place, dependency)).find(existsSync);
  return found ?? assert.fail(`${dependency} is not installed`);
}
