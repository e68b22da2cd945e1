/** Artillery itself with the engine: the examples, run for some seconds against a local hub. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { parse, stringify } from 'yaml';

import { start } from '../simulator/command-process.mjs';
import { createFolder, openHub } from './support.mjs';

const artillery = fileURLToPath(new URL('node_modules/artillery/bin/run', import.meta.url));
const examples = new URL('../../artillery/examples/', import.meta.url);

/** An example with the scene of the tests, and two devices that stay for two seconds. */
async function shortened(folder, name, change = () => {}) {
  const script = parse(await readFile(new URL(`${name}.yml`, examples), 'utf8'));
  Object.assign(script.config.engines.iothub, { scene: './scene.json', seed: 7 });
  script.config.phases = [{ duration: 2, arrivalRate: 1 }];
  script.scenarios[0].flow = [{ run: 2 }];
  change(script);
  await writeFile(join(folder, `${name}.yml`), stringify(script));
  return `${name}.yml`;
}

/** Runs a script; returns the exit code, the output, and the report. */
async function runArtillery(t, folder, script, env) {
  const child = spawn(process.execPath, [artillery, 'run', script, '--output', 'report.json'], {
    cwd: folder,
    env: { ...process.env, ARTILLERY_DISABLE_TELEMETRY: 'true', ...env },
  });
  t.after(() => child.kill('SIGKILL'));
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
  return { code, output: output + errors, ...report.aggregate };
}

test('the same scene and seed produce the same messages in Artillery and by the command', async (t) => {
  const folder = await createFolder(t);
  const byArtillery = await openHub(t);
  const script = await shortened(folder, 'ramp');
  const run = await runArtillery(t, folder, script, byArtillery.env);
  assert.equal(run.code, 0, run.output);
  const ids = ['sim-1', 'sim-2'];
  assert.deepEqual(await byArtillery.registered(), ids);
  const bodies = await Promise.all(ids.map(byArtillery.bodies));
  const { counters, summaries } = run;
  assert.equal(counters['iothub.acknowledged'], bodies.flat().length);
  assert.deepEqual([counters['iothub.connected'], counters['iothub.lost']], [2, 0]);
  assert.ok(summaries['iothub.latency'].p99 > 0);

  const byCommand = await openHub(t);
  const line = ['--group', '--endpoint', byCommand.hub.endpoint, '--devices', '2', '--seed', '7'];
  const command = start(t, ['run', 'scene.json', '--json', ...line], {
    cwd: folder,
    env: byCommand.env,
  });
  const most = Math.max(...bodies.map(({ length }) => length));
  await command.until(({ event, acknowledged }) => event === 'progress' && acknowledged > 3 * most);
  command.child.kill('SIGINT');
  const { code, errors } = await command.ended;
  assert.equal(code, 0, errors);
  for (const [index, id] of ids.entries()) {
    const others = await byCommand.bodies(id);
    const both = Math.min(bodies[index].length, others.length);
    assert.ok(both >= 3, `${both}`);
    assert.deepEqual(bodies[index].slice(0, both), others.slice(0, both));
  }
});

test('thresholds decide the exit code', async (t) => {
  const folder = await createFolder(t);
  const { env } = await openHub(t);
  const script = await shortened(folder, 'thresholds', ({ config }) => {
    // This test does not check how long anything takes.
    config.plugins.ensure.thresholds = [{ 'iothub.latency.p99': 60_000 }];
  });
  const kept = await runArtillery(t, folder, script, env);
  assert.equal(kept.code, 0, kept.output);
  assert.match(kept.output, /ok: iothub\.latency\.p99 < 60000/);
  assert.match(kept.output, /ok: iothub\.lost == 0 and iothub\.acknowledged > 0/);
  const strict = await shortened(folder, 'thresholds', ({ config }) => {
    config.plugins.ensure.thresholds = [{ 'iothub.latency.p99': 0 }];
  });
  const exceeded = await runArtillery(t, folder, strict, env);
  assert.equal(exceeded.code, 1, exceeded.output);
  assert.match(exceeded.output, /fail: iothub\.latency\.p99 < 0/);
});

test('metrics reach a Pushgateway of Prometheus', async (t) => {
  const folder = await createFolder(t);
  const { env } = await openHub(t);
  const { url, bodies } = await listen(t);
  const script = await shortened(folder, 'prometheus');
  const { code, output } = await runArtillery(t, folder, script, { ...env, PUSHGATEWAY: url });
  assert.equal(code, 0, output);
  const last = bodies.at(-1);
  assert.match(last, /^artillery_counters{metric="iothub_sent",fleet="thermostats"} \d+$/m);
  assert.match(last, /^artillery_summaries{metric="iothub_latency_p99",fleet="thermostats"} /m);
});

test('metrics reach a collector of OpenTelemetry', async (t) => {
  const folder = await createFolder(t);
  const { env } = await openHub(t);
  const { url, bodies } = await listen(t);
  const script = await shortened(folder, 'opentelemetry');
  const collector = { OTLP_METRICS: `${url}/v1/metrics` };
  const { code, output } = await runArtillery(t, folder, script, { ...env, ...collector });
  assert.equal(code, 0, output);
  const metrics = bodies.flatMap((body) =>
    JSON.parse(body).resourceMetrics.flatMap(({ scopeMetrics }) =>
      scopeMetrics.flatMap(({ metrics }) => metrics.map(({ name }) => name)),
    ),
  );
  for (const name of ['iothub.sent', 'iothub.lost', 'iothub.latency.p99']) {
    assert.ok(metrics.includes(name), `${name} of ${metrics}`);
  }
});

/** A server that keeps the bodies of what it gets. */
async function listen(t) {
  const bodies = [];
  const server = createServer(async (request, response) => {
    bodies.push(await text(request));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${server.address().port}`, bodies };
}
