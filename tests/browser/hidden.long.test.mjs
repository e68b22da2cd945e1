import assert from 'node:assert/strict';

import { test } from './support.mjs';
import { documentOf, openConnected } from './tabs.mjs';

test('a tab that was hidden for long keeps its connection, however late its timers are', async (t) => {
  // The hub disconnects a client after 36 seconds of silence.
  const { backEnd, origin, profile, tab } = await openConnected(t, { keepAlive: 24 });
  await tab.settled();
  const other = await profile.openTab(documentOf(origin));
  await other.show();
  await tab.waitFor(() => document.hidden);

  // Chained timers then fire once a minute: this chain shows when that begins.
  await tab.evaluate(() => {
    (function tick() {
      window.lastTick = performance.now();
      setTimeout(tick, 100);
    })();
  });
  await tab.waitFor(() => performance.now() - window.lastTick > 20_000, undefined, 150_000);
  const pings = { type: 'pingreq', direction: 'in' };
  const after = (await backEnd.packets(pings)).at(-1)?.sequence ?? 0;
  const later = await backEnd.packets({ ...pings, after, count: 3, timeout: 120 });
  assert.ok(later.length >= 3, 'the client has stopped to ping');
  const { connected, connections } = await backEnd.state();
  assert.deepEqual({ connected, connections }, { connected: true, connections: 1 });
}, 300_000);
