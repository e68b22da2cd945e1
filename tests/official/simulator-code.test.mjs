/** The Python programs that the simulator's page offers to copy, run unchanged. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { officialPython } from '../../scripts/lib/official-python.mjs';
import { programsFor } from '../../www/code/programs.js';
import { describeWithHub, missingPython } from './support.mjs';

const TEXT = `it's "quoted" \\ \n ä 日本 😀 {0} %s`;

const title = 'programs for Python of the simulator';
await describeWithHub(title, missingPython, ({ hub, environment, test }) => {
  /** Starts the program of an action, as the device. */
  function start(t, action, device, args = []) {
    const programs = programsFor(action, { id: device.deviceId });
    const { text } = programs.find(({ name }) => name === 'Python');
    const child = spawn(officialPython(), ['-', ...args], {
      stdio: ['pipe', 'ignore', 'inherit'],
      env: {
        ...environment,
        IOTHUB_DEVICE_CONNECTION_STRING: device.connectionString,
        IOTHUB_CA: readFileSync(environment.CA_FILE, 'utf8'),
        SSL_CERT_FILE: environment.CA_FILE,
      },
    });
    t.after(() => child.kill());
    child.stdin.end(text);
    return child;
  }

  async function run(...args) {
    const [code] = await once(start(...args), 'exit');
    assert.equal(code, 0);
  }

  test('send a message', async (t) => {
    const device = await hub.createDevice();
    const body = { text: TEXT, list: [1.5, true, null] };
    const properties = { room: TEXT };
    const systemProperties = { contentType: 'application/json', contentEncoding: 'utf-8' };
    const message = { kind: 'send', properties, systemProperties };
    await run(t, { ...message, text: JSON.stringify(body) }, device);
    await run(t, { ...message, text: TEXT }, device);
    const [first, second] = await hub.telemetry(device, 2);
    assert.deepEqual(JSON.parse(first.text), body);
    assert.deepEqual(first.properties, properties);
    assert.equal(first.systemProperties.contentType, 'application/json');
    assert.equal(second.text, TEXT);
  });

  test('report properties', async (t) => {
    const device = await hub.createDevice();
    await run(t, { kind: 'report', patch: { text: TEXT, on: true } }, device);
    const { properties } = await hub.json(
      'GET',
      `/twins/${device.deviceId}?api-version=2021-04-12`,
    );
    const { text, on } = properties.reported;
    assert.deepEqual([text, on], [TEXT, true]);
  });

  test('answer methods', async (t) => {
    const device = await hub.createDevice();
    const methods = [{ name: 'reboot', status: 202, payload: { said: TEXT }, delayMs: 1 }];
    start(t, { kind: 'answer', methods }, device);
    const path = `/twins/${device.deviceId}/methods?api-version=2021-04-12`;
    const invoke = (methodName) =>
      hub.json('POST', path, { methodName, payload: {}, connectTimeoutInSeconds: 30 });
    assert.deepEqual(await invoke('reboot'), { status: 202, payload: { said: TEXT } });
    assert.equal((await invoke('other')).status, 404);
  });

  test('upload a file', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'code-'));
    t.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'a.txt'), 'the content');
    const device = await hub.createDevice();
    await run(t, { kind: 'upload', name: 'ä b.txt' }, device, [join(folder, 'a.txt')]);
    const { uploads } = await hub.json('GET', `/local/devices/${device.deviceId}/uploads`);
    assert.match(uploads[0].blobName, /ä b\.txt$/);
    assert.equal(uploads[0].blobSizeInBytes, 11);
  });
});
