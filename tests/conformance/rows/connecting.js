// The table of methods: connecting, leaving, and changing the token.
import { deepEqual, equal, ok } from '../assert.js';
import { now } from '../tokens.js';
import { tokenPair } from './token-client.js';

const DAY = 24 * 60 * 60;

export const rows = [
  {
    id: 'methods.reject',
    title: 'methods never throw; they reject',
    async run({ pair }) {
      const { client } = await pair({ autoConnect: false });
      const calls = {
        connect: undefined,
        disconnect: undefined,
        updateSasToken: [7],
        sendMessage: [() => {}],
        getTwin: [],
        patchTwinReportedProperties: ['no object'],
        sendMethodResponse: [{}],
        getStorageInfoForBlob: [7],
        notifyBlobUploadStatus: [7],
        receiveMessage: [{ timeout: -1 }],
        receiveMethodRequest: [{ methodName: 7 }],
        receiveTwinDesiredPropertiesPatch: [{ block: 7 }],
        shutdown: undefined,
      };
      for (const [name, wrong] of Object.entries(calls)) {
        const result = client[name](...(wrong ?? []));
        ok(result instanceof Promise, `${name} gives no Promise`);
        const outcome = await result.then(
          () => 'fulfilled',
          () => 'rejected',
        );
        equal(outcome, wrong ? 'rejected' : 'fulfilled', name);
      }
      const cycle = {};
      cycle.cycle = cycle;
      for (const name of ['sendMessage', 'patchTwinReportedProperties']) {
        const result = client[name](cycle);
        ok(result instanceof Promise, `${name} gives no Promise`);
        equal(await result.catch(({ name }) => name), 'TypeError', name);
      }
    },
  },
  {
    id: 'methods.connect',
    title: 'connect(): CONNACK came, and every subscription for a handler was acknowledged',
    async run({ pair, roundTrip }) {
      const { client, device, changes } = await pair({ autoConnect: false });
      const filters = [
        `${device.path}/messages/devicebound/#`,
        '$iothub/methods/POST/#',
        '$iothub/twin/PATCH/properties/desired/#',
      ];
      client.onMessageReceived = () => {};
      client.onMethodRequestReceived = () => {};
      client.onTwinDesiredPropertiesPatchReceived = () => {};
      await device.setFaults({ withhold: ['suback'] });
      let settled = false;
      const connecting = client.connect().finally(() => {
        settled = true;
      });
      await device.waitForPackets('subscribe', 'in', 3);
      equal((await changes.take()).connected, true);
      await roundTrip(client);
      equal(settled, false, 'whether connect() settled without SUBACK');
      await device.setFaults({ clear: true });
      await device.drop();
      await connecting.catch(() => {});
      await client.connect();
      const { subscriptions, connected } = await device.state();
      equal(connected, true);
      for (const filter of filters) ok(subscriptions.includes(filter), filter);
    },
  },
  {
    id: 'methods.connect-reconnecting',
    title: 'connect() while reconnecting: retries immediately and settles with that attempt',
    async run({ connectedPair, rejects, ConnectionFailedError }) {
      const options = { connectionRetryInterval: 3600 };
      const { client, device, changes } = await connectedPair(options);
      await device.setFaults({ connack: 3 });
      await device.drop();
      equal((await changes.take()).connected, false);
      equal(client.connectionState, 'reconnecting');
      await rejects(client.connect(), ConnectionFailedError);
      equal(client.connectionState, 'reconnecting');
      await device.setFaults({ clear: true });
      await client.connect();
      equal(client.connectionState, 'connected');
    },
  },
  {
    id: 'methods.connect-twice',
    title: 'connect() twice, and two simultaneous calls: one connection',
    async run({ pair }) {
      const { client, device } = await pair();
      await Promise.all([client.connect(), client.connect()]);
      await client.connect();
      equal((await device.state()).connections, 1);
    },
  },
  {
    id: 'methods.disconnect',
    title: 'disconnect(): what was queued is written, DISCONNECT sent, the socket closed',
    async run({ connectedPair }) {
      const { client, device } = await connectedPair();
      const sent = client.sendMessage('last words').catch(() => {});
      await client.disconnect();
      await sent;
      await device.waitForPackets('disconnect', 'in');
      const packets = await device.packets({ direction: 'in' });
      deepEqual(
        packets.map(({ cmd }) => cmd),
        ['connect', 'publish', 'disconnect'],
      );
      equal((await device.state()).connected, false);
    },
  },
  {
    id: 'methods.disconnect-cancels',
    title:
      'disconnect(): unacknowledged calls reject with OperationCancelled, no reconnect follows',
    async run({ connectedPair, rejects, OperationCancelled }) {
      const { client, device } = await connectedPair({ connectionRetryInterval: 0.01 });
      await device.setFaults({ withhold: ['puback', 'twin'] });
      const cancelled = [
        client.sendMessage('x'),
        client.getTwin(),
        client.patchTwinReportedProperties({ a: 1 }),
      ].map((call) => rejects(call, OperationCancelled));
      await device.telemetry();
      await client.disconnect();
      await Promise.all(cancelled);
      equal(client.connectionState, 'disconnected');
      await device.setFaults({ clear: true });
      await client.sendMessage('anew');
      deepEqual(
        (await device.telemetry(2)).map(({ text }) => text),
        ['x', 'anew'],
      );
      equal((await device.connections()).length, 2);
    },
  },
  {
    id: 'methods.disconnect-connecting',
    title: 'disconnect() while connecting: OperationCancelled',
    async run({ pair, rejects, OperationCancelled }) {
      const { client, device } = await pair();
      await device.setFaults({ withhold: ['connack'] });
      const cancelled = [client.connect(), client.sendMessage('x')].map((call) =>
        rejects(call, OperationCancelled),
      );
      await device.waitForPackets('connect', 'in');
      await client.disconnect();
      await Promise.all(cancelled);
      equal(client.connectionState, 'disconnected');
    },
  },
  {
    id: 'methods.disconnect-handlers',
    title: 'disconnect(): no handler starts afterwards; running ones are not awaited',
    async run({ pair, inbox }) {
      const { client, device } = await pair();
      const started = inbox('call of a handler');
      const ended = inbox('end of a disconnect');
      client.onMessageReceived = async (message) => {
        started.put(message.text());
        await client.disconnect();
        ended.put(client.connectionState);
        await new Promise(() => {});
      };
      await client.connect();
      await client.disconnect();
      // The hub delivers both right after CONNACK, together.
      for (const body of ['first', 'second']) await device.sendMessage({ body });
      await client.connect().catch(() => {});
      equal(await ended.take(), 'disconnected');
      deepEqual(started.all, ['first']);
      equal((await device.state()).connected, false);
    },
  },
  {
    id: 'methods.disconnect-again',
    title: 'disconnect(): resolves without a connection, and the client can connect again',
    async run({ pair }) {
      const { client, device } = await pair();
      await client.disconnect();
      await client.connect();
      await Promise.all([client.disconnect(), client.disconnect()]);
      await client.disconnect();
      await client.connect();
      equal((await device.state()).connections, 2);
    },
  },
  {
    id: 'methods.shutdown',
    title: 'shutdown(): for good; shutdown and disconnect resolve again',
    async run({ connectedPair, rejects, OperationCancelled, ClientError }) {
      const { client, device } = await connectedPair();
      await device.setFaults({ withhold: ['puback'] });
      const cancelled = rejects(client.sendMessage('x'), OperationCancelled);
      await device.telemetry();
      await client.shutdown();
      await cancelled;
      await device.waitForPackets('disconnect', 'in');
      await client.shutdown();
      await client.disconnect();
      await rejects(client.connect(), ClientError);
      equal(client.connectionState, 'disconnected');
    },
  },
  {
    id: 'methods.asyncDispose',
    title: '[Symbol.asyncDispose] shuts down, where the symbol exists',
    async run({ connectedPair, rejects, ClientError, IoTHubDeviceClient }) {
      const { client } = await connectedPair();
      const { asyncDispose } = Symbol;
      if (!asyncDispose) {
        ok(!('undefined' in IoTHubDeviceClient.prototype), 'nothing is added');
        return;
      }
      await client[asyncDispose]();
      await rejects(client.connect(), ClientError);
    },
  },
  {
    id: 'methods.updateSasToken',
    title: 'updateSasToken(): reconnects with the new token',
    async run(context) {
      const { client, device, changes } = await tokenPair(context, now() + DAY);
      await client.connect();
      const se = now() + 2 * DAY;
      await client.updateSasToken(await context.makeToken(device, se));
      equal(client.connected, true);
      const connects = await device.packets({ type: 'connect' });
      deepEqual(connects.map(({ password }) => Number(password.se)).slice(1), [se]);
      const [, connack] = await device.packets({ type: 'connack' });
      equal(connack.returnCode, 0, 'the second CONNACK');
      deepEqual(changes.all, [{ connected: true }]);
    },
  },
  {
    id: 'methods.updateSasToken-in-flight',
    title: 'updateSasToken(): calls in flight are neither lost, nor reordered, nor failed',
    async run(context) {
      const { client, device } = await tokenPair(context, now() + DAY);
      await client.connect();
      const token = await context.makeToken(device, now() + 2 * DAY);
      const calls = [];
      const send = (count) => {
        for (let end = calls.length + count; calls.length < end;) {
          calls.push(client.sendMessage(`${calls.length}`));
        }
      };
      send(100);
      const updated = client.updateSasToken(token);
      send(100);
      const twin = client.getTwin();
      await updated;
      send(100);
      await Promise.all([...calls, twin]);
      const seen = (await device.telemetry(300)).filter(({ dup }) => !dup);
      deepEqual(
        seen.map(({ text }) => text),
        calls.map((_, index) => `${index}`),
      );
    },
  },
  {
    id: 'methods.updateSasToken-disconnected',
    title:
      'updateSasToken(): without a connection it resolves immediately, and the next one uses it',
    async run(context) {
      const { client, device } = await tokenPair(context, now() + DAY);
      const se = now() + 2 * DAY;
      await client.updateSasToken(await context.makeToken(device, se));
      deepEqual(await device.connections(), []);
      await client.connect();
      equal(Number((await device.packets({ type: 'connect' }))[0].password.se), se);
    },
  },
  {
    id: 'methods.updateSasToken-wrong',
    title: 'updateSasToken(): malformed, expired or for another: TypeError, the old one is kept',
    async run(context) {
      const { createDevice, createModule, makeToken, rejects } = context;
      const se = now() + DAY;
      const { client, device } = await tokenPair(context, se);
      const wrong = [
        'no token',
        undefined,
        await makeToken(device, now() - 1),
        await makeToken(device, se, { hostname: 'other.azure-devices.net' }),
        await makeToken(await createDevice(), se),
        await makeToken(await createModule(), se),
      ];
      for (const token of wrong) await rejects(client.updateSasToken(token), TypeError);
      await client.connect();
      equal(Number((await device.packets({ type: 'connect' }))[0].password.se), se);
    },
  },
  {
    id: 'methods.updateSasToken-no-token-client',
    title: 'updateSasToken(): not a token client: ClientError',
    async run({ pair, makeToken, rejects, ClientError }) {
      const { client, device } = await pair();
      await rejects(client.updateSasToken(await makeToken(device, now() + DAY)), ClientError);
    },
  },
];
