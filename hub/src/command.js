/** Runs the command `iothub-local` with its options. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fail } from './fail.js';
import { isLoopback } from './http.js';
import { startHub } from './server.js';
import { caFileOf } from './tls.js';

const HOME_DIRECTORY = join(homedir(), '.iothub-local');
const TOKEN_SECONDS = 24 * 60 * 60;

async function start({ httpsPort: https = false, caDirectory, quiet, json, ...options }, log) {
  try {
    return await startHub({ ...options, https, caDirectory, log: quiet ? undefined : log });
  } catch (error) {
    if (error.code === 'EADDRINUSE') {
      const option = error.port === https ? '--https-port' : '--port';
      return fail(`port ${error.port} is in use, choose another one with ${option}`, 1);
    }
    if (error.code === 'EACCES' && error.syscall === 'listen') {
      return fail(`you lack the rights to use port ${error.port}, choose one above 1023`, 1);
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
/** The time distinguishes it from the lines of the start, which begin with a name. */
const printLog = (message) => console.log(`${now()} ${message}`);

const now = () => new Date().toISOString();

export async function run(options) {
  const { host, data, json, page } = options;
  if (!isLoopback(host)) {
    const read = page ? 'all connection strings, and the traffic' : 'the traffic';
    const danger = `anyone who can reach it can read ${read} over http and ws`;
    console.error(`iothub-local: warning: ${host} is not a loopback address: ${danger}`);
  }
  const caDirectory = data ?? HOME_DIRECTORY;
  const print = json ? printLogAsJson : printLog;
  // Devices may connect before the start is printed, but the lines of the start must come first.
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
