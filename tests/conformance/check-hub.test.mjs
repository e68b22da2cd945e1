/** `npm run check:hub`, against the local hub instead of a real one. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startHub } from 'iothub-local';

import { callHub } from '../../scripts/start/back-end.mjs';

const TIMEOUT = { timeout: 120_000 };
const program = fileURLToPath(new URL('check-hub.mjs', import.meta.url));
const hub = await startHub({ devices: ['my-device'], enrollmentGroups: ['my-group'] });
after(() => hub.close());

const DEVICE = {
  IOTHUB_DEVICE_CONNECTION_STRING: hub.devices[0].connectionString,
  IOTHUB_SERVICE_CONNECTION_STRING: '',
  IOTHUB_ENDPOINT: hub.endpoint,
};
const BOTH = { ...DEVICE, IOTHUB_SERVICE_CONNECTION_STRING: hub.serviceConnectionString };

test('without a connection string it says what it needs', TIMEOUT, async () => {
  const { code, said } = await check({ ...DEVICE, IOTHUB_DEVICE_CONNECTION_STRING: '' });
  assert.equal(code, 1);
  assert.match(said, /IOTHUB_DEVICE_CONNECTION_STRING must be the connection string of a device/);
});

test(
  'with the connection string of a device it reports the result of each row',
  TIMEOUT,
  async () => {
    const { code, said } = await check(DEVICE, 'methods.');
    assert.equal(code, 0, said);
    assert.match(said, /^passed {3}methods\.reject$/m);
    assert.match(said, /^in part {2}methods\.getTwin: up to device\.patchDesired$/m);
    assert.match(said, /^in part {2}methods\.sendMessage-json: up to device\.telemetry$/m);
    assert.match(said, /^\d+ passed, \d+ in part, 0 differ$/m);
  },
);

test(
  'with the connection string of a back end it checks more, and leaves no device behind',
  TIMEOUT,
  async () => {
    const { code, said } = await check(BOTH, 'properties.on');
    assert.equal(code, 0, said);
    assert.match(said, /^passed {3}properties\.onMethodRequestReceived$/m);
    const left = await callHub(hub, 'GET', '/devices?api-version=2021-04-12');
    assert.deepEqual(
      left.map(({ deviceId }) => deviceId),
      ['my-device'],
    );
  },
);

test('a row that fails is reported as different, without secrets', TIMEOUT, async () => {
  await callHub(hub, 'POST', '/local/devices/my-device/faults', { connack: 5 });
  const { code, said } = await check(DEVICE, 'no-connection.auto-connect');
  assert.equal(code, 1);
  assert.match(said, /^DIFFERS {2}no-connection\.auto-connect$/m);
  assert.match(said, /, 1 differ$/m);
});

test('with an enrollment group it checks the provisioning service, too', TIMEOUT, async () => {
  const [{ primaryKey }] = hub.enrollmentGroups;
  const provisioning = {
    IOTHUB_PROVISIONING_ID_SCOPE: hub.idScope,
    IOTHUB_PROVISIONING_GROUP_KEY: primaryKey,
    IOTHUB_PROVISIONING_ENDPOINT: hub.endpoint,
  };
  const { code, said } = await check({ ...DEVICE, ...provisioning }, 'provisioning');
  // The local service issues certificates over TLS only, see check-provisioning.test.mjs.
  assert.equal(code, 1, said);
  assert.equal(said.match(/^differs/gm).length, 5, said);
  assert.match(said, /^as expected {2}a wrong key: CONNACK 0, then 401 with 401000$/m);
  assert.ok(!said.includes(primaryKey), 'a key was told');
});

/** Runs the command, which must never print a key. */
async function check(environment, ...args) {
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, [program, ...args], { env });
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await once(child, 'close');
  const said = (await output).join('\n');
  for (const string of [DEVICE.IOTHUB_DEVICE_CONNECTION_STRING, hub.serviceConnectionString]) {
    assert.ok(!said.includes(/SharedAccessKey=(.+)$/.exec(string)[1]), 'a key was told');
  }
  return { code, said };
}
