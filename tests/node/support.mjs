/** Shared by the tests in Node.js: the package, a local hub for each test file, its devices. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { after, test as nodeTest } from 'node:test';
import { inspect } from 'node:util';

import { startHub } from 'iothub-local';

import { IoTHubDeviceClient } from '../../pkg/index.node.js';
import { BackEnd } from '../../scripts/start/back-end.mjs';
import { within } from '../../scripts/start/waiting.mjs';

export * from '../../pkg/index.node.js';
export { HubError } from '../../scripts/start/back-end.mjs';
export { Inbox, within } from '../../scripts/start/waiting.mjs';

const PACKAGE = new URL('../../pkg/index.node.js', import.meta.url);

/** A call that never settles must fail its test, not block the run. */
const TEST_MILLISECONDS = 40_000;

export const hub = await startHub();
after(() => hub.close());

export function test(name, work) {
  nodeTest(name, { timeout: TEST_MILLISECONDS }, work);
}

let created = 0;

/** A new device at the hub. */
export function createDevice() {
  created += 1;
  return BackEnd.createDevice(hub, `device-${created}`);
}

/** A client of the device, shut down at the end of the test; it reconnects quickly. */
export function createClient(t, backEnd, options = {}) {
  const client = IoTHubDeviceClient.createFromConnectionString(backEnd.connectionString, {
    endpoint: backEnd.endpoint,
    connectionRetryInterval: 0.2,
    ...options,
  });
  t.after(() => within(10, client.shutdown(), 'shutdown did not end'));
  return client;
}

/** A new device and a client of it. */
export async function createPair(t, options) {
  const backEnd = await createDevice();
  return { backEnd, client: createClient(t, backEnd, options) };
}

/** The first packet that matches, as soon as the hub has it. */
export async function waitForPacket(backEnd, type, direction, matches, after = 0) {
  for (;;) {
    const packets = await backEnd.waitForPackets(type, direction, 1, after);
    const found = packets.find(matches);
    if (found) return found;
    after = packets.at(-1).sequence;
  }
}

/** Whether a client's twin request is what a PUBLISH carries. */
export const isTwinGet = ({ topic }) => topic.startsWith('$iothub/twin/GET/');

/**
 * A round trip: afterwards the hub has received everything that the client wrote before. A packet
 * that it has not received was not sent.
 */
export const roundTrip = (client) => client.sendMessage('round trip');

/** A Promise with its `resolve` and `reject`. */
export function deferred() {
  let settle;
  const promise = new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
}

/**
 * Runs a program in a separate process, and fails if that fails or does not end.
 * @param {import('node:test').TestContext} t
 * @param {BackEnd} backEnd the device of the clients that the program's `createClient` makes
 * @param {string} program
 * @param {...string} flags for Node.js
 */
export async function runProgram(t, backEnd, program, ...flags) {
  const { connectionString, endpoint } = backEnd;
  const code = `
    import { IoTHubDeviceClient, Message } from ${JSON.stringify(PACKAGE.href)};
    const { CONNECTION_STRING, ENDPOINT } = process.env;
    const createClient = (options) => IoTHubDeviceClient.createFromConnectionString(
      CONNECTION_STRING, { endpoint: ENDPOINT, ...options });
    ${program}`;
  const child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', code], {
    env: { ...process.env, CONNECTION_STRING: connectionString, ENDPOINT: endpoint },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.after(() => child.kill());
  const printed = text(child.stderr);
  const [exitCode] = await within(20, once(child, 'exit'), 'the process is still running');
  assert.equal(exitCode, 0, await printed);
}

/** An endpoint on which nothing listens. */
export async function refusedEndpoint() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `ws://127.0.0.1:${port}/$iothub/websocket`;
}

/** Asserts that neither the error nor its causes show a secret. */
export function assertNoSecret(error, ...secrets) {
  const everything = `${inspect(error, { depth: null, showHidden: true })}\n${error.stack}`;
  assert.doesNotMatch(everything, /sig=/i);
  for (const secret of secrets) {
    assert.ok(!everything.includes(secret), 'the error holds a secret');
  }
}
