/**
 * Container file and manifests, as far as they can be tested without Docker and a cluster:
 * Kubernetes' own schemas accept the manifests, and the command accepts the arguments in them.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { Job } from 'kubernetes-models/batch/v1';
import { ConfigMap, PersistentVolumeClaim, Secret } from 'kubernetes-models/v1';
import { parse } from 'yaml';

import { LIMIT_OPTIONS } from '../../simulator/cli/limits.js';
import { OPTIONS } from '../../simulator/cli/run.js';
import { readShard } from '../../simulator/cli/shard.js';
import { parseScene } from '../../simulator/src/index.js';

const folder = fileURLToPath(new URL('../../simulator/', import.meta.url));
const models = { ConfigMap, Job, PersistentVolumeClaim, Secret };

const manifests = Object.fromEntries(
  readdirSync(join(folder, 'kubernetes')).map((file) => [
    file.replace('.yaml', ''),
    parse(readFileSync(join(folder, 'kubernetes', file), 'utf8')),
  ]),
);
const { fleet, merge, reports, scene, secret } = manifests;
const [simulator] = fleet.spec.template.spec.containers;
const [merging] = merge.spec.template.spec.containers;

/**
 * Checks a manifest by its schema, and returns the names that the schema does not contain:
 * Kubernetes would refuse them.
 */
function unknownIn(manifest) {
  const read = new Map();
  const watched = (value, path) => {
    if (typeof value !== 'object' || value === null) return value;
    const names = new Set();
    if (!Array.isArray(value)) read.set(path, { value, names });
    return new Proxy(value, {
      get(target, name) {
        names.add(name);
        return typeof name === 'symbol' ? target[name] : watched(target[name], `${path}/${name}`);
      },
    });
  };
  models[manifest.kind].prototype.validate.call(watched(manifest, ''));
  return [...read].flatMap(([path, { value, names }]) =>
    Object.keys(value)
      .filter((name) => !names.has(name))
      .map((name) => `${path}/${name}`),
  );
}

test("Kubernetes' schemas accept each manifest and everything in it", () => {
  assert.equal(Object.keys(manifests).length, 5);
  for (const manifest of Object.values(manifests)) assert.deepEqual(unknownIn(manifest), []);
  const withSpec = (members) => ({ ...fleet, spec: { ...fleet.spec, ...members } });
  assert.deepEqual(unknownIn(withSpec({ backofLimitPerIndex: 3 })), ['/spec/backofLimitPerIndex']);
  assert.throws(() => unknownIn(withSpec({ completionMode: 'indexed' })), /completionMode/);
});

test('the Job sets the index of each shard, and starts a lost one again', () => {
  const { completionMode, completions, parallelism, backoffLimitPerIndex, template } = fleet.spec;
  assert.deepEqual([completionMode, parallelism], ['Indexed', completions]);
  assert.ok(backoffLimitPerIndex > 0);
  assert.equal(template.spec.restartPolicy, 'Never');
  const [command, file, ...args] = simulator.args;
  assert.equal(command, 'run');
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  assert.deepEqual([positionals, values.group, values.yes], [[], true, true]);
  const shard = readShard(values, { JOB_COMPLETION_INDEX: '7' });
  assert.deepEqual(shard, { index: 7, count: completions });
  assert.ok(file.startsWith(`${mountOf('scene')}/`));
  assert.ok(scene.data[file.slice(mountOf('scene').length + 1)], file);
  assert.equal(values.report, `${mountOf('reports')}/report-$(JOB_COMPLETION_INDEX)`);
});

test('the names in the Job are in the other manifests', () => {
  const [{ secretRef }] = simulator.envFrom;
  assert.equal(secretRef.name, secret.metadata.name);
  assert.deepEqual(Object.keys(secret.stringData), [
    'IOTHUB_PROVISIONING_ID_SCOPE',
    'IOTHUB_PROVISIONING_GROUP_KEY',
  ]);
  assert.deepEqual(Object.values(secret.stringData), ['', '']);
  const volumes = Object.fromEntries(
    fleet.spec.template.spec.volumes.map((one) => [one.name, one]),
  );
  assert.equal(volumes.scene.configMap.name, scene.metadata.name);
  assert.equal(volumes.reports.persistentVolumeClaim.claimName, reports.metadata.name);
  assert.equal(parseScene(scene.data['scene.json']).kinds.length, 1);
});

test('merge reads the report of each shard', () => {
  const [command, ...args] = merging.args;
  assert.equal(command, 'merge');
  const { positionals } = parseArgs({ args, options: LIMIT_OPTIONS, allowPositionals: true });
  const expected = Array.from(
    { length: fleet.spec.completions },
    (_, index) => `${mountOf('reports')}/report-${index}.json`,
  );
  assert.deepEqual(positionals, expected);
  assert.equal(merging.image, simulator.image);
});

test('the container file copies existing files, and runs the command', () => {
  const text = readFileSync(join(folder, 'Dockerfile'), 'utf8');
  const instructions = (name) =>
    [...text.matchAll(new RegExp(`^${name} +(.*)$`, 'gm'))].map(([, rest]) => rest);
  const root = join(folder, '..');
  const copied = instructions('COPY').flatMap((rest) => rest.split(/\s+/).slice(0, -1));
  for (const source of copied) assert.ok(existsSync(join(root, source)), source);
  const ignored = readFileSync(join(folder, 'Dockerfile.dockerignore'), 'utf8');
  for (const source of copied) assert.ok(ignored.includes(`!${source}\n`), source);
  const [program, entry] = JSON.parse(instructions('ENTRYPOINT')[0]);
  assert.equal(program, 'node');
  assert.ok(existsSync(join(root, entry.replace('/app/', ''))), entry);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  assert.equal(simulator.image, `iothub-simulator:${version}`);
});

const mountOf = (name) => simulator.volumeMounts.find((mount) => mount.name === name).mountPath;
