/** A fleet in several processes at one hub; one process is killed and started again. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { callHub } from '../../scripts/start/back-end.mjs';
import { checkReport, mergeReports } from '../../simulator/cli/merge.js';
import { readBehaviour } from '../../simulator/src/behaviour.js';
import { createFolder, start } from './command-process.mjs';
import { behaviourOf, messageOf, sceneOf } from './scenes.mjs';

const telemetry = messageOf({ isOn: true, template: '{"n": "{{range 0 1 6}}"}', periodMs: 500 });
const scene = sceneOf({ kind: behaviourOf({ telemetry }) });
const KILLED = 1;

/**
 * Runs the shards, kills one, starts it again by its index, and ends them all. The hub's registry
 * and messages show whether each device existed exactly once.
 * @param {import('node:test').TestContext} t
 * @param {object} options
 * @param {object} options.hub
 * @param {number} options.shards
 * @param {number} options.devices of all shards together, a multiple of their number
 * @param {(index: number) => string[]} [options.within] the command that runs a shard
 * @param {object} [options.env] of a shard
 */
export async function runShards(t, { hub, shards, devices, within = () => [], env }) {
  const cwd = await createFolder(t, scene);
  const fleet = ['--devices', devices, '--shards', shards, '--ramp', '1000/s', '--keep', '--yes'];
  const startShard = (index) => {
    const files = ['--made', `made-${index}.jsonl`, '--report', `report-${index}`];
    const at = ['--service', '--endpoint', hub.secureEndpoint ?? hub.endpoint];
    return start(t, ['run', 'scene.json', '--json', ...at, ...files, ...fleet.map(String)], {
      cwd,
      // As an Indexed Job of Kubernetes sets it.
      env: {
        ...env,
        JOB_COMPLETION_INDEX: String(index),
        IOTHUB_SERVICE_CONNECTION_STRING: hub.serviceConnectionString,
      },
      within: within(index),
    });
  };
  const ofShard = devices / shards;
  const isComplete = ({ event, connected, acknowledged }) =>
    event === 'progress' && connected === ofShard && acknowledged >= 2 * ofShard;

  const running = Array.from({ length: shards }, (_, index) => startShard(index));
  await Promise.all(running.map(({ until }) => until(isComplete)));
  running[KILLED].child.kill('SIGKILL');
  await running[KILLED].ended;
  running[KILLED] = startShard(KILLED);
  await running[KILLED].until(isComplete);
  for (const { child } of running) child.kill('SIGINT');
  for (const { ended } of running) {
    const { code, errors } = await ended;
    assert.equal(code, 0, errors);
  }

  const ids = Array.from({ length: devices }, (_, index) => `sim-${index + 1}`);
  const registry = await callHub(hub, 'GET', '/devices?top=1000&api-version=2021-04-12');
  assert.deepEqual(registry.map(({ deviceId }) => deviceId).sort(), [...ids].sort());

  const reports = await Promise.all(
    running.map(async (_, index) => {
      const file = join(cwd, `report-${index}.json`);
      return checkReport(await readFile(file, 'utf8'), file);
    }),
  );
  const { totals } = mergeReports(reports);
  assert.deepEqual([totals.connected, totals.lost], [devices, 0]);

  const atHub = await Promise.all(ids.map((id) => bodiesOf(hub, id)));
  for (const [index, id] of ids.entries()) checkBodies(id, atHub[index], index % shards === KILLED);
  const countOf = (shard) =>
    atHub
      .filter((_, index) => index % shards === shard)
      .reduce((sum, { length }) => sum + length, 0);
  for (const { shard, totals } of reports) {
    const count = countOf(shard.index);
    if (shard.index !== KILLED) assert.equal(count, totals.acknowledged);
    else assert.ok(count >= totals.acknowledged + 2 * ofShard, 'what the killed one sent is there');
  }
}

async function bodiesOf(hub, deviceId) {
  const { messages } = await callHub(hub, 'GET', `/local/devices/${deviceId}/telemetry`);
  return messages.map(({ text }) => text);
}

/** A device in two processes would send its messages twice; a restarted one starts over. */
function checkBodies(id, bodies, isRestarted) {
  const expected = () => readBehaviour(scene.kinds[0].behaviour)(id).messages[0];
  let message = expected();
  let starts = 1;
  for (const body of bodies) {
    let next = message.next(0).text;
    if (isRestarted && body !== next && starts === 1) {
      starts += 1;
      message = expected();
      next = message.next(0).text;
    }
    assert.equal(body, next, id);
  }
  assert.equal(starts, isRestarted ? 2 : 1);
}
