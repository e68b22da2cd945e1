/** What long-lived processes need: nothing is kept, and a long busy period loses nothing. */
import assert from 'node:assert/strict';

import { createDevice, runProgram, test } from './support.mjs';

/** How the programs wait for the garbage collector, which may take several rounds. */
const UNTIL_COLLECTED = `
  import assert from 'node:assert/strict';
  import { setImmediate as turn } from 'node:timers/promises';
  async function untilCollected(isCollected, sentence) {
    for (let round = 0; !isCollected(); round += 1) {
      assert.ok(round < 1000, sentence);
      gc();
      await turn();
    }
  }`;

const HANDLERS = [
  'onMessageReceived',
  'onMethodRequestReceived',
  'onTwinDesiredPropertiesPatchReceived',
  'onConnectionStateChange',
  'onBackgroundException',
];

for (const wasConnected of [true, false]) {
  const when = wasConnected ? 'that was connected' : 'that never was connected';
  test(`a client ${when} is collected after shutdown, even if its handlers refer to it`, async (t) => {
    const program = `
      ${UNTIL_COLLECTED}
      let collected = false;
      const registry = new FinalizationRegistry(() => (collected = true));
      async function use() {
        const client = createClient({ autoConnect: ${wasConnected} });
        for (const name of ${JSON.stringify(HANDLERS)}) client[name] = () => client.connected;
        if (${wasConnected}) await client.sendMessage('x');
        await client.shutdown();
        registry.register(client);
      }
      await use();
      await untilCollected(() => collected, 'the client is kept');`;
    await runProgram(t, await createDevice(), program, '--expose-gc');
  });
}

test('the calls of an unreferenced client still complete', async (t) => {
  const backEnd = await createDevice();
  const program = `
    ${UNTIL_COLLECTED}
    let collected = false;
    const registry = new FinalizationRegistry(() => (collected = true));
    function send() {
      const client = createClient();
      registry.register(client);
      return client.sendMessage('in flight');
    }
    const sent = send();
    // Only the public object is collected; the objects that work for it stay.
    await untilCollected(() => collected, 'the client is kept');
    await sent;
    process.exit();`;
  await runProgram(t, backEnd, program, '--expose-gc');
  assert.equal((await backEnd.waitForTelemetry())[0].text, 'in flight');
});

test('timers leave nothing behind when they have fired', async (t) => {
  const backEnd = await createDevice();
  const program = `
    ${UNTIL_COLLECTED}
    const setTimeout = globalThis.setTimeout;
    let alive = 0;
    const registry = new FinalizationRegistry(() => (alive -= 1));
    globalThis.setTimeout = (callback, ...rest) => {
      alive += 1;
      registry.register(callback);
      return setTimeout(callback, ...rest);
    };
    const ATTEMPTS = 100;
    const client = createClient({
      connectionRetryInterval: 0.001,
      connectionRetryMaxInterval: 0.001,
    });
    let failures = 0;
    const failed = new Promise((resolve) => {
      client.onBackgroundException = () => (failures += 1) === ATTEMPTS && resolve();
    });
    client.sendMessage('connected').catch(() => {});
    await failed;
    await untilCollected(() => alive < ATTEMPTS / 2, 'the callbacks of past timers are kept');
    await client.shutdown();
    await untilCollected(() => alive === 0, 'the callback of a timer is kept after shutdown');`;
  const running = runProgram(t, backEnd, program, '--expose-gc');
  await Promise.race([running, backEnd.waitForTelemetry()]);
  await backEnd.setHubFaults({ refuseUpgrade: true });
  t.after(() => backEnd.setHubFaults({ clear: true }));
  await backEnd.drop();
  await running;
});

test('a program that is busy for longer than the ping timeout keeps its connection', async (t) => {
  const backEnd = await createDevice();
  // For the client, time passes ten times as fast: it gives the hub 15 seconds for a response.
  const program = `
    import assert from 'node:assert/strict';
    import { setImmediate as turn } from 'node:timers/promises';
    const SPEED = 10;
    const { performance, setTimeout } = globalThis;
    const now = performance.now.bind(performance);
    performance.now = () => now() * SPEED;
    globalThis.setTimeout = (callback, delay) => setTimeout(callback, delay / SPEED);

    let pinged;
    const ping = new Promise((resolve) => (pinged = resolve));
    const trace = ({ packet }) => packet === 'PINGREQ' && pinged();
    const client = createClient({ keepAlive: 10, trace });
    const changes = [];
    client.onConnectionStateChange = ({ connected }) => changes.push(connected);
    await client.connect();
    await ping;
    // After blocking, timers fire first, and only then input from the network.
    await turn();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000 / SPEED);
    await turn();
    await client.sendMessage('still connected');
    assert.deepEqual(changes, [true]);
    await client.shutdown();`;
  await runProgram(t, backEnd, program);
  assert.equal((await backEnd.state()).connections, 1);
});
