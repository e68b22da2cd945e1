#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startHub } from '../src/index.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url)));

const HELP = `iothub-local ${version}: a local Azure IoT Hub to develop device clients against.

Usage: iothub-local [--port 8080] [--device NAME]... [--quiet]

  --port PORT    TCP port on 127.0.0.1 for WebSocket and HTTP; 0 takes any free one (8080)
  --device NAME  a device to begin with; may be given several times (device1)
  --quiet        print no line for each connection
  --help         print this
  --version      print the version

It prints a connection string for each device, and the endpoint: the WebSocket URL to connect to
in place of wss://{HostName}/$iothub/websocket. Everything is kept in memory and gone at the end.
Ctrl+C stops it.`;

const OPTIONS = {
  port: { type: 'string', default: '8080' },
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
    const port = Number(values.port);
    if (!/^\d+$/.test(values.port) || port > 65535) {
      throw new Error(`--port must be a number from 0 to 65535, not "${values.port}"`);
    }
    return { ...values, port };
  } catch (error) {
    return fail(`${error.message}\nTry iothub-local --help.`, 2);
  }
}

async function start({ port, device, quiet }) {
  try {
    return await startHub({ port, devices: device, log: quiet ? undefined : console.log });
  } catch (error) {
    if (error.code === 'EADDRINUSE') {
      return fail(`port ${port} is in use, choose another one with --port`, 1);
    }
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
