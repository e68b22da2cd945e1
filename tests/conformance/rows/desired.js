// The option ensureDesiredProperties, sentence by sentence.
import { deepEqual, equal, ok } from '../assert.js';
import { publish } from './packets.js';

const isTwinGet = ({ topic }) => topic.startsWith('$iothub/twin/GET/');

/** A client with a handler of desired properties, and an inbox of its calls. */
async function receiver({ pair, inbox }, options) {
  const all = await pair(options);
  const patches = inbox('patch of desired properties');
  const listen = () => {
    all.client.onTwinDesiredPropertiesPatchReceived = patches.put;
  };
  return { ...all, patches, listen };
}

export const rows = [
  {
    id: 'options.ensureDesiredProperties-first',
    title: 'ensureDesiredProperties: at first, the current desired properties are delivered',
    async run(context) {
      const { client, device, patches, listen } = await receiver(context);
      await device.patchDesired({ interval: 5 });
      listen();
      await client.connect();
      deepEqual(await patches.take(), { interval: 5, $version: 2 });
      await device.patchDesired({ interval: 6 });
      deepEqual(await patches.take(), { interval: 6, $version: 3 });
    },
  },
  {
    id: 'options.ensureDesiredProperties-later',
    title: 'ensureDesiredProperties: the same for a handler that is set later',
    async run(context) {
      const { client, device, patches, listen } = await receiver(context);
      await client.connect();
      await device.patchDesired({ interval: 5 });
      listen();
      deepEqual(await patches.take(), { interval: 5, $version: 2 });
    },
  },
  {
    id: 'options.ensureDesiredProperties-reconnect',
    title: 'ensureDesiredProperties: what was changed while the device was away is delivered',
    async run(context) {
      const { client, device, patches, changes, listen } = await receiver(context);
      listen();
      await client.connect();
      equal((await patches.take()).$version, 1);
      await changes.take();
      await device.setFaults({ connack: 3 });
      await device.drop();
      equal((await changes.take()).connected, false);
      await device.patchDesired({ interval: 7 });
      await device.setFaults({ clear: true });
      deepEqual(await patches.take(), { interval: 7, $version: 2 });
    },
  },
  {
    id: 'options.ensureDesiredProperties-once',
    title: 'ensureDesiredProperties: a $version that was the last delivered is not delivered again',
    async run(context) {
      const { client, device, patches, changes, listen } = await receiver(context);
      listen();
      await client.connect();
      await patches.take();
      await changes.take();
      await device.drop();
      await changes.take();
      await changes.take();
      await device.waitForPacket('publish', 'in', (packet) => packet.connection === 2);
      await client.getTwin();
      await device.patchDesired({ a: 1 });
      equal((await patches.take()).$version, 2);
      equal(patches.all.length, 2, 'the number of deliveries');
    },
  },
  {
    id: 'options.ensureDesiredProperties-order',
    title: 'ensureDesiredProperties: patches before the answer wait for it, higher versions follow',
    async run(context) {
      const { client, device, patches, listen } = await receiver(context);
      await device.setFaults({ withhold: ['twin'] });
      await client.connect();
      listen();
      const { topic } = await device.waitForPacket('publish', 'in', isTwinGet);
      const rid = topic.split('$rid=')[1];
      await device.patchDesired({ a: 1 });
      await device.patchDesired({ a: 2 });
      await device.waitForPackets('publish', 'out', 2);
      await context.roundTrip(client);
      deepEqual(patches.all, []);
      const twin = { desired: { a: 1, b: 0, $version: 2 }, reported: { $version: 1 } };
      const answer = publish(`$iothub/twin/res/200/?$rid=${rid}`, JSON.stringify(twin));
      await device.setFaults({ send: answer });
      deepEqual(await patches.take(), twin.desired);
      deepEqual(await patches.take(), { a: 2, $version: 3 });
    },
  },
  {
    id: 'options.ensureDesiredProperties-off',
    title: 'ensureDesiredProperties: off, the twin is not fetched',
    async run(context) {
      const options = { ensureDesiredProperties: false };
      const { client, device, patches, listen } = await receiver(context, options);
      listen();
      await client.connect();
      await device.patchDesired({ a: 1 });
      deepEqual(await patches.take(), { a: 1, $version: 2 });
      const published = await device.packets({ type: 'publish', direction: 'in' });
      ok(!published.some(isTwinGet), 'the twin was fetched');
    },
  },
];
