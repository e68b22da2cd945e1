#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { caFileOf } from '../src/certificates.js';
import { readConfig } from '../src/config.js';
import { isLoopback } from '../src/http.js';
import { startHub } from '../src/server.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

const HOME_DIRECTORY = join(homedir(), '.iothub-local');
const TOKEN_SECONDS = 24 * 60 * 60;

const HELP = `iothub-local ${version}: a local Azure IoT Hub to develop device clients against.

Usage: iothub-local [--port 8080] [--https-port PORT] [--device NAME]... [--data DIR] ...

  --port PORT        TCP port for WebSocket and HTTP; 0 takes any free one (8080)
  --https-port PORT  TCP port for the same over TLS (none)
  --host ADDRESS     the address to listen on (127.0.0.1); any but a loopback address lets others
                     on the network connect
  --hostname NAME    what devices call the hub (localhub.azure-devices.net); Microsoft's clients
                     connect to port 443 of it, so localhost is the one for them
  --device NAME      a device to begin with, made unless it is there; may be given several times
                     (device1)
  --id-scope SCOPE   id scope of the provisioning service beside the hub (0neLOCALHUB)
  --enrollment-group NAME
                     an enrollment group to begin with, made unless it is there; may be given
                     several times (group1)
  --data DIR         keeps devices, twins, messages and blobs in this directory, over restarts and
                     kills (without it they are in memory and gone at the end)
  --config FILE      JSON with the same options: port, httpsPort, host, hostname, data, page, quiet,
                     json, devices (names, or {deviceId, moduleId, status, authentication}), idScope,
                     enrollments and enrollmentGroups (names, or as in the API of the service) and
                     settings; what is given here as an option, too, wins
  --page             the page at / on an address that is no loopback address, too: it shows
                     connection strings without asking who reads them
  --quiet            print no line for each connection
  --json             print JSON, one line for the start and one for each event
  --help             print this
  --version          print the version

It prints a connection string for each device, and the endpoint: the WebSocket URL to connect to
in place of wss://{HostName}/$iothub/websocket. It prints what devices register with, too, at the
same endpoint: the id scope and the primary key of each enrollment group. For back ends it prints the connection string of the
service, and the header of a token that is good for a day, as curl -H takes it.
Over TLS its certificate is vouched for by a certificate authority of its own, made at the first
start and kept in the data directory, or without one in ${HOME_DIRECTORY}.

Ctrl+C stops it. Exit codes: 0 after SIGINT or SIGTERM; 1 when it cannot start or go on, as a port
is in use, or a directory in use, damaged or not writable; 2 for a wrong option or configuration.`;

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

/** @returns {never} */
function fail(message, exitCode) {
  console.error(`iothub-local: ${message}`);
  process.exit(exitCode);
}

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
      ...(file !== undefined && (await readConfig(file))),
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

function portOf(option, text) {
  if (/^\d+$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new Error(`${option} must be a number from 0 to 65535, not "${text}"`);
}

async function start({ httpsPort: https = false, caDirectory, quiet, json, ...options }, log) {
  try {
    return await startHub({ ...options, https, caDirectory, log: quiet ? undefined : log });
  } catch (error) {
    if (error.code === 'EADDRINUSE') {
      const option = error.port === https ? '--https-port' : '--port';
      return fail(`port ${error.port} is in use, choose another one with ${option}`, 1);
    }
    if (error.code === 'EACCES' && error.syscall === 'listen') {
      return fail(`port ${error.port} takes rights that you lack, choose one above 1023`, 1);
    }
    if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
      return fail(`this machine has no address ${options.host}, choose another --host`, 1);
    }
    if (error.syscall || error.name === 'DataError') return fail(error.message, 1);
    if (error.name === 'HubError') return fail(error.message, 2);
    throw error;
  }
}

function printStart(hub, { data, caDirectory }) {
  const { url, endpoint, secureEndpoint, devices, serviceConnectionString } = hub;
  const { idScope, enrollmentGroups } = hub;
  console.log(`The hub listens at ${url}`);
  for (const { deviceId, moduleId, connectionString } of devices) {
    const id = moduleId === undefined ? deviceId : `${deviceId}/${moduleId}`;
    console.log(`connection string of ${id}: ${connectionString}`);
  }
  console.log(`endpoint: ${endpoint}`);
  console.log(`id scope: ${idScope}`);
  for (const { enrollmentGroupId, primaryKey } of enrollmentGroups) {
    if (primaryKey) console.log(`enrollment group ${enrollmentGroupId}: ${primaryKey}`);
  }
  console.log(`service: ${serviceConnectionString}`);
  console.log(`authorization: ${hub.authorization({ seconds: TOKEN_SECONDS })}`);
  if (data !== undefined) console.log(`data: ${data}`);
  if (!secureEndpoint) return;
  console.log(`secure endpoint: ${secureEndpoint}`);
  console.log(`trust its CA: ${caFileOf(caDirectory)}`);
}

const printEvent = (event, members) => console.log(JSON.stringify({ event, ...members }));

function printStartAsJson(hub, { data, caDirectory }) {
  const { hostname, url, endpoint, secureUrl, secureEndpoint, devices } = hub;
  const { idScope, enrollmentGroups } = hub;
  const ca = secureUrl && caFileOf(caDirectory);
  const endpoints = { hostname, url, endpoint, secureUrl, secureEndpoint };
  const { serviceConnectionString } = hub;
  const authorization = hub.authorization({ seconds: TOKEN_SECONDS });
  const access = { serviceConnectionString, authorization };
  const provisioning = { idScope, enrollmentGroups };
  printEvent('start', { ...endpoints, ca, data, devices, ...provisioning, ...access });
}

const printLogAsJson = (message) => printEvent('log', { time: now(), message });
/** The time sets it apart from the lines of the start, which begin with a name. */
const printLog = (message) => console.log(`${now()} ${message}`);

const now = () => new Date().toISOString();

async function run(options) {
  const { host, data, json, page } = options;
  if (!isLoopback(host)) {
    const read = page ? 'all connection strings, and what goes' : 'what goes';
    const danger = `anyone who reaches it can read ${read} over http and ws`;
    console.error(`iothub-local: warning: ${host} is no loopback address, ${danger}`);
  }
  const caDirectory = data ?? HOME_DIRECTORY;
  const print = json ? printLogAsJson : printLog;
  // Devices may come before the start is told, which goes first.
  const starting = start({ ...options, caDirectory }, (line) => starting.then(() => print(line)));
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, async () => (await starting).close());
  }
  process.on('unhandledRejection', (/** @type {any} */ error) => {
    if (error.name === 'DataError') fail(error.message, 1);
    throw error;
  });
  (json ? printStartAsJson : printStart)(await starting, { data, caDirectory });
}

const options = await readOptions();
if (options.help) console.log(HELP);
else if (options.version) console.log(version);
else await run(options);
