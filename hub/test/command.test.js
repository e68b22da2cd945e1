import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sasToken } from './support/credentials.js';
import { withVersion } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';

const COMMAND = fileURLToPath(new URL('../bin/iothub-local.js', import.meta.url));

/** Runs the command; `line(pattern)` waits for a line of its output. */
function start(t, ...args) {
  return startWith(t, {}, ...args);
}

function startWith(t, env, ...args) {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  return watch(t, child);
}

function watch(t, child) {
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    exited: once(child, 'exit'),
    errors: child.stderr
      .setEncoding('utf8')
      .toArray()
      .then((texts) => texts.join('')),
    output: '',
    async line(pattern) {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`no line ${pattern} in:\n${this.output}`);
        this.output += `${value}\n`;
        const match = pattern.exec(value);
        if (match) return match;
      }
    },
    async rest() {
      let text = '';
      for await (const line of { [Symbol.asyncIterator]: () => lines }) text += `${line}\n`;
      return text;
    },
  };
}

async function newDirectory(t) {
  const directory = await mkdtemp(join(tmpdir(), 'iothub-local-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A configuration file with this content. */
async function newConfig(t, config) {
  const file = join(await newDirectory(t), 'hub.json');
  await writeFile(file, typeof config === 'string' ? config : JSON.stringify(config));
  return file;
}

/** The first line of `--json`. */
const startOf = async (run) => JSON.parse((await run.line(/^\{.*\}$/))[0]);

const CONNECTION_STRING =
  /^connection string of (\S+): (HostName=([^;]+);DeviceId=([^;]+);SharedAccessKey=(\S+))$/;

/** A line of the log, whose time distinguishes it from the lines of the start. */
const logged = (message) => new RegExp(`^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z ${message}$`);

async function connectPrinted(run) {
  const [, name, , hostname, deviceId, primaryKey] = await run.line(CONNECTION_STRING);
  assert.equal(name, deviceId);
  const [, endpoint] = await run.line(/^endpoint: (\S+)$/);
  return MqttClient.connect({ hostname, endpoint }, { deviceId, primaryKey });
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  test(`its output connects a device, and ${signal} still stops it`, async (t) => {
    const run = start(t, '--port', '0');
    const client = await connectPrinted(run);
    await run.line(logged('device1: connected'));
    run.child.kill(signal);
    await run.line(logged('device1: closed, the hub was closed'));
    assert.deepEqual(await run.exited, [0, null]);
    await client.closed;
    assert.equal(await run.errors, '');
  });
}

test('--hostname is what devices call the hub', async (t) => {
  const run = start(t, '--port', '0', '--hostname', 'hub.example');
  const [, , , hostname, deviceId, primaryKey] = await run.line(CONNECTION_STRING);
  assert.equal(hostname, 'hub.example');
  const [, endpoint] = await run.line(/^endpoint: (\S+)$/);
  const client = await MqttClient.connect({ hostname, endpoint }, { deviceId, primaryKey });
  await client.end();
});

test('--device creates devices, --quiet prints nothing about connections', async (t) => {
  const run = start(t, '--port', '0', '--quiet', '--device', 'one', '--device', 'two');
  const [, first] = await run.line(CONNECTION_STRING);
  assert.equal(first, 'one');
  const client = await connectPrinted(run);
  await client.end();
  await run.line(/^authorization: /);
  run.child.kill('SIGTERM');
  assert.equal(await run.rest(), '');
  assert.deepEqual(await run.exited, [0, null]);
});

test('its output gives a back end access', async (t) => {
  const run = start(t, '--port', '0');
  const [, url] = await run.line(/^The hub listens at (\S+)$/);
  const [, key] = await run.line(
    /^service: HostName=[^;]+;SharedAccessKeyName=iothubowner;SharedAccessKey=(\S+)$/,
  );
  const [, printed] = await run.line(/^authorization: (.+)$/);
  const resource = 'localhub.azure-devices.net';
  for (const authorization of [printed, sasToken({ resource, key, policy: 'iothubowner' })]) {
    const { status } = await fetch(`${url}/local/hub`, { headers: { authorization } });
    assert.equal(status, 200);
  }
});

test('--https-port adds TLS, with a CA that stays in the home directory', async (t) => {
  const home = await newDirectory(t);
  let ca;
  for (let times = 0; times < 2; times++) {
    const env = { HOME: home, USERPROFILE: home };
    const run = startWith(t, env, '--port', '0', '--https-port', '0');
    const [, , , hostname, deviceId, primaryKey] = await run.line(CONNECTION_STRING);
    const [, endpoint] = await run.line(/^secure endpoint: (wss:\/\/localhost:\S+)$/);
    const [, file] = await run.line(/^trust its CA: (\S+)$/);
    ca ??= await readFile(file);
    const device = { deviceId, primaryKey };
    const client = await MqttClient.connect({ hostname, endpoint }, device, { ca });
    run.child.kill('SIGTERM');
    assert.deepEqual(await run.exited, [0, null]);
    await client.closed;
  }
});

test('a waiting request does not delay the end', async (t) => {
  const run = start(t, '--port', '0', '--quiet', '--json');
  const { url, authorization } = await startOf(run);
  const request = async (path, body) => {
    const headers = { authorization, ...(body && { 'content-type': 'application/json' }) };
    const options = { method: body ? 'POST' : 'GET', headers, body };
    const response = await fetch(url + withVersion(path), options);
    return response.text();
  };
  const call = '{"methodName":"m","connectTimeoutInSeconds":300}';
  const waiting = [
    request('/local/devices/device1/telemetry?timeout=600'),
    request('/twins/device1/methods', call),
  ];
  // A later response proves that they have arrived.
  await request('/local/devices/device1');
  run.child.kill('SIGTERM');
  const ends = await Promise.allSettled(waiting);
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.deepEqual(await run.exited, [0, null]);
  assert.equal(await run.errors, '');
});

test('--data keeps devices and the CA across runs, with the same connection strings', async (t) => {
  const data = join(await newDirectory(t), 'hub');
  const args = ['--port', '0', '--https-port', '0', '--data', data];
  const seen = [];
  for (const device of ['one', 'one']) {
    const run = start(t, ...args, '--device', device);
    const [, , connectionString] = await run.line(CONNECTION_STRING);
    const [, directory] = await run.line(/^data: (.*)$/);
    const [, file] = await run.line(/^trust its CA: (.*)$/);
    assert.equal(directory, data);
    assert.equal(file, join(data, 'ca.pem'));
    seen.push({ connectionString, ca: await readFile(file, 'utf8') });
    run.child.kill('SIGINT');
    assert.deepEqual(await run.exited, [0, null]);
  }
  assert.deepEqual(seen[1], seen[0]);
});

test('a data directory that is in use, of a newer version or invalid is reported with exit code 1', async (t) => {
  const data = await newDirectory(t);
  const first = start(t, '--port', '0', '--data', data);
  await first.line(/^endpoint: /);
  const second = start(t, '--port', '0', '--data', data);
  assert.deepEqual(await second.exited, [1, null]);
  assert.match(await second.errors, /^iothub-local: \S+ is in use by another hub/);
  first.child.kill('SIGTERM');
  assert.deepEqual(await first.exited, [0, null]);
  await writeFile(join(data, 'format'), '99\n');
  const third = start(t, '--port', '0', '--data', data);
  assert.deepEqual(await third.exited, [1, null]);
  assert.match(await third.errors, /^iothub-local: \S+ has data of a newer iothub-local/);
  const fourth = start(t, '--port', '0', '--data', join(data, 'format'));
  assert.deepEqual(await fourth.exited, [1, null]);
  assert.match(await fourth.errors, /^iothub-local: \S+format is not a directory/);
});

const NO_LIMITS = process.platform === 'win32' && 'Windows has no ulimit';
test('a full disk ends the hub with exit code 1', { skip: NO_LIMITS }, async (t) => {
  const args = [COMMAND, '--port', '0', '--quiet', '--json', '--data', await newDirectory(t)];
  const child = spawn('sh', ['-c', 'ulimit -f 64; exec "$@"', 'sh', process.execPath, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const run = watch(t, child);
  const { url, authorization } = await startOf(run);
  const queue = () =>
    fetch(`${url}/local/devices/device1/messages`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ body: 'x'.repeat(60_000) }),
    });
  let status;
  do
    status = await queue().then(
      (response) => response.status,
      () => 'no answer',
    );
  while (status === 201);
  assert.equal(status, 'no answer');
  assert.deepEqual(await run.exited, [1, null]);
  assert.match(await run.errors, /^iothub-local: nothing more can be saved in /);
});

test('--json prints the start and each event as a line of JSON', async (t) => {
  const home = await newDirectory(t);
  const env = { HOME: home, USERPROFILE: home };
  const run = startWith(t, env, '--port', '0', '--https-port', '0', '--json', '--device', 'one');
  const { event, devices, ca, idScope, enrollmentGroups, ...endpoints } = await startOf(run);
  assert.equal(event, 'start');
  assert.deepEqual(Object.keys(endpoints), [
    ...['hostname', 'url', 'endpoint', 'secureUrl', 'secureEndpoint'],
    ...['serviceConnectionString', 'authorization'],
  ]);
  assert.equal(ca, join(home, '.iothub-local', 'ca.pem'));
  assert.equal(idScope, '0neLOCALHUB');
  assert.deepEqual(
    enrollmentGroups.map((group) => group.enrollmentGroupId),
    ['group1'],
  );
  const [{ deviceId, connectionString }] = devices;
  const [, primaryKey] = /SharedAccessKey=(.*)$/.exec(connectionString);
  const client = await MqttClient.connect(endpoints, { deviceId, primaryKey });
  const { time, ...connected } = JSON.parse((await run.line(/^.*connected.*$/))[0]);
  assert.deepEqual(connected, { event: 'log', message: 'one: connected' });
  assert.equal(new Date(time).toISOString(), time);
  await client.end();
  run.child.kill('SIGTERM');
  for (const line of (await run.rest()).trim().split('\n')) {
    assert.equal(JSON.parse(line).event, 'log');
  }
});

test('--config sets options and devices, and options on the command line win', async (t) => {
  const config = await newConfig(t, {
    port: 59_999,
    host: 'localhost',
    data: 'kept',
    json: true,
    quiet: true,
    devices: [
      'plain',
      { deviceId: 'gateway', moduleId: 'm1' },
      {
        deviceId: 'x509',
        status: 'disabled',
        authentication: { type: 'selfSigned', primaryThumbprint: 'ab'.repeat(20) },
      },
    ],
  });
  const run = start(t, '--config', config, '--port', '0', '--host', '127.0.0.1');
  const { url, data, devices, authorization } = await startOf(run);
  assert.match(url, /^http:\/\/127\.0\.0\.1:/);
  assert.equal(data, join(config, '..', 'kept'));
  assert.deepEqual(
    devices.map(({ deviceId, moduleId }) => [deviceId, moduleId]),
    [
      ['plain', undefined],
      ['gateway', 'm1'],
      ['x509', undefined],
    ],
  );
  const headers = { authorization };
  const x509 = await (await fetch(url + withVersion('/devices/x509'), { headers })).json();
  assert.equal(x509.status, 'disabled');
  assert.equal(x509.authentication.x509Thumbprint.primaryThumbprint, 'AB'.repeat(20));
  run.child.kill('SIGTERM');
  assert.deepEqual(await run.exited, [0, null]);
  const other = start(t, '--config', config, '--port', '0', '--device', 'two');
  assert.deepEqual(
    (await startOf(other)).devices.map(({ deviceId }) => deviceId),
    ['two'],
  );
});

test('an invalid configuration is reported with exit code 2, without its keys', async (t) => {
  const key = 'c2VjcmV0';
  const symmetricKey = { primaryKey: key, secondarykey: key };
  for (const [config, message] of [
    [{ prot: 1 }, /there is no member "prot"$/m],
    [{ port: '8080' }, /"port" must be integer$/m],
    [{ devices: ['a', { deviceID: 'b' }] }, /there is no member "deviceID" in "devices\/1"$/m],
    [
      { devices: [{ deviceId: 'b', status: 'on' }] },
      /"devices\/0\/status" .*: enabled, disabled$/m,
    ],
    [
      { devices: [{ deviceId: 'b', authentication: { symmetricKey } }] },
      /no member "secondarykey" in "devices\/0\/authentication\/symmetricKey"$/m,
    ],
    [{ devices: ['a b'] }, /"a b" is not a device id/],
    [{ devices: ['a', 'a'] }, /"a" is in the list of devices more than once/],
    [`{"devices": ["${key}"`, /hub\.json is not JSON$/m],
  ]) {
    const run = start(t, '--port', '0', '--config', await newConfig(t, config));
    assert.deepEqual(await run.exited, [2, null], JSON.stringify(config));
    assert.match(await run.errors, message);
    assert.doesNotMatch(await run.errors, new RegExp(key));
  }
  const missing = start(t, '--config', join(await newDirectory(t), 'none.json'));
  assert.deepEqual(await missing.exited, [2, null]);
  assert.match(await missing.errors, /cannot be read: ENOENT/);
});

test('--host sets another address, and warns if others can reach it', async (t) => {
  for (const [host, shown] of [
    ['0.0.0.0', '127.0.0.1'],
    ['localhost', 'localhost'],
  ]) {
    const run = start(t, '--port', '0', '--json', '--host', host);
    const { url, authorization } = await startOf(run);
    assert.equal(new URL(url).hostname, shown);
    const headers = { authorization };
    assert.equal((await fetch(`${url}/local/hub`, { headers })).status, 200);
    run.child.kill('SIGTERM');
    assert.deepEqual(await run.exited, [0, null]);
    const warning = /^iothub-local: warning: 0\.0\.0\.0 is not a loopback address/;
    if (host === 'localhost') assert.equal(await run.errors, '');
    else assert.match(await run.errors, warning);
  }
  const run = start(t, '--port', '0', '--host', '192.0.2.1');
  assert.deepEqual(await run.exited, [1, null]);
  assert.match(await run.errors, /this machine has no address 192\.0\.2\.1/);
});

test('a home directory that cannot be written is reported with exit code 1', async (t) => {
  const env = { HOME: COMMAND, USERPROFILE: COMMAND };
  const run = startWith(t, env, '--port', '0', '--https-port', '0');
  assert.deepEqual(await run.exited, [1, null]);
  assert.match(await run.errors, /^iothub-local: ENOTDIR: /);
});

test('a port in use is reported with exit code 1', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address();
  const run = start(t, '--port', String(port));
  assert.deepEqual(await run.exited, [1, null]);
  const message = new RegExp(`^iothub-local: port ${port} is in use.* --port$`, 'm');
  assert.match(await run.errors, message);
  const home = await newDirectory(t);
  const secure = startWith(t, { HOME: home }, '--port', '0', '--https-port', String(port));
  assert.deepEqual(await secure.exited, [1, null]);
  assert.match(await secure.errors, /is in use.* --https-port$/m);
});

test('wrong options are reported with exit code 2', async (t) => {
  for (const [args, message] of [
    [['--wrong'], /--wrong/],
    [['extra'], /extra/],
    [['--port'], /--port/],
    [['--port', 'http'], /--port must be a number from 0 to 65535, not "http"/],
    [['--port', '65536'], /--port must be a number/],
    [['--https-port', '-1'], /--https-port/],
    [['--data', ''], /--data must name a directory/],
    [['--host', ''], /The host is empty/],
    [['--hostname', 'a;b'], /"a;b" is not a hostname/],
    [['--https-port', 'x'], /--https-port must be a number from 0 to 65535, not "x"/],
    [['--port', '0', '--device', 'a b'], /"a b" is not a device id/],
    [
      ['--port', '0', '--device', 'a', '--device', 'a'],
      /"a" is in the list of devices more than once/,
    ],
  ]) {
    const run = start(t, ...args);
    assert.deepEqual(await run.exited, [2, null], args.join(' '));
    assert.match(await run.errors, message);
  }
});

test('--help explains every option', async (t) => {
  const run = start(t, '--help');
  const help = await run.rest();
  const options = [
    'port',
    'https-port',
    'host',
    'hostname',
    'device',
    'id-scope',
    'data',
    'config',
  ];
  const flags = ['page', 'quiet', 'json', 'help', 'version'];
  for (const option of [...options, ...flags]) {
    assert.match(help, new RegExp(`^  --${option} .*\\w`, 'm'));
  }
  for (const code of [0, 1, 2]) assert.match(help, new RegExp(` ${code} (after|if|for) `));
  assert.deepEqual(await run.exited, [0, null]);
});
