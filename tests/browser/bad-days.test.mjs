/**
 * Troubles of a page: no network, hidden, frozen, asleep, in the back/forward cache, opened twice.
 */
import assert from 'node:assert/strict';

import { createDevice, serveRepository, test } from './support.mjs';
import { connect, connectWorker, documentOf, openConnected, openProfile } from './tabs.mjs';

const state = (tab) => tab.evaluate(() => window.client.connectionState);

const waitForState = (tab, wanted) =>
  tab.waitFor((wanted) => window.client.connectionState === wanted, wanted);

const send = (tab, text) => tab.evaluate((text) => window.client.sendMessage(text), text);

/** Platforms without features that the client can do without. */
const LACKS = {
  lacks: () => ({ value: undefined }),
  'throws at': (name) => ({
    get() {
      throw new DOMException(`${name} is not for you`, 'SecurityError');
    },
  }),
};

for (const [how, describe] of Object.entries(LACKS)) {
  test(`the client works if the platform ${how} each optional part`, async (t) => {
    const backEnd = await createDevice();
    const origin = await serveRepository(t);
    const tab = await (await openProfile(t)).openTab(documentOf(origin));
    await tab.evaluate((source) => {
      const describe = new Function(`return ${source}`)();
      const hide = (owner, name) =>
        Object.defineProperty(owner, name, { configurable: true, ...describe(name) });
      const parts = ['BroadcastChannel', 'performance', 'crypto', 'localStorage', 'indexedDB'];
      for (const name of parts) hide(window, name);
      for (const name of ['onLine', 'connection', 'locks', 'storage']) hide(navigator, name);
      for (const name of ['hidden', 'visibilityState']) hide(document, name);
      const { addEventListener } = window;
      window.listened = [];
      window.addEventListener = (name, ...rest) => {
        window.listened.push(name);
        addEventListener.call(window, name, ...rest);
      };
    }, `${describe}`);
    await connect(tab, backEnd);
    await tab.evaluate(async () => {
      for (let number = 0; number < 5; number += 1) await window.client.sendMessage('text');
      await window.client.getTwin();
    });
    const listened = await tab.evaluate(() => window.listened);
    assert.deepEqual(listened.sort(), ['offline', 'online', 'pageshow', 'resume']);
    await tab.evaluate(() => window.client.shutdown());
  });
}

test('going offline ends the connection, and going online restores it', async (t) => {
  const backEnd = await createDevice();
  const origin = await serveRepository(t);
  const tab = await (await openProfile(t)).openTab(documentOf(origin));
  // Before connecting, so that it affects the socket.
  await tab.setOffline(false);
  await connect(tab, backEnd);

  await tab.setOffline(true);
  await waitForState(tab, 'reconnecting');
  await tab.setOffline(false);
  await waitForState(tab, 'connected');
  assert.equal((await backEnd.state()).connections, 2);
});

test('a worker notices when the network goes and when it comes back', async (t) => {
  const backEnd = await createDevice();
  const origin = await serveRepository(t);
  const tab = await (await openProfile(t)).openTab(documentOf(origin));
  await connectWorker(tab, backEnd);

  await tab.setOffline(true);
  await backEnd.waitForPackets('pingresp', 'out');
  await backEnd.drop();
  await tab.waitFor(() => window.state === 'reconnecting');
  await tab.setOffline(false);
  await tab.waitFor(() => window.state === 'connected');
  assert.equal((await backEnd.state()).connections, 2);
});

test('a connection that still responds survives an offline event', async (t) => {
  const { backEnd, tab } = await openConnected(t);
  await tab.evaluate(() => {
    Object.defineProperty(navigator, 'onLine', { value: false });
    window.dispatchEvent(new Event('offline'));
  });
  await backEnd.waitForPackets('pingresp', 'out');
  await send(tab, 'still here');
  assert.equal((await backEnd.state()).connections, 1);
  assert.equal(await state(tab), 'connected');
});

test('a frozen tab that lost its connection reconnects as soon as it resumes', async (t) => {
  const { backEnd, tab } = await openConnected(t);
  await tab.setLifecycleState('frozen');
  await backEnd.drop();
  assert.equal((await backEnd.state()).connected, false);
  await tab.setLifecycleState('active');
  await backEnd.waitForPackets('connect', 'in', 2);
  await send(tab, 'awake');
  await backEnd.waitForTelemetry();
});

