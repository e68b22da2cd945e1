// The rules for handler properties, below the table of properties.
import { deepEqual, equal, match } from '../assert.js';

const HANDLERS = [
  'onMessageReceived',
  'onMethodRequestReceived',
  'onTwinDesiredPropertiesPatchReceived',
  'onConnectionStateChange',
  'onNewSasTokenRequired',
  'onBackgroundException',
];

/** The receive handlers, and the topic filter of each. */
const FILTERS = {
  onMessageReceived: ({ path }) => `${path}/messages/devicebound/#`,
  onMethodRequestReceived: () => '$iothub/methods/POST/#',
  onTwinDesiredPropertiesPatchReceived: () => '$iothub/twin/PATCH/properties/desired/#',
};

export const rows = [
  {
    id: 'properties.values',
    title: 'handlers: a function, an async function, a Promise of one, null, undefined; read back',
    async run({ pair }) {
      const { client } = await pair({ autoConnect: false });
      const functions = [() => {}, async () => {}, Promise.resolve(() => {})];
      const values = [...functions, null, () => {}, undefined];
      for (const name of HANDLERS) {
        for (const value of values) {
          client[name] = value;
          equal(client[name], value, name);
        }
      }
    },
  },
  {
    id: 'properties.wrong-values',
    title: 'handlers: anything else is a TypeError thrown by the setter',
    async run({ pair, throws }) {
      const { client } = await pair({ autoConnect: false });
      for (const name of HANDLERS) {
        const handler = () => {};
        client[name] = handler;
        for (const value of [1, 'f', true, {}, [], Symbol('s')]) {
          const assign = () => {
            client[name] = value;
          };
          throws(assign, TypeError, new RegExp(name));
          equal(client[name], handler, name);
        }
      }
    },
  },
  {
    id: 'properties.promise',
    title: 'handlers: events wait until the Promise of a function settles',
    async run({ pair, inbox, roundTrip }) {
      const { client, device, errors } = await pair();
      const messages = inbox('message');
      let give;
      client.onMessageReceived = new Promise((resolve) => {
        give = resolve;
      });
      await client.connect();
      for (const body of ['a', 'b']) await device.sendMessage({ body });
      await device.waitForPackets('publish', 'out', 2);
      await roundTrip(client);
      equal((await device.state()).pendingMessages, 2);
      give((message) => messages.put(message.text()));
      deepEqual([await messages.take(), await messages.take()], ['a', 'b']);
      client.onMethodRequestReceived = Promise.reject(new Error('no module'));
      equal((await errors.take()).cause.message, 'no module');
      client.onMethodRequestReceived = Promise.resolve(7);
      match((await errors.take()).message, /onMethodRequestReceived/);
    },
  },
  {
    id: 'properties.subscribe',
    title: 'handlers: setting a receive handler subscribes, opening the connection',
    async run({ pair }) {
      for (const [name, filter] of Object.entries(FILTERS)) {
        const { client, device } = await pair();
        client[name] = () => {};
        const [{ subscriptions }] = await device.waitForPackets('subscribe', 'in');
        equal(subscriptions[0].topic, filter(device));
        equal(subscriptions[0].qos, 1);
        equal(client.connected, true);
      }
    },
  },
  {
    id: 'properties.subscribe-fails',
    title: 'handlers: a failure of that goes to onBackgroundException',
    async run({ pair, CredentialError }) {
      for (const name of Object.keys(FILTERS)) {
        const { client, device, errors } = await pair();
        await device.setFaults({ connack: 5 });
        client[name] = () => {};
        equal((await errors.take()).constructor, CredentialError);
        equal(client.connectionState, 'disconnected');
        await device.setFaults({ clear: true });
        await client.connect();
        equal((await device.packets({ type: 'suback' })).length >= 1, true);
      }
    },
  },
  {
    id: 'properties.unsubscribe',
    title: 'handlers: clearing one unsubscribes',
    async run({ pair }) {
      for (const [name, filter] of Object.entries(FILTERS)) {
        for (const nothing of [null, undefined]) {
          const { client, device } = await pair();
          client[name] = () => {};
          await client.connect();
          client[name] = nothing;
          const [{ unsubscriptions }] = await device.waitForPackets('unsubscribe', 'in');
          deepEqual(unsubscriptions, [filter(device)]);
        }
      }
    },
  },
  {
    id: 'properties.order',
    title: 'handlers: started in order of arrival, the next not waiting for the one before',
    async run({ pair, inbox }) {
      const { client, device } = await pair();
      const started = inbox('message');
      client.onMessageReceived = async (message) => {
        started.put(message.text());
        await new Promise(() => {});
      };
      await client.connect();
      const texts = ['a', 'b', 'c', 'd'];
      for (const body of texts) await device.sendMessage({ body });
      for (const text of texts) equal(await started.take(), text);
    },
  },
  {
    id: 'properties.own-stack',
    title: "handlers: never started inside a client call's own stack",
    async run({ pair, inbox }) {
      const { client, device } = await pair();
      let inside = false;
      const seen = inbox('call of a handler');
      const note = () => seen.put(inside);
      for (const name of HANDLERS.slice(0, 4)) client[name] = note;
      const call = (work) => {
        inside = true;
        const result = work();
        inside = false;
        return result;
      };
      await call(() => client.connect());
      await Promise.all([
        ...Array.from({ length: 20 }, (_, index) => call(() => client.sendMessage(`${index}`))),
        device.sendMessage({ body: 'x' }),
        device.patchDesired({ a: 1 }),
      ]);
      await call(() => client.disconnect());
      // Two changes, two deliveries of desired properties, one message.
      for (let count = 0; count < 4; count += 1) equal(await seen.take(), false);
    },
  },
  {
    id: 'properties.any-method',
    title: 'handlers: may call any client method, disconnect and shutdown included',
    async run({ pair, inbox }) {
      const { client, device } = await pair();
      const done = inbox('end of a handler');
      const steps = {
        async work() {
          await client.sendMessage('from the handler');
          const { desired } = await client.getTwin();
          await client.patchTwinReportedProperties({ seen: desired.$version });
          await client.connect();
        },
        disconnect: () => client.disconnect(),
        shutdown: () => client.shutdown(),
      };
      client.onMessageReceived = async (message) => {
        await steps[message.text()]();
        done.put(client.connectionState);
      };
      const states = { work: 'connected', disconnect: 'disconnected', shutdown: 'disconnected' };
      for (const [body, state] of Object.entries(states)) {
        await client.connect();
        await device.sendMessage({ body });
        equal(await done.take(), state);
      }
      equal((await device.telemetry())[0].text, 'from the handler');
    },
  },
  {
    id: 'properties.failing',
    title: 'handlers: one that throws or rejects disturbs nothing else',
    async run({ pair, inbox }) {
      const { client, device, errors } = await pair();
      const messages = inbox('message');
      client.onMessageReceived = (message) => {
        messages.put(message.text());
        if (message.text() === 'throw') throw new Error('thrown');
        return message.text() === 'reject' ? Promise.reject(new Error('rejected')) : undefined;
      };
      await client.connect();
      for (const body of ['throw', 'reject', 'work']) await device.sendMessage({ body });
      for (const text of ['throw', 'reject', 'work']) equal(await messages.take(), text);
      equal((await errors.take()).cause.message, 'thrown');
      equal((await errors.take()).cause.message, 'rejected');
      await client.sendMessage('x');
      await device.waitForPackets('puback', 'in', 3);
    },
  },
  {
    id: 'properties.kept',
    title: 'a message that arrives before there is a receiver is kept unacknowledged',
    async run({ pair, createClient, inbox, roundTrip }) {
      for (const take of ['handler', 'call']) {
        const { client, device } = await pair();
        const first = createClient(device);
        first.onMessageReceived = () => {};
        await first.connect();
        await first.shutdown();
        // The subscription outlives the connection: the hub delivers right after CONNACK.
        await device.sendMessage({ body: 'kept' });
        await client.connect();
        await device.waitForPackets('publish', 'out');
        await roundTrip(client);
        equal((await device.state()).pendingMessages, 1);
        const messages = inbox('message');
        if (take === 'handler') client.onMessageReceived = messages.put;
        else messages.put(await client.receiveMessage());
        equal((await messages.take()).text(), 'kept');
        await device.waitForPackets('puback', 'in');
      }
    },
  },
];
