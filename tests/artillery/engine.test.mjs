/** The engine's contract with Artillery; `artillery.long.test.mjs` runs Artillery itself. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';

import { parse } from 'yaml';

import { readBehaviour } from '../../simulator/src/behaviour.js';
import { createFolder, openHub, scene } from './support.mjs';

const require = createRequire(import.meta.url);
const Engine = require('artillery-engine-iothub');

/** What Artillery passes to an engine. */
const helpers = {
  template: (value, { vars }) =>
    typeof value === 'string' ? value.replace(/{{ (\w+) }}/g, (_, name) => vars[name]) : value,
  createThink: () => (context, callback) => setImmediate(callback, null, context),
};

const phase = (worker, totalWorkers) => ({ duration: 1, arrivalRate: 1, worker, totalWorkers });

/** A worker of Artillery with a script; `arrive` is a virtual user, from start to end. */
function createWorker(t, { flow, options, folder, hub, phases = [phase(1, 1)] }) {
  const script = {
    config: { target: hub?.endpoint ?? 'hub', engines: { iothub: options }, phases },
    _scriptPath: join(folder ?? '.', 'script.yml'),
  };
  const ee = new EventEmitter();
  const metrics = { counter: {}, histogram: [], error: [], started: 0, rate: {} };
  const add = (sums) => (name, value) => (sums[name] = (sums[name] ?? 0) + (value ?? 1));
  ee.on('counter', add(metrics.counter));
  ee.on('rate', add(metrics.rate));
  ee.on('histogram', (name, value) => metrics.histogram.push([name, value]));
  ee.on('error', (name) => metrics.error.push(name));
  ee.on('started', () => (metrics.started += 1));
  const scenario = new Engine(script, ee, helpers).createScenario({ flow }, ee);
  const arrive = (vars = {}) =>
    new Promise((resolve, reject) =>
      scenario({ vars }, (error, context) => (error ? reject(error) : resolve(context))),
    );
  return { metrics, arrive };
}

/** Sets variables for the test. */
function setEnvironment(t, variables) {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  t.after(() => (process.env = before));
}

test('virtual users are the devices of the scene, and their actions are counted', async (t) => {
  const { hub, env, registered, bodies } = await openHub(t);
  setEnvironment(t, env);
  const folder = await createFolder(t);
  const flow = [{ loop: [{ run: '{{ time }}' }, { think: 1 }], count: 2 }];
  const options = { scene: './scene.json', group: true, seed: '7' };
  const { arrive, metrics } = createWorker(t, { flow, options, folder, hub });
  await Promise.all([arrive({ time: '600ms' }), arrive({ time: '1' })]);

  assert.deepEqual(await registered(), ['sim-1', 'sim-2']);
  const sent = await Promise.all(['sim-1', 'sim-2'].map(bodies));
  for (const [index, texts] of sent.entries()) {
    const [message] = readBehaviour(scene.kinds[0].behaviour, 7)(`sim-${index + 1}`).messages;
    assert.ok(texts.length >= 4, `${texts.length}`);
    assert.deepEqual(
      texts,
      texts.map(() => message.next(0).text),
    );
  }
  const { counter, histogram, error, rate, started } = metrics;
  const all = sent.flat().length;
  assert.deepEqual(counter, {
    'iothub.connected': 4,
    'iothub.sent': all,
    'iothub.acknowledged': all,
    'iothub.lost': 0,
  });
  assert.deepEqual([error, started, rate], [[], 2, { 'iothub.send_rate': all }]);
  assert.equal(histogram.length, all);
  assert.ok(histogram.every(([name, value]) => name === 'iothub.latency' && value > 0));
});

test('threads and machines share the devices, and no device runs twice', async (t) => {
  const { hub, env, registered } = await openHub(t);
  setEnvironment(t, env);
  const folder = await createFolder(t);
  const start = (shardIndex, worker, totalWorkers) => {
    const options = { scene: './scene.json', group: true, shards: 2, 'shard-index': shardIndex };
    const phases = [phase(worker, totalWorkers)];
    return createWorker(t, { flow: [{ run: '1ms' }], options, folder, hub, phases });
  };
  // One machine has two threads, the other three.
  const workers = [start(0, 1, 2), start(0, 2, 2), ...[1, 2, 3].map((one) => start(1, one, 3))];
  await Promise.all(workers.flatMap(({ arrive }) => [arrive(), arrive()]));
  const numbers = (await registered()).map((id) => Number(id.slice('sim-'.length)));
  const odd = [1, 3, 5, 7];
  const even = [2, 4, 6, 8, 10, 12];
  assert.deepEqual(
    numbers.sort((one, other) => one - other),
    [...odd, ...even].sort((one, other) => one - other),
  );
});

test('a worker in a cloud has its own device ids', async (t) => {
  const { hub, env, registered } = await openHub(t);
  setEnvironment(t, { ...env, WORKER_ID: 'w7' });
  const { arrive } = createWorker(t, { flow: [{ run: '1ms' }], options: { group: true }, hub });
  await arrive();
  assert.deepEqual(await registered(), ['sim-w7-1']);
  const shared = { 'connection-strings': 'devices.txt' };
  const { arrive: fail } = createWorker(t, { flow: [], options: shared, hub });
  await assert.rejects(fail(), /all take the same connection-strings/);
});

test('a device that does not connect is a failed virtual user', async (t) => {
  const { hub, env } = await openHub(t);
  setEnvironment(t, { ...env, IOTHUB_PROVISIONING_GROUP_KEY: Buffer.alloc(32).toString('base64') });
  const options = { group: true };
  const { arrive, metrics } = createWorker(t, { flow: [{ run: 1 }], options, hub });
  await assert.rejects(arrive(), /sim-1 did not connect/);
  assert.deepEqual(metrics.error, ['CredentialError']);
  assert.deepEqual(metrics.counter, { 'iothub.lost': 0 });
});

test('mistakes in a script are reported immediately', async (t) => {
  const wrong = (options, flow = []) => createWorker(t, { options, flow });
  assert.throws(() => wrong({ group: true, devices: 3 }), /no "devices", but scene, seed/);
  assert.throws(
    () => wrong({ group: true }, [{ get: { url: '/' } }]),
    /takes run, think, and loop/,
  );
  const { arrive, metrics } = wrong({});
  await assert.rejects(arrive(), /takes one of group and connection-strings/);
  assert.deepEqual(metrics.error, [
    'config.engines.iothub takes one of group and connection-strings',
  ]);
});

test('the script in the README is the first example', () => {
  const read = (name) => readFileSync(new URL(`../../artillery/${name}`, import.meta.url), 'utf8');
  const [, script] = /^```yaml\n(.*?)^```$/ms.exec(read('README.md'));
  assert.deepEqual(parse(script), parse(read('examples/ramp.yml')));
});
