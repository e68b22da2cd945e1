import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withVersion } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';

const COMMAND = fileURLToPath(new URL('../bin/iothub-local.js', import.meta.url));
/** The number of acknowledgements, of all kinds, after which each round is killed. */
const ROUNDS = [40, 170, 333, 700, 1];
/** Messages in a round for the device that does not connect; a queue holds 50. */
const WAITING_PER_ROUND = 8;
const FILTER = 'devices/busy/messages/devicebound/#';
const REPORTED = '$iothub/twin/PATCH/properties/reported/?$rid=1';

/** The command as a separate process. */
async function startHub(t, data) {
  const args = ['--port', '0', '--data', data, '--json', '--device', 'busy', '--device', 'idle'];
  const stdio = ['ignore', 'pipe', 'inherit'];
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio });
  t.after(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { url, endpoint, hostname, devices, authorization } = JSON.parse(line);
  const connect = (deviceId, options) => {
    const { connectionString } = devices.find((device) => device.deviceId === deviceId);
    const primaryKey = connectionString.split('SharedAccessKey=')[1];
    return MqttClient.connect({ endpoint, hostname }, { deviceId, primaryKey }, options);
  };
  const call = async (method, path, body) => {
    const headers = { authorization, ...(body && { 'content-type': 'application/json' }) };
    const options = { method, headers, body: JSON.stringify(body) };
    const response = await fetch(url + withVersion(path), options);
    return { status: response.status, body: await response.json() };
  };
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  return { connect, call, kill };
}

/** What the hub acknowledged, over all rounds. */
const newHistory = () => ({
  telemetry: [],
  /** Bodies of messages to the device, and to the one that does not connect. */
  queued: [],
  waiting: [],
  received: new Set(),
  completed: new Set(),
  desired: 0,
  reported: 0,
});

/** A device and a back end at work until this many acknowledgements have arrived; then SIGKILL. */
async function workUntilKilled(hub, history, round, limit) {
  const client = await hub.connect('busy');
  const received = [];
  client.mqtt.on('message', (topic, payload) => {
    const text = payload.toString();
    assert.ok(!history.completed.has(text), `${text} came again after it was completed`);
    history.received.add(text);
    received.push(text);
  });
  const gone = once(client.mqtt, 'close').then(() => Promise.reject(new Error('the hub is gone')));
  gone.catch(() => {});
  const publish = (topic, text) => Promise.race([client.publish(topic, text), gone]);

  let names = 0;
  const newName = () => `${round}-${++names}`;
  const steps = {
    async telemetry() {
      const text = newName();
      await publish('devices/busy/messages/events/', text);
      history.telemetry.push(text);
    },
    async reported() {
      // Responses arrive in the order of their requests, so everything acknowledged before was
      // accepted.
      const taken = received.splice(0);
      const value = history.reported + 1;
      await publish(REPORTED, JSON.stringify({ value }));
      history.reported = value;
      for (const text of taken) history.completed.add(text);
    },
    async desired() {
      const value = history.desired + 1;
      const change = { properties: { desired: { value } } };
      const { status } = await hub.call('PATCH', '/twins/busy', change);
      assert.equal(status, 200);
      history.desired = value;
    },
    async queued() {
      const body = newName();
      const { status } = await hub.call('POST', '/local/devices/busy/messages', { body });
      if (status === 201) history.queued.push(body);
      else assert.equal(status, 403);
    },
    async waiting() {
      const body = newName();
      const { status } = await hub.call('POST', '/local/devices/idle/messages', { body });
      assert.equal(status, 201);
      history.waiting.push(body);
    },
  };

  let acknowledged = 0;
  let reached;
  const enough = new Promise((resolve) => (reached = resolve));
  const repeat = async (step, most = Infinity) => {
    for (let n = 0; n < most; n++) {
      await step();
      if (++acknowledged === limit) reached();
    }
  };
  const { telemetry, reported, desired, queued, waiting } = steps;
  const loops = [telemetry, telemetry, telemetry, reported, desired, queued].map((s) => repeat(s));
  const atWork = Promise.allSettled([...loops, repeat(waiting, WAITING_PER_ROUND)]);
  await Promise.race([enough, ...loops]);
  await hub.kill();
  for (const { reason } of await atWork) {
    if (reason instanceof assert.AssertionError) throw reason;
  }
  client.mqtt.end(true);
}

/** Receives all pending messages. */
async function drain(hub, deviceId) {
  const client = await hub.connect(deviceId);
  const texts = [];
  client.mqtt.on('message', (topic, payload) => texts.push(payload.toString()));
  await client.subscribe(`devices/${deviceId}/messages/devicebound/#`);
  let pending;
  do {
    pending = (await hub.call('GET', `/local/devices/${deviceId}`)).body.pendingMessages;
  } while (pending > 0);
  await client.end();
  return texts;
}

/** Checks that nothing acknowledged is missing. */
async function check(hub, history) {
  const { body } = await hub.call('GET', '/local/devices/busy/telemetry');
  const texts = body.messages.map(({ text }) => text);
  assert.equal(new Set(texts).size, texts.length);
  assert.deepEqual(
    history.telemetry.filter((text) => !texts.includes(text)),
    [],
  );
  const { desired, reported } = (await hub.call('GET', '/twins/busy')).body.properties;
  // The last one may have been written, although it was not acknowledged.
  for (const [section, value] of [
    [desired, history.desired],
    [reported, history.reported],
  ]) {
    const kept = section.value ?? 0;
    assert.ok(kept === value || kept === value + 1, `${kept}, acknowledged was ${value}`);
    assert.equal(section.$version, kept + 1);
  }
  history.desired = desired.value ?? 0;
  history.reported = reported.value ?? 0;
}

test('SIGKILL at any moment loses nothing that was acknowledged', async (t) => {
  const data = await mkdtemp(join(tmpdir(), 'iothub-local-'));
  t.after(() => rm(data, { recursive: true, force: true }));
  const history = newHistory();
  const first = await startHub(t, data);
  const client = await first.connect('busy');
  await client.subscribe(FILTER);
  await first.kill();
  await client.closed;
  for (const [round, limit] of ROUNDS.entries()) {
    const hub = await startHub(t, data);
    await check(hub, history);
    await workUntilKilled(hub, history, round, limit);
  }
  const hub = await startHub(t, data);
  await check(hub, history);

  const rest = await drain(hub, 'busy');
  assert.deepEqual(
    rest.filter((text) => history.completed.has(text)),
    [],
  );
  const got = new Set([...history.received, ...rest]);
  assert.deepEqual(
    history.queued.filter((text) => !got.has(text)),
    [],
  );
  const waited = await drain(hub, 'idle');
  assert.deepEqual(
    waited.filter((text) => history.waiting.includes(text)),
    history.waiting,
  );
  assert.ok(history.completed.size > 0 && history.queued.length > 0 && history.reported > 0);
  await hub.kill();
});
