#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { caFileOf, startHub } from '../src/index.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url)));

const CA_DIRECTORY = join(homedir(), '.iothub-local');

const HELP = `iothub-local ${version}: a local Azure IoT Hub to develop device clients against.

Usage: iothub-local [--port 8080] [--https-port PORT] [--device NAME]... [--quiet]

  --port PORT        TCP port on 127.0.0.1 for WebSocket and HTTP; 0 takes any free one (8080)
  --https-port PORT  TCP port on 127.0.0.1 for the same over TLS (none)
  --device NAME      a device to begin with; may be given several times (device1)
  --quiet            print no line for each connection
  --help             print this
  --version          print the version

It prints a connection string for each device, and the endpoint: the WebSocket URL to connect to
in place of wss://{HostName}/$iothub/websocket. Over TLS its certificate is vouched for by a
certificate authority of its own, made at the first start and kept in ${CA_DIRECTORY}.
Everything else is in memory and gone at the end. Ctrl+C stops it.`;

const OPTIONS = {
  port: { type: 'string', default: '8080' },
  'https-port': { type: 'string' },
  device: { type: 'string', multiple: true, default: ['device1'] },
  quiet: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  version: { type: 'boolean', default: false },
};

function fail(message, exitCode) {
  console.error(`iothub-local: ${message}`);
  process.exit(exitCode);
}

function readOptions() {
  try {
    const { values } = parseArgs({ options: OPTIONS });
    const httpsPort = values['https-port'];
    return {
      ...values,
      port: portOf('--port', values.port),
      https: httpsPort === undefined ? false : portOf('--https-port', httpsPort),
    };
  } catch (error) {
    return fail(`${error.message}\nTry iothub-local --help.`, 2);
  }
}

function portOf(option, text) {
  if (/^\d+$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new Error(`${option} must be a number from 0 to 65535, not "${text}"`);
}

async function start({ port, https, device, quiet }) {
  const log = quiet ? undefined : console.log;
  try {
    return await startHub({ port, https, caDirectory: CA_DIRECTORY, devices: device, log });
  } catch (error) {
    if (error.code === 'EADDRINUSE') {
      const option = error.port === https ? '--https-port' : '--port';
      return fail(`port ${error.port} is in use, choose another one with ${option}`, 1);
    }
    if (error.syscall) return fail(error.message, 1);
    if (error.name === 'HubError') return fail(`${error.message}`, 2);
    throw error;
  }
}

async function printDevices(hub, names) {
  console.log(`The hub listens at ${hub.url}`);
  for (const name of names) {
    const url = `${hub.url}/local/devices/${encodeURIComponent(name)}`;
    const { connectionString } = await (await fetch(url, { method: 'PUT' })).json();
    console.log(`${name}: ${connectionString}`);
  }
  console.log(`endpoint: ${hub.endpoint}`);
  if (!hub.secureEndpoint) return;
  console.log(`secure endpoint: ${hub.secureEndpoint}`);
  console.log(`trust its CA: ${caFileOf(CA_DIRECTORY)}`);
}

const options = readOptions();
if (options.help) {
  console.log(HELP);
} else if (options.version) {
  console.log(version);
} else {
  const hub = await start(options);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => hub.close());
  await printDevices(hub, options.device);
}
