/** What the tests of docs/FAULTS.md share: a watched client, and a check that it works. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { callHub } from '../../../scripts/start/back-end.mjs';
import { Inbox, MethodResponse, createClient, createDevice, hub, test } from '../support.mjs';

const page = new URL('../../../docs/TESTS.md', import.meta.url);
const document = readFileSync(page, 'utf8').replaceAll('\\', '');

const uncaught = [];
for (const event of ['uncaughtExceptionMonitor', 'unhandledRejection']) {
  process.on(event, (error) => uncaught.push(error));
}

/** Whether a connection ended because the device opened another one. */
export const isReplaced = (end) => /another connection/.test(end);

/** A test that docs/TESTS.md names, and that fails on uncaught errors. */
export function faultTest(title, work) {
  test(title, async (t) => {
    assert.ok(document.includes(`: ${title}\n`), 'docs/TESTS.md does not name this test');
    await work(t);
    assert.deepEqual(uncaught.splice(0), []);
  });
}

/** A client, and everything that it has reported to its application. */
export class WatchedDevice {
  changes = new Inbox('state change');
  errors = new Inbox('background exception');
  messages = new Inbox('message');
  patches = new Inbox('desired-properties patch');
  methods = [];
  #hub;

  /**
   * @param {import('../support.mjs').IoTHubDeviceClient} client
   * @param {import('../../../scripts/start/back-end.mjs').BackEnd} [backEnd]
   * @param {import('../../../scripts/start/back-end.mjs').LocalHub} [itsHub] where it is another
   */
  constructor(client, backEnd, itsHub = hub) {
    this.client = client;
    this.backEnd = backEnd;
    this.#hub = itsHub;
    client.onConnectionStateChange = this.changes.put;
    client.onBackgroundException = this.errors.put;
  }

  /** Sets all handlers; connects, if the client may. */
  listen() {
    this.client.onMessageReceived = this.messages.put;
    this.client.onTwinDesiredPropertiesPatchReceived = this.patches.put;
    this.client.onMethodRequestReceived = (request) => {
      this.methods.push(request);
      return MethodResponse.createFromMethodRequest(request, 200, request.payload);
    };
  }

  /** The reported states, in order. */
  get states() {
    return this.changes.all.map(({ connected }) => connected);
  }

  /** Why each connection ended at the hub, including refused ones; `null` if it is open. */
  async ends() {
    const path = `/local/devices/${encodeURIComponent(this.backEnd.deviceId)}/connections`;
    const { connections } = await callHub(this.#hub, 'GET', path);
    return connections.map(({ closedBecause }) => closedBecause);
  }

  /**
   * Everything goes both ways, without a call of `connect()`, and there was one connection at a
   * time: the hub closes a connection when another comes.
   * @param {object} [options]
   * @param {number} [options.replaced] how many connections the hub had to close for that reason
   */
  async assertWorks({ replaced = 0 } = {}) {
    const { client, backEnd } = this;
    if (!client.onMessageReceived) this.listen();
    await client.sendMessage('it works');
    assert.equal((await backEnd.telemetry()).at(-1).text, 'it works');
    const answer = { status: 200, payload: 'it works' };
    assert.deepEqual(await backEnd.invokeMethod('echo', 'it works'), answer);
    await backEnd.sendMessage({ body: 'it works' });
    while ((await this.messages.take()).text() !== 'it works');
    await backEnd.patchDesired({ works: true });
    while (!(await this.patches.take()).works);
    assert.equal((await client.getTwin()).desired.works, true);

    const ends = await this.ends();
    assert.equal(ends.filter((end) => end === null).length, 1);
    assert.equal(ends.filter(isReplaced).length, replaced);
  }
}

/** A device whose client has not connected yet. */
export async function createWatched(t, options) {
  const backEnd = await createDevice();
  return new WatchedDevice(createClient(t, backEnd, options), backEnd);
}

/** A device whose client is connected and takes all that a hub can send. */
export async function createListening(t, options) {
  const device = await createWatched(t, options);
  device.listen();
  await device.client.connect();
  await device.patches.take();
  return device;
}

/**
 * For `assert.rejects` and for other errors: checks for exactly this class, and for a text in the
 * message.
 */
export function isError(error, errorClass, words) {
  assert.equal(error.constructor, errorClass, error);
  assert.match(error.message, words);
  return true;
}
