/** Several tabs of one device: one sends, all store. */
import assert from 'node:assert/strict';

import { arrived, crash, numbers, openProfile, test } from './support.mjs';

test('one tab connects; in the others enqueue and sendMessage work, and other calls name the owner', async (t) => {
  const { backEnd, openTab } = await openProfile(t);
  const owner = await openTab();
  await owner.evaluate(() => window.client.connect());
  const other = await openTab();
  await other.evaluate(async () => {
    await window.client.enqueue('0');
    await window.client.sendMessage('1');
  });
  assert.deepEqual(await arrived(backEnd, 2), ['0', '1']);
  const text = /NoConnectionError: the page http.*\/package\.json, opened at .* has the outbox/;
  for (const name of ['connect', 'getTwin']) {
    assert.match(await other.evaluate((name) => window.outcome(window.client[name]()), name), text);
  }
  assert.match(await other.evaluate(() => window.outcome(window.client.outbox.drained())), text);
  assert.equal((await backEnd.state()).connections, 1);
  await owner.waitForFunction(() => window.client.outbox.count === 0);
  await other.waitForFunction(() => window.client.outbox.count === 0);
});

test('when the process of the owner ends, another tab sends and connects', async (t) => {
  const { backEnd, openTab } = await openProfile(t);
  const owner = await openTab();
  await owner.evaluate(() => window.client.connect());
  const other = await openTab();
  await backEnd.setFaults({ withhold: ['puback'] });
  await other.evaluate(async () => {
    window.client.onMethodRequestReceived = () => ({ status: 201 });
    await window.client.enqueue('0');
    window.sent = window.outcome(window.client.sendMessage('1'));
  });
  await backEnd.waitForTelemetry(2);
  await crash(owner);
  await backEnd.setFaults({ clear: true });
  assert.equal(await other.evaluate(() => window.sent), 'done');
  await other.evaluate(() => window.client.connect());
  assert.equal((await backEnd.invokeMethod('any')).status, 201);
  assert.deepEqual(await arrived(backEnd, 4), ['0', '1']);
});

test('messages of several tabs all arrive, those of each in their order', async (t) => {
  const { backEnd, openTab } = await openProfile(t);
  const tabs = [await openTab(), await openTab(), await openTab()];
  await Promise.all(
    tabs.map((tab, index) =>
      tab.evaluate(async (letter) => {
        for (let i = 0; i < 50; i += 1) await window.client.enqueue(`${letter}${i}`);
      }, 'abc'[index]),
    ),
  );
  const seen = await arrived(backEnd, 150);
  for (const letter of 'abc') {
    assert.deepEqual(
      seen.filter((text) => text.startsWith(letter)),
      numbers(50).map((number) => `${letter}${number}`),
    );
  }
});

test('drop-oldest in a tab that is not the owner also drops messages of the owner', async (t) => {
  const { backEnd, openTab } = await openProfile(t);
  const store = { maxMessages: 3, whenFull: 'drop-oldest' };
  const options = { store, autoConnect: false };
  const owner = await openTab(options);
  await owner.evaluate(async () => {
    await window.client.enqueue('0');
    await window.client.enqueue('1');
  });
  const other = await openTab(options);
  const dropped = await other.evaluate(async () => {
    const dropped = [];
    window.client.onMessageDropped = ({ message, reason }) =>
      dropped.push(`${reason} ${message.text()}`);
    for (const text of ['2', '3', '4']) await window.client.enqueue(text);
    return dropped;
  });
  assert.deepEqual(dropped, ['full 0', 'full 1']);
  await owner.evaluate(async () => {
    await window.client.connect();
    await window.client.outbox.drained();
  });
  assert.deepEqual(await arrived(backEnd, 3), ['2', '3', '4']);
});
