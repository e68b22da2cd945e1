// The options for lost connections.
import { equal, ok } from '../assert.js';

export const rows = [
  {
    id: 'options.connectionRetry',
    title: 'connectionRetry: a lost connection is re-established; off, it is not',
    async run({ connectedPair }) {
      const on = await connectedPair();
      const off = await connectedPair({ connectionRetry: false });
      for (const { device, changes } of [off, on]) {
        await device.drop();
        equal((await changes.take()).connected, false);
      }
      equal(off.client.connectionState, 'disconnected');
      equal((await on.changes.take()).connected, true);
      equal((await off.device.connections()).length, 1);
    },
  },
  {
    id: 'options.connectionRetryInterval',
    title: 'connectionRetryInterval: the time between attempts, by default 10 s',
    async run({ connectedPair }) {
      const quick = await connectedPair({ connectionRetryInterval: 0.05 });
      const normal = await connectedPair({ connectionRetryInterval: undefined });
      for (const { device } of [quick, normal]) await device.setFaults({ connack: 3 });
      for (const { device } of [quick, normal]) await device.drop();
      await quick.device.waitForPackets('connect', 'in', 5);
      equal((await normal.device.packets({ type: 'connect' })).length, 1);
      equal(normal.client.connectionState, 'reconnecting');
    },
  },
  {
    id: 'options.connectionRetryInterval-at-once',
    title:
      'connectionRetryInterval: the first retry is made at once if the connection stood longer',
    async run({ connectedPair }) {
      const options = { connectionRetryInterval: 2, keepAlive: 1 };
      const old = await connectedPair(options);
      // Each ping is 0.75 s after the one before.
      await old.device.waitForPackets('pingreq', 'in', 3);
      const young = await connectedPair(options);
      await young.device.drop();
      await old.device.drop();
      await old.device.waitForPackets('connect', 'in', 2);
      equal((await young.device.packets({ type: 'connect' })).length, 1);
      equal(young.client.connectionState, 'reconnecting');
      await young.device.waitForPackets('connect', 'in', 2);
    },
  },
  {
    id: 'options.connectionRetryMaxInterval',
    title: 'connectionRetryMaxInterval: when larger, the interval doubles with each failure',
    async run({ connectedPair }) {
      const steady = await connectedPair({ connectionRetryInterval: 0.05 });
      const growing = await connectedPair({
        connectionRetryInterval: 0.05,
        connectionRetryMaxInterval: 3600,
      });
      for (const { device } of [steady, growing]) await device.setFaults({ connack: 3 });
      for (const { device } of [growing, steady]) await device.drop();
      // One wait is not long enough on a slow machine.
      await steady.device.waitForPackets('connect', 'in', 12);
      const many = await steady.device.waitForPackets('connect', 'in', 25);
      const few = await growing.device.packets({ type: 'connect' });
      ok(few.length > 1, 'it tries again');
      ok(few.length < many.length / 2, `${few.length} attempts against ${many.length}`);
    },
  },
];