test('a token that expired while the machine slept is renewed before it is used', async (t) => {
  const { backEnd, tab } = await openConnected(t);
  await tab.evaluate(() => {
    const { now } = Date;
    Date.now = () => now() + 2 * 3_600_000;
  });
  await send(tab, 'good morning');
  const [renewed] = (await backEnd.waitForPackets('connect', 'in', 2)).slice(1);
  const [published] = await backEnd.waitForPackets('publish', 'in');
  assert.ok(published.sequence > renewed.sequence, 'nothing left under the old token');
});

test('setting the clock back affects nothing', async (t) => {
  const { backEnd, tab } = await openConnected(t);
  await tab.evaluate(() => {
    const { now } = Date;
    Date.now = () => now() - 2 * 3_600_000;
  });
  await send(tab, 'earlier');
  await backEnd.waitForTelemetry();
  assert.equal((await backEnd.state()).connections, 1);
});

test('a page that returns from the back/forward cache connects immediately', async (t) => {
  const { backEnd, origin, tab } = await openConnected(t);
  await tab.evaluate(() => {
    addEventListener('pageshow', ({ persisted }) => (window.cameBack = persisted));
  });
  // Another site, so that the browser can put the page into the back/forward cache.
  await tab.send('Page.navigate', { url: documentOf(origin.replace('127.0.0.1', 'localhost')) });
  await tab.waitFor(() => location.hostname === 'localhost' && document.readyState === 'complete');
  await tab.goBack();
  await tab.waitFor(() => location.hostname === '127.0.0.1');
  assert.equal(await tab.evaluate(() => window.cameBack), true, 'it is the same page');
  await backEnd.waitForPackets('connect', 'in', 2);
  await send(tab, 'back');
  await backEnd.waitForTelemetry();
});

test('the newest tab has the device, and the older one says why it was disconnected', async (t) => {
  const { backEnd, origin, profile, tab: older } = await openConnected(t);
  const newer = await profile.openTab(documentOf(origin));
  await connect(newer, backEnd);
  await waitForState(older, 'disconnected');
  // The hub's close may arrive before the other tab's message.
  const why = await older.evaluate(() => window.told.at(-1));
  assert.match(why, /^ConnectionDroppedError: another page or worker has connected/);
  const refusal = await older.evaluate(() => window.client.sendMessage('?').catch(String));
  assert.match(refusal, /^NoConnectionError: .*connect\(\)/);
  await send(newer, 'mine');

  await older.evaluate(() => window.client.connect());
  await waitForState(newer, 'disconnected');
  await send(older, 'mine again');
  assert.equal((await backEnd.state()).connections, 3, 'neither came back by itself');
});

test('an older tab that reaches the hub last gives the device back immediately', async (t) => {
  const { backEnd, origin, profile, tab: newer } = await openConnected(t);
  const older = await profile.openTab(documentOf(origin));
  await older.evaluate(() => {
    const { now } = Date;
    Date.now = () => now() - 60_000;
    const { postMessage } = BroadcastChannel.prototype;
    BroadcastChannel.prototype.postMessage = function (word) {
      window.say = () => {
        BroadcastChannel.prototype.postMessage = postMessage;
        this.postMessage(word);
      };
    };
  });
  await connect(older, backEnd);
  await waitForState(newer, 'reconnecting');

  await older.evaluate(() => window.say());
  await waitForState(older, 'disconnected');
  await waitForState(newer, 'connected');
  await send(newer, 'mine');
});

test('if several tabs open at the same time, one has the device', async (t) => {
  const backEnd = await createDevice();
  const origin = await serveRepository(t);
  const profile = await openProfile(t);
  const tabs = [];
  for (let count = 0; count < 3; count += 1) tabs.push(await profile.openTab(documentOf(origin)));
  const results = await Promise.allSettled(tabs.map((tab) => connect(tab, backEnd)));
  assert.ok(results.some(({ status }) => status === 'fulfilled'));
  let states;
  do {
    states = await Promise.all(tabs.map(state));
  } while (states.filter((state) => state === 'disconnected').length < 2);
  await send(tabs[states.findIndex((state) => state !== 'disconnected')], 'mine');
});

test('tabs of different devices do not affect each other', async (t) => {
  const { origin, profile, tab } = await openConnected(t);
  const other = await profile.openTab(documentOf(origin));
  await connect(other, await createDevice());
  await send(tab, 'one');
  await send(other, 'two');
  assert.deepEqual([await state(tab), await state(other)], ['connected', 'connected']);
});
