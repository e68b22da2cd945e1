/** Long use does not leak: JavaScript's heap and WebAssembly's memory do not grow. */
import { measureMemory } from './node-memory.mjs';

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { after, test } from 'node:test';

import { IoTHubDeviceClient } from '../../pkg/index.node.js';
import { BackEnd } from '../../scripts/start/back-end.mjs';
import { openPage, serveRepository } from '../browser/support.mjs';
import { findMemories, measurePage } from './page-memory.mjs';
import { comeAndGo, send } from './work.js';

const CLIENTS = 10_000;
const MESSAGES = 1_000_000;
/**
 * The number of parts of the work, with a garbage collection after each: garbage is not a leak, but
 * WebAssembly's memory never shrinks.
 */
const PARTS = 100;
/** The first parts are for what is allocated once. */
const WARM_UP = 10;
/** The allowed growth after them, in bytes. */
const HEAP_TOLERANCE = 1_000_000;
const WASM_TOLERANCE = 128 * 1024;

// In a thread, so that its memory is not counted.
const hub = new Worker(new URL('../conformance/hub-thread.mjs', import.meta.url));
const [{ url, authorization }] = await once(hub, 'message');
const access = { url, authorization: () => authorization };
after(() => hub.terminate());

const environments = { 'Node.js': inNode, Chromium: inChromium };

for (const [name, open] of Object.entries(environments)) {
  test(`${CLIENTS} clients are created and shut down in ${name} without a leak`, async (t) => {
    const { comeAndGo, measure } = await open(t);
    await staysFlat(t, `${CLIENTS} clients in ${name}`, () => comeAndGo(CLIENTS / PARTS), measure);
  });

  test(`${MESSAGES} messages of one client in ${name} do not leak`, async (t) => {
    const { send, measure } = await open(t);
    await staysFlat(t, `${MESSAGES} messages in ${name}`, () => send(MESSAGES / PARTS), measure);
  });
}

async function staysFlat(t, what, work, measure) {
  const measured = [];
  for (let part = 0; part < PARTS; part++) {
    await work();
    measured.push(await measure());
  }
  const [first, last] = [measured[WARM_UP], measured.at(-1)];
  t.diagnostic(`note: ${what}: ${describe('heap', first, last)}, ${describe('wasm', first, last)}`);
  assert.ok(last.heap - first.heap < HEAP_TOLERANCE, 'the heap grows');
  assert.ok(last.wasm - first.wasm <= WASM_TOLERANCE, "WebAssembly's memory grows");
}

const describe = (name, first, last) =>
  `${name} ${(first[name] / 1e6).toFixed(2)} → ${(last[name] / 1e6).toFixed(2)} MB`;

let created = 0;
const createDevice = () => BackEnd.createDevice(access, `device-${++created}`);

async function inNode(t) {
  const { connectionString, endpoint } = await createDevice();
  const createClient = () =>
    IoTHubDeviceClient.createFromConnectionString(connectionString, { endpoint });
  const client = createClient();
  t.after(() => client.shutdown());
  return {
    comeAndGo: (count) => comeAndGo(createClient, count),
    send: (count) => send(client, count),
    measure: measureMemory,
  };
}

async function inChromium(t) {
  const { connectionString, endpoint } = await createDevice();
  const page = await openPage(t, `${await serveRepository(t)}/tests/leaks/page.html`);
  await page.waitForFunction(() => window.prepare);
  await page.evaluate(
    ([identity, options]) => window.prepare(identity, options),
    [connectionString, { endpoint }],
  );
  const devTools = await page.context().newCDPSession(page);
  const memories = await findMemories(devTools);
  return {
    comeAndGo: (count) => page.evaluate((count) => window.comeAndGo(count), count),
    send: (count) => page.evaluate((count) => window.send(count), count),
    measure: () => measurePage(devTools, memories),
  };
}
