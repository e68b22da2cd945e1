/** The programs of hub/README.md, run unchanged. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { describe, test as nodeTest } from 'node:test';
import { fileURLToPath } from 'node:url';

import { TestHub } from '../../hub/test/support/hub.js';
import { officialPython } from '../../scripts/lib/official-python.mjs';
import { readText, root } from '../../scripts/lib/project.mjs';
import { Inbox } from '../../scripts/start/waiting.mjs';
import { describeWithHub, missingPython } from './support.mjs';

const node = [process.execPath, '--input-type=module'];
const microsoft = fileURLToPath(new URL('nodejs', import.meta.url));

/** The program under a heading. */
function programOf(heading) {
  const section = readText('hub/README.md').split(`\n### ${heading}\n`)[1] ?? '';
  const [, code] = /^```(?:js|python)\n(.*?)^```$/ms.exec(section) ?? [];
  return code ?? assert.fail(`hub/README.md has no program for ${heading}`);
}

/** Starts the program under a heading; its output arrives line by line. */
function start(t, heading, [command, ...args], options) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], ...options });
  t.after(() => child.kill());
  child.stdin.end(programOf(heading));
  const lines = new Inbox(`line of the program for ${heading}`);
  createInterface({ input: child.stdout }).on('line', lines.put);
  return lines;
}

/** Runs the program of a device, which sends a message and prints one. */
async function assertSendsAndReceives(t, hub, heading, command, { env, cwd }) {
  const device = await hub.createDevice();
  const lines = start(t, heading, command, {
    cwd,
    env: {
      ...env,
      IOTHUB_DEVICE_CONNECTION_STRING: device.connectionString,
      IOTHUB_ENDPOINT: device.endpoint,
    },
  });
  assert.equal((await hub.telemetry(device))[0].text, 'hello');
  await hub.sendToDevice(device, { body: 'hello, device' });
  assert.equal(await lines.take(), 'hello, device');
  assert.equal((await hub.packets(device, 'type=puback&direction=in')).length, 1);
}

describe('hub/README.md', () => {
  const hub = new TestHub({ enrollmentGroups: ['group1'] });
  for (const heading of ['iothub-device-client', 'MQTT.js']) {
    nodeTest(`connects with ${heading}`, (t) =>
      assertSendsAndReceives(t, hub, heading, node, { env: process.env, cwd: root }),
    );
  }

  nodeTest('registers with iothub-device-client', async (t) => {
    const { idScope, enrollmentGroups } = hub.started;
    // The telemetry of a device can be awaited only once it exists; registering sets its key.
    const device = await hub.json('PUT', '/local/devices/sensor-1');
    start(t, 'Register with iothub-device-client', node, {
      cwd: root,
      env: {
        ...process.env,
        IOTHUB_ID_SCOPE: idScope,
        IOTHUB_GROUP_KEY: enrollmentGroups[0].primaryKey,
        IOTHUB_ENDPOINT: hub.endpoint,
      },
    });
    assert.equal((await hub.telemetry(device))[0].text, 'hello');
  });
});

await describeWithHub('hub/README.md, Python', missingPython, ({ hub, environment, test }) => {
  test('connects with Python', (t) =>
    assertSendsAndReceives(t, hub, 'Python', [officialPython(), '-'], { env: environment }));
});

await describeWithHub('hub/README.md, Node.js', undefined, ({ hub, environment, test }) => {
  test('connects with Node.js', (t) =>
    assertSendsAndReceives(t, hub, 'Node.js', node, { env: environment, cwd: microsoft }));

  test('connects with Node.js, for back ends', async (t) => {
    const lines = start(t, 'Node.js, for back ends', node, {
      cwd: microsoft,
      env: { ...environment, IOTHUB_CONNECTION_STRING: hub.started.serviceConnectionString },
    });
    assert.equal(await lines.take(), '5');
    const twin = await hub.json('GET', '/twins/device2?api-version=2021-04-12');
    assert.equal(twin.properties.desired.interval, 5);
  });
});
