import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
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
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    exited: once(child, 'exit'),
    errors: child.stderr.setEncoding('utf8').toArray().then((texts) => texts.join('')),
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

const CONNECTION_STRING =
  /^(\S+): (HostName=([^;]+);DeviceId=([^;]+);SharedAccessKey=(\S+))$/;

async function connectPrinted(run) {
  const [, name, , hostname, deviceId, primaryKey] = await run.line(CONNECTION_STRING);
  assert.equal(name, deviceId);
  const [, endpoint] = await run.line(/^endpoint: (\S+)$/);
  return MqttClient.connect({ hostname, endpoint }, { deviceId, primaryKey });
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  test(`what it prints connects a device, and ${signal} stops it all the same`, async (t) => {
    const run = start(t, '--port', '0');
    const client = await connectPrinted(run);
    await run.line(/^device1: connected$/);
    run.child.kill(signal);
    assert.deepEqual(await run.exited, [0, null]);
    await client.closed;
    assert.equal(await run.errors, '');
  });
}

test('--device makes devices, --quiet prints nothing about connections', async (t) => {
  const run = start(t, '--port', '0', '--quiet', '--device', 'one', '--device', 'two');
  const [, first] = await run.line(CONNECTION_STRING);
  assert.equal(first, 'one');
  const client = await connectPrinted(run);
  await client.end();
  run.child.kill('SIGTERM');
  assert.equal(await run.rest(), '');
  assert.deepEqual(await run.exited, [0, null]);
});

test('--https-port adds TLS, with a CA that stays in the home directory', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'iothub-local-'));
  t.after(() => rm(home, { recursive: true }));
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

test('a home directory that cannot be written is said so with exit code 1', async (t) => {
  const env = { HOME: COMMAND, USERPROFILE: COMMAND };
  const run = startWith(t, env, '--port', '0', '--https-port', '0');
  assert.deepEqual(await run.exited, [1, null]);
  assert.match(await run.errors, /^iothub-local: ENOTDIR: /);
});

test('a port in use is said so with exit code 1', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address();
  const run = start(t, '--port', String(port));
  assert.deepEqual(await run.exited, [1, null]);
  const message = new RegExp(`^iothub-local: port ${port} is in use.* --port$`, 'm');
  assert.match(await run.errors, message);
  const home = await mkdtemp(join(tmpdir(), 'iothub-local-'));
  t.after(() => rm(home, { recursive: true }));
  const secure = startWith(t, { HOME: home }, '--port', '0', '--https-port', String(port));
  assert.deepEqual(await secure.exited, [1, null]);
  assert.match(await secure.errors, /is in use.* --https-port$/m);
});

test('wrong options are said so with exit code 2', async (t) => {
  for (const [args, message] of [
    [['--wrong'], /--wrong/],
    [['extra'], /extra/],
    [['--port'], /--port/],
    [['--port', 'http'], /--port must be a number from 0 to 65535, not "http"/],
    [['--port', '65536'], /--port must be a number/],
    [['--https-port', '-1'], /--https-port/],
    [['--https-port', 'x'], /--https-port must be a number from 0 to 65535, not "x"/],
    [['--port', '0', '--device', 'a b'], /"a b" is no device id/],
    [['--port', '0', '--device', 'a', '--device', 'a'], /"a" already/],
  ]) {
    const run = start(t, ...args);
    assert.deepEqual(await run.exited, [2, null], args.join(' '));
    assert.match(await run.errors, message);
  }
});

test('--help explains every option', async (t) => {
  const run = start(t, '--help');
  const help = await run.rest();
  for (const option of ['--port', '--https-port', '--device', '--quiet', '--help', '--version']) {
    assert.match(help, new RegExp(option));
  }
  assert.deepEqual(await run.exited, [0, null]);
});
