// The section "When there is no connection", sentence by sentence.
import { deepEqual, equal, ok } from '../assert.js';
import { now } from '../tokens.js';
import { tokenPair } from './token-client.js';

const DAY = 24 * 60 * 60;

const isTwinGet = ({ topic }) => topic.startsWith('$iothub/twin/GET/');

/** The calls that need a connection. */
const OPERATIONS = {
  connect: (client) => client.connect(),
  sendMessage: (client) => client.sendMessage('x'),
  getTwin: (client) => client.getTwin(),
  patchTwinReportedProperties: (client) => client.patchTwinReportedProperties({ a: 1 }),
  receiveMessage: (client) => client.receiveMessage({ block: false }),
  receiveMethodRequest: (client) => client.receiveMethodRequest({ block: false }),
  receiveTwinDesiredPropertiesPatch: (client) =>
    client.receiveTwinDesiredPropertiesPatch({ block: false }),
};

/** A token client whose token has expired. */
async function expired(context) {
  // The client would not connect with less than ten seconds left either.
  const all = await tokenPair(context, now() + 15);
  await all.client.connect();
  equal((await all.changes.take()).connected, true);
  // The hub closes a connection when its token expires.
  equal((await all.changes.take()).connected, false);
  return all;
}

export const rows = [
  {
    id: 'no-connection.auto-connect',
    title: 'not connected: an operation opens the connection first (autoConnect)',
    async run({ pair }) {
      for (const call of Object.values(OPERATIONS)) {
        const { client } = await pair();
        await call(client);
        equal(client.connected, true);
      }
    },
  },
  {
    id: 'no-connection.auto-connect-fails',
    title: "not connected: an operation fails with the connection's error if that fails",
    async run({ pair, rejects, CredentialError }) {
      for (const call of Object.values(OPERATIONS)) {
        const { client, device } = await pair();
        await device.setFaults({ connack: 5 });
        await rejects(call(client), CredentialError);
        equal(client.connectionState, 'disconnected');
      }
    },
  },
  {
    id: 'no-connection.no-auto-connect',
    title: 'not connected, autoConnect off: immediate NoConnectionError',
    async run({ pair, rejects, NoConnectionError }) {
      const { client, device } = await pair({ autoConnect: false });
      for (const [name, call] of Object.entries(OPERATIONS)) {
        if (name !== 'connect') await rejects(call(client), NoConnectionError, /connect\(\)/);
      }
      deepEqual(await device.connections(), []);
    },
  },
  {
    id: 'no-connection.one-attempt',
    title: 'several calls in one turn make one attempt',
    async run({ pair, rejects, CredentialError }) {
      const { client, device } = await pair();
      const callAll = () => Object.values(OPERATIONS).map((call) => call(client));
      await device.setFaults({ connack: 5 });
      await Promise.all(callAll().map((call) => rejects(call, CredentialError)));
      equal((await device.connections()).length, 1);
      await device.setFaults({ clear: true });
      await Promise.all(callAll());
      equal((await device.connections()).length, 2);
    },
  },
  {
    id: 'no-connection.resend',
    title: 'being re-established: unacknowledged publishes are resent, in order, with DUP',
    async run({ pair }) {
      const { client, device } = await pair();
      client.onMessageReceived = () => {};
      await client.connect();
      await device.setFaults({ withhold: ['puback', 'twin'] });
      const calls = ['a', 'b', 'c'].map((text) => client.sendMessage(text));
      calls.push(client.patchTwinReportedProperties({ a: 1 }));
      await device.waitForPackets('publish', 'in', 4);
      await device.setFaults({ clear: true });
      await device.drop();
      await Promise.all(calls);
      const packets = await device.packets({ direction: 'in' });
      const sent = packets.filter(({ cmd }) => cmd === 'publish');
      const on = (number) => sent.filter(({ connection }) => connection === number);
      const essence = ({ topic, messageId, payload }) => ({ topic, messageId, payload });
      deepEqual(on(2).map(essence), on(1).map(essence));
      ok(
        on(2).every(({ dup }) => dup),
        'each is marked as a duplicate',
      );
      const second = packets.filter(({ connection }) => connection === 2).map(({ cmd }) => cmd);
      ok(second.indexOf('subscribe') < second.indexOf('publish'), 'subscriptions come first');
      equal(second.lastIndexOf('subscribe') < second.indexOf('publish'), true);
    },
  },
  {
    id: 'no-connection.twin-asked-again',
    title: 'being re-established: an acknowledged twin request without a response is repeated',
    async run({ connectedPair }) {
      const { client, device } = await connectedPair();
      await device.setFaults({ withhold: ['twin'] });
      const twin = client.getTwin();
      const asked = await device.waitForPacket('publish', 'in', isTwinGet);
      await device.waitForPacket('puback', 'out', (puback) => puback.messageId === asked.messageId);
      await client.sendMessage('acknowledged after it');
      await device.setFaults({ clear: true });
      await device.drop();
      equal((await twin).desired.$version, 1);
      const again = await device.waitForPacket('publish', 'in', isTwinGet, asked.sequence);
      equal(again.topic, asked.topic);
      equal(again.dup, false);
    },
  },
  {
    id: 'no-connection.wait-in-order',
    title: 'being re-established: calls made in the meantime wait in order; all settle with it',
    async run({ connectedPair }) {
      const { client, device, changes, errors } = await connectedPair();
      await device.setFaults({ withhold: ['puback'] });
      const calls = [client.sendMessage('1')];
      await device.telemetry();
      await device.setFaults({ clear: true, connack: 3 });
      await device.drop();
      equal((await changes.take()).connected, false);
      await errors.take();
      await errors.take();
      for (const text of ['2', '3']) calls.push(client.sendMessage(text));
      const twin = client.getTwin();
      equal(client.connectionState, 'reconnecting');
      await device.setFaults({ clear: true });
      await Promise.all([...calls, twin]);
      deepEqual(
        (await device.telemetry(4)).map(({ text }) => text),
        ['1', '1', '2', '3'],
      );
    },
  },
  {
    id: 'no-connection.credential-ends',
    title: 'being re-established: a CredentialError ends it for good',
    async run({ connectedPair, rejects, CredentialError }) {
      const { client, device, errors } = await connectedPair({ connectionRetryInterval: 3600 });
      await device.setFaults({ withhold: ['puback'] });
      const calls = [client.sendMessage('1')];
      await device.telemetry();
      await device.setFaults({ clear: true, connack: 5 });
      await device.drop();
      await errors.take();
      calls.push(client.getTwin());
      // Ends the wait for the retry.
      calls.push(client.connect());
      await Promise.all(calls.map((call) => rejects(call, CredentialError)));
      equal(client.connectionState, 'disconnected');
    },
  },
  ...['disconnect', 'shutdown'].map((method) => ({
    id: `no-connection.${method}`,
    title: `being re-established: ${method}() settles all with OperationCancelled`,
    async run({ connectedPair, rejects, OperationCancelled }) {
      const { client, device, changes } = await connectedPair({ connectionRetryInterval: 3600 });
      await device.setFaults({ withhold: ['puback', 'twin'] });
      const calls = [client.sendMessage('1'), client.getTwin()];
      await device.telemetry();
      await device.drop();
      equal((await changes.take()).connected, false);
      calls.push(client.sendMessage('2'), client.patchTwinReportedProperties({ a: 1 }));
      const cancelled = calls.map((call) => rejects(call, OperationCancelled));
      await client[method]();
      await Promise.all(cancelled);
      equal(client.connectionState, 'disconnected');
    },
  })),
  {
    id: 'no-connection.three-losses',
    title: 'the oldest publish on which three connections end is a ConnectionDroppedError',
    async run({ connectedPair, rejects, ConnectionDroppedError }) {
      const { client, device, changes } = await connectedPair();
      await device.setFaults({ withhold: ['puback'] });
      const refused = rejects(client.sendMessage('refused'), ConnectionDroppedError);
      const followed = client.sendMessage('followed');
      for (let connection = 1; connection <= 3; connection += 1) {
        await device.telemetry(2 * connection);
        if (connection === 3) await device.setFaults({ clear: true });
        await device.drop();
        equal((await changes.take()).connected, false);
        equal((await changes.take()).connected, true);
      }
      await refused;
      await followed;
      const texts = (await device.telemetry(7)).map(({ text }) => text);
      equal(texts.filter((text) => text === 'refused').length, 3);
    },
  },
  {
    id: 'no-connection.first-connect',
    title: 'a first connect() that fails is not retried; it rejects',
    async run({ pair, connectedPair, rejects, ConnectionFailedError }) {
      const failing = await pair({ connectionRetryInterval: 0.01 });
      await failing.device.setFaults({ connack: 3 });
      await rejects(failing.client.connect(), ConnectionFailedError);
      equal(failing.client.connectionState, 'disconnected');
      // A client that retries has tried several times by now.
      const lost = await connectedPair({ connectionRetryInterval: 0.01 });
      await lost.device.setFaults({ connack: 3 });
      await lost.device.drop();
      await lost.device.waitForPackets('connect', 'in', 5);
      equal((await failing.device.connections()).length, 1);
      deepEqual(failing.errors.all, []);
    },
  },
  {
    id: 'no-connection.after-credential-error',
    title: 'after a CredentialError the client is disconnected; the next call connects again',
    async run({ pair, rejects, CredentialError }) {
      const { client, device } = await pair();
      for (const call of [OPERATIONS.connect, OPERATIONS.sendMessage]) {
        await device.setFaults({ connack: 5 });
        await rejects(call(client), CredentialError);
        equal(client.connectionState, 'disconnected');
        await device.setFaults({ clear: true });
        await call(client);
        await client.disconnect();
      }
      equal((await device.connections()).length, 4);
    },
  },
  {
    id: 'no-connection.expired-token',
    title: 'a token known to be expired is not dialled: calls wait for updateSasToken',
    when: 'first',
    async run(context) {
      // The client would not connect with less than ten seconds left either.
      const all = await tokenPair(context, now() + 15);
      const { client, device, changes } = all;
      const asked = context.inbox('wish for a token');
      client.onNewSasTokenRequired = () => asked.put();
      await client.connect();
      equal((await changes.take()).connected, true);
      await asked.take();
      equal((await changes.take()).connected, false);
      const calls = [client.sendMessage('waits'), client.getTwin()];
      await context.roundTrip(context.createClient(await context.createDevice()));
      equal((await device.connections()).length, 1);
      await client.updateSasToken(await context.makeToken(device, now() + DAY));
      await Promise.all(calls);
      equal((await device.connections()).length, 2);
      ok(asked.all.length > 1, 'a token is asked for until it comes');
    },
  },
  {
    id: 'no-connection.expired-token-no-handler',
    title: 'a token known to be expired, and no onNewSasTokenRequired: CredentialError',
    when: 'first',
    async run(context) {
      const { client, device } = await expired(context);
      await context.rejects(client.sendMessage('x'), context.CredentialError, /expired/);
      equal(client.connectionState, 'disconnected');
      equal((await device.connections()).length, 1);
      await client.updateSasToken(await context.makeToken(device, now() + DAY));
      await client.sendMessage('x');
    },
  },
  {
    id: 'no-connection.expired-token-renewed',
    title: 'a token known to be expired is renewed, from a key or by the function',
    when: 'alone',
    async run(context) {
      const { createDevice, createClient, makeToken, keep, hostname, atClock, watch } = context;
      const device = await createDevice();
      const { deviceId, endpoint } = device;
      const getToken = () => makeToken(device, now() + 60);
      const options = { hostname, deviceId, endpoint };
      const clients = [
        createClient(device, { sasTokenTtl: 60 }),
        keep(context.IoTHubDeviceClient.createFromSasToken(getToken, options)),
      ];
      for (const client of clients) {
        watch(client);
        await client.connect();
        await client.disconnect();
        await atClock(100, () => client.sendMessage('x'));
        await client.shutdown();
      }
      const connects = await device.packets({ type: 'connect' });
      const expiries = connects.map(({ password }) => Number(password.se));
      ok(expiries[1] - expiries[0] >= 99, 'the key made a new token');
      ok(expiries[3] - expiries[2] >= 99, 'the function gave a new token');
    },
  },
  {
    id: 'no-connection.exclusion',
    title: 'receive calls and receive handlers exclude each other: the later one is a ClientError',
    async run({ pair, rejects, throws, ClientError }) {
      const handlers = [
        'onMessageReceived',
        'onMethodRequestReceived',
        'onTwinDesiredPropertiesPatchReceived',
      ];
      const receives = Object.keys(OPERATIONS).filter((name) => name.startsWith('receive'));
      const [first, second] = [await pair(), await pair()];
      first.client.onMessageReceived = () => {};
      for (const name of receives) await rejects(first.client[name](), ClientError, /handler/);
      await second.client.receiveMessage({ block: false });
      for (const name of handlers) {
        const set = () => {
          second.client[name] = () => {};
        };
        throws(set, ClientError, /receive call/);
        equal(second.client[name], undefined);
        second.client[name] = null;
      }
    },
  },
  {
    id: 'no-connection.deprecated',
    title: 'deprecated calls are marked @deprecated in the declarations',
    async run({ declarations }) {
      const text = await declarations();
      const comments = [...text.matchAll(/\/\*\*((?:(?!\*\/).)*)\*\/\s*(\w+)[(<]/gs)];
      const deprecated = comments.filter(([, comment]) => comment.includes('@deprecated'));
      deepEqual(deprecated.map(([, , name]) => name).sort(), [
        'receiveMessage',
        'receiveMethodRequest',
        'receiveTwinDesiredPropertiesPatch',
      ]);
    },
  },
];
