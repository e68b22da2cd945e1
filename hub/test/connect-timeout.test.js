import { test } from 'node:test';
import { TestHub } from './support/hub.js';
import { RawClient } from './support/raw-client.js';

const hub = new TestHub();

// In a separate file: timers of other tests would be cleared while the clock is a mock.
test('a connection that sends no CONNECT within a minute is closed', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const client = await RawClient.open(hub);
  t.mock.timers.tick(60_000);
  await client.closed;
  await hub.logged(/^a connection: closed, no CONNECT arrived/);
});
