#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fail } from '../src/fail.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

const HELP = `iothub-local ${version}: a local Azure IoT Hub to develop device clients against.

Usage: iothub-local [--port 8080] [--https-port PORT] [--device NAME]... [--data DIR] ...

  --port PORT        TCP port for WebSocket and HTTP; 0 picks any free one (8080)
  --https-port PORT  TCP port for the same over TLS (none)
  --host ADDRESS     the address to listen on (127.0.0.1); with an address other than a loopback
                     address, others on the network can connect
  --hostname NAME    the hub's host name in connection strings (localhub.azure-devices.net);
                     Microsoft's clients connect to port 443 of it: use localhost for them
  --device NAME      creates a device if it does not exist; may be given several times (device1)
  --id-scope SCOPE   the id scope of the hub's provisioning service (0neLOCALHUB)
  --enrollment-group NAME
                     creates an enrollment group if it does not exist; may be given several
                     times (group1)
  --data DIR         stores devices, twins, messages and blobs in this directory; they survive
                     restarts and kills (without it, they are lost when the hub stops)
  --config FILE      JSON with the same options: port, httpsPort, host, hostname, data, page, quiet,
                     json, devices (names, or {deviceId, moduleId, status, authentication}),
                     idScope, enrollments and enrollmentGroups (names, or objects as in the
                     service's API) and settings; command-line options override it
  --page             also serves the page at / on addresses other than loopback addresses: it
                     shows connection strings to everyone
  --quiet            do not print lines for connections
  --json             print JSON, one line for the start and one for each event
  --help             print this
  --version          print the version

It prints a connection string for each device, and the endpoint: the WebSocket URL to connect to
instead of wss://{HostName}/$iothub/websocket. For devices that register, it prints the id scope
and the primary key of each enrollment group; the endpoint is the same. For back ends, it prints the
connection string of the service, and an authorization header for curl -H, valid for a day.
For TLS, it creates a certificate authority at the first start, and stores it in the data directory,
or in ~/.iothub-local if there is none.

Ctrl+C stops it. Exit codes: 0 after SIGINT or SIGTERM; 1 if it cannot start or continue because a
port is in use, or a directory is in use, damaged or not writable; 2 for an invalid option or
configuration.`;

/** @satisfies {import('node:util').ParseArgsConfig['options']} */
const OPTIONS = {
  port: { type: 'string' },
  'https-port': { type: 'string' },
  host: { type: 'string' },
  hostname: { type: 'string' },
  device: { type: 'string', multiple: true },
  'id-scope': { type: 'string' },
  'enrollment-group': { type: 'string', multiple: true },
  data: { type: 'string' },
  config: { type: 'string' },
  page: { type: 'boolean' },
  quiet: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
  version: { type: 'boolean' },
};

async function readOptions() {
  try {
    const { values } = parseArgs({ options: OPTIONS });
    const {
      config: file,
      device,
      'https-port': httpsPort,
      'id-scope': idScope,
      'enrollment-group': enrollmentGroups,
      ...flags
    } = values;
    if (flags.help || flags.version) return flags;
    if (flags.data === '') throw new Error('--data must name a directory');
    return {
      port: 8080,
      host: '127.0.0.1',
      devices: ['device1'],
      enrollmentGroups: ['group1'],
      ...(file !== undefined && (await readFileOfOptions(file))),
      ...flags,
      ...(flags.port !== undefined && { port: portOf('--port', flags.port) }),
      ...(httpsPort !== undefined && { httpsPort: portOf('--https-port', httpsPort) }),
      ...(device && { devices: device }),
      ...(idScope !== undefined && { idScope }),
      ...(enrollmentGroups && { enrollmentGroups }),
    };
  } catch (error) {
    return fail(`${error.message}\nTry iothub-local --help.`, 2);
  }
}

async function readFileOfOptions(file) {
  const { readConfig } = await import('../src/config.js');
  return readConfig(file);
}

function portOf(option, text) {
  if (/^\d+$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new Error(`${option} must be a number from 0 to 65535, not "${text}"`);
}

const options = await readOptions();
if (options.help) console.log(HELP);
else if (options.version) console.log(version);
else {
  // Loading the hub takes most of a second; --help and invalid options need not wait for it.
  const { run } = await import('../src/command.js');
  await run(options);
}
