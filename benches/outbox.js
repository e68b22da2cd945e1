/**
 * `node benches/outbox.js`: what it costs to store telemetry before it is sent. Each contender
 * sends from a separate process to the local hub, which runs in another one. For MQTT.js with a
 * store, first `npm install --no-save mqtt-level-store`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MESSAGES = 5_000;
const IN_FLIGHT = 1000;
const ROUNDS = 3;
const TEXT = 'x'.repeat(110);

const contenders = {
  'without a store': (device) => sendWithOurs(device),
  'levelStore, relaxed': async (device, location) =>
    sendWithOurs(device, { location, durability: 'relaxed' }),
  'levelStore, strict': async (device, location) => sendWithOurs(device, { location }),
  'MQTT.js without a store': (device) => sendWithMqttJs(device),
  'MQTT.js, mqtt-level-store': async (device, location) => sendWithMqttJs(device, location),
};

const [, file, name, settings] = process.argv;
if (name) await contend();
else await compare();

async function compare() {
  const results = new Map(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, found] of results) found.push(await measure(name));
  }
  console.log(
    '| | a second | µs of CPU each | KB on the disk at most |\n| --- | --- | --- | --- |',
  );
  for (const [name, found] of results) {
    const cells = ['rate', 'cpu', 'disk'].map((metric) => {
      const values = found.map((result) => result[metric]).sort((a, b) => a - b);
      const [low, middle, high] = [values[0], values[values.length >> 1], values.at(-1)];
      return `${round(middle)} (${round(low)}–${round(high)})`;
    });
    console.log(`| ${[name, ...cells].join(' | ')} |`);
  }
}

function round(value) {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 100 ? 1 : 0 });
}

/** Measures a contender once, with a new process, hub and folder. */
async function measure(name) {
  const folder = await mkdtemp(join(tmpdir(), 'outbox-bench-'));
  const command = fileURLToPath(new URL('../hub/bin/iothub-local.js', import.meta.url));
  const hub = spawn(process.execPath, [command, '--port', '0', '--json', '--quiet']);
  try {
    const [line] = await once(createInterface({ input: hub.stdout }), 'line');
    const { devices, endpoint } = JSON.parse(line);
    const device = { connectionString: devices[0].connectionString, endpoint };
    const child = spawn(process.execPath, [file, name, JSON.stringify({ device, folder })], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let disk = 0;
    const watch = setInterval(async () => (disk = Math.max(disk, await sizeOf(folder))), 100);
    const [result] = await once(createInterface({ input: child.stdout }), 'line');
    await once(child, 'close');
    clearInterval(watch);
    return { ...JSON.parse(result), disk: disk / 1000 };
  } finally {
    hub.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

async function sizeOf(folder) {
  const files = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = files
    .filter((it) => it.isFile())
    .map(async ({ parentPath, path, name }) => {
      const { size } = await stat(join(parentPath ?? path, name)).catch(() => ({ size: 0 }));
      return size;
    });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Runs in the process of a contender, and prints its results. */
async function contend() {
  const { device, folder } = JSON.parse(settings);
  const { send, end } = await contenders[name](device, folder);
  // Warms up, so that one-time work is not measured.
  await Promise.all(Array.from({ length: 1000 }, send));
  const cpu = process.cpuUsage();
  const began = performance.now();
  let left = MESSAGES;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await send();
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  console.log(JSON.stringify({ rate: MESSAGES / seconds, cpu: (user + system) / MESSAGES }));
  await end();
  process.exit();
}

async function sendWithOurs({ connectionString, endpoint }, storeOptions) {
  const { IoTHubDeviceClient } = await import('../pkg/index.node.js');
  const { levelStore } = await import('../pkg/level-store.js');
  const store = storeOptions && levelStore(storeOptions);
  const options = { endpoint, ...(store && { store }) };
  const client = IoTHubDeviceClient.createFromConnectionString(connectionString, options);
  await client.connect();
  return { send: () => client.sendMessage(TEXT), end: () => client.shutdown() };
}

async function sendWithMqttJs({ connectionString, endpoint }, folder) {
  const { default: mqtt } = await import('mqtt');
  const { createSasToken } = await import('../examples/token-server/sas-token.mjs');
  const [hostname, deviceId, key] = ['HostName', 'DeviceId', 'SharedAccessKey'].map(
    (part) => new RegExp(`${part}=([^;]+)`).exec(connectionString)[1],
  );
  const stores = {};
  if (folder) {
    const { default: levelStoreOf } = await import('mqtt-level-store');
    const { incoming, outgoing } = levelStoreOf(folder);
    Object.assign(stores, { incomingStore: incoming, outgoingStore: outgoing });
  }
  const client = await mqtt.connectAsync(endpoint, {
    clientId: deviceId,
    username: `${hostname}/${deviceId}/?api-version=2021-04-12`,
    password: createSasToken({ key, hostname, deviceId, seconds: 3600 }),
    protocolVersion: 4,
    clean: false,
    ...stores,
  });
  const topic = `devices/${deviceId}/messages/events/`;
  return { send: () => client.publishAsync(topic, TEXT, { qos: 1 }), end: () => client.endAsync() };
}
