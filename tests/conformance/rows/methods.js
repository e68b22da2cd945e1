// The table of methods: connecting and sending.
import { bytesEqual, deepEqual, equal, match, ok } from '../assert.js';
import { now } from '../tokens.js';

const DAY = 24 * 60 * 60;
const MAX_SIZE = 262_144;

const decoded = (body) => Uint8Array.from(atob(body), (character) => character.charCodeAt(0));

/** A client made of a token, its device, and how to make more. */
export async function tokenPair(context, se) {
  const device = await context.createDevice();
  const token = await context.makeToken(device, se);
  const { endpoint } = device;
  const options = { endpoint, connectionRetryInterval: 0.1 };
  const client = context.keep(context.IoTHubDeviceClient.createFromSasToken(token, options));
  return { device, client, ...context.watch(client) };
}

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
        const outcome = await result.then(() => 'fulfilled', () => 'rejected');
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
    title: 'connect() while reconnecting: tries now and settles with that attempt',
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
    title: 'connect() twice, and two calls at once: one connection',
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
      deepEqual(packets.map(({ cmd }) => cmd), ['connect', 'publish', 'disconnect']);
      equal((await device.state()).connected, false);
    },
  },
  {
    id: 'methods.disconnect-cancels',
    title: 'disconnect(): unacknowledged calls reject with OperationCancelled, no reconnect follows',
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
      deepEqual((await device.telemetry(2)).map(({ text }) => text), ['x', 'anew']);
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
      // The hub delivers both right after CONNACK, in one go.
      for (const body of ['first', 'second']) await device.sendMessage({ body });
      await client.connect().catch(() => {});
      equal(await ended.take(), 'disconnected');
      deepEqual(started.all, ['first']);
      equal((await device.state()).connected, false);
    },
  },
  {
    id: 'methods.disconnect-again',
    title: 'disconnect(): fulfils without a connection, and the client can connect again',
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
    title: 'shutdown(): for good; shutdown and disconnect fulfil again',
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
    title: 'updateSasToken(): the connection stands again under the new token',
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
        for (let end = calls.length + count; calls.length < end; ) {
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
      deepEqual(seen.map(({ text }) => text), calls.map((_, index) => `${index}`));
    },
  },
  {
    id: 'methods.updateSasToken-disconnected',
    title: 'updateSasToken(): without a connection it fulfils at once, and the next one uses it',
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
  {
    id: 'methods.sendMessage-text',
    title: 'sendMessage(): a string is UTF-8 text with no content type; fulfilled by PUBACK',
    async run({ connectedPair }) {
      const { client, device } = await connectedPair();
      await device.setFaults({ withhold: ['puback'] });
      let settled = false;
      const sent = client.sendMessage('Grüße 🌍').finally(() => {
        settled = true;
      });
      const [{ text, systemProperties }] = await device.telemetry();
      await client.getTwin();
      equal(settled, false, 'whether it settled without PUBACK');
      equal(text, 'Grüße 🌍');
      deepEqual(systemProperties, {});
      await device.setFaults({ clear: true });
      await device.drop();
      await sent;
    },
  },
  {
    id: 'methods.sendMessage-json',
    title: 'sendMessage(): objects, arrays, numbers, booleans, null are JSON, in a Message too',
    async run({ connectedPair, Message }) {
      const { client, device } = await connectedPair();
      const values = [{ a: 'ü', b: [1] }, [1, 'x'], 1.5, 0, true, false, null, {}];
      for (const value of values) {
        await client.sendMessage(value);
        await client.sendMessage(new Message(value));
      }
      const seen = await device.telemetry(2 * values.length);
      for (const [index, { text, systemProperties }] of seen.entries()) {
        equal(text, JSON.stringify(values[index >> 1]));
        deepEqual(systemProperties, { contentType: 'application/json', contentEncoding: 'utf-8' });
      }
    },
  },
  {
    id: 'methods.sendMessage-bytes',
    title: 'sendMessage(): BufferSource of every kind, copied at the call',
    async run({ connectedPair, Message }) {
      const { client, device } = await connectedPair();
      const bytes = Uint8Array.from([9, 0, 255, 128, 10, 9]);
      const middle = [0, 255, 128, 10];
      const kinds = [
        bytes.buffer.slice(1, 5),
        bytes.subarray(1, 5),
        new DataView(bytes.buffer, 1, 4),
        new Message(bytes.subarray(1, 5)),
        new Uint16Array(bytes.buffer.slice(1, 5)),
      ];
      const sent = kinds.map((kind) => client.sendMessage(kind));
      bytes.fill(0);
      await Promise.all(sent);
      for (const { body, systemProperties } of await device.telemetry(kinds.length)) {
        bytesEqual(decoded(body), middle);
        deepEqual(systemProperties, {});
      }
    },
  },
  {
    id: 'methods.sendMessage-size',
    title: 'sendMessage(): over 262,144 bytes (getSize()): RangeError, nothing sent',
    async run({ connectedPair, rejects, Message }) {
      const { client, device } = await connectedPair();
      const large = new Message('x'.repeat(MAX_SIZE - 5));
      Object.assign(large, { messageId: 'id', customProperties: { a: 'bc' } });
      equal(large.getSize(), MAX_SIZE);
      await client.sendMessage(large);
      large.customProperties.a = 'bcd';
      equal(large.getSize(), MAX_SIZE + 1);
      await rejects(client.sendMessage(large), RangeError, /262144/);
      await rejects(client.sendMessage('x'.repeat(MAX_SIZE + 1)), RangeError);
      await client.sendMessage('after');
      const seen = await device.telemetry(2);
      equal(seen[1].text, 'after');
    },
  },
  {
    id: 'methods.sendMessage-wrong',
    title: 'sendMessage(): what JSON cannot hold, or a property that is no string: TypeError',
    async run({ pair, rejects, Message }) {
      const { client } = await pair({ autoConnect: false });
      const wrongProperty = Object.assign(new Message('x'), { customProperties: { a: 1 } });
      const wrongId = new Message('x', { messageId: 7 });
      for (const value of [undefined, () => {}, 1n, Symbol('s'), wrongProperty, wrongId]) {
        await rejects(client.sendMessage(value), TypeError);
      }
    },
  },
  {
    id: 'methods.getTwin',
    title: 'getTwin(): the answer; status 300 or more: ServiceError with status',
    async run({ connectedPair, rejects, ServiceError }) {
      const { client, device } = await connectedPair();
      await device.patchDesired({ interval: 5, nested: { ü: [1, null] } });
      deepEqual(await client.getTwin(), {
        desired: { interval: 5, nested: { ü: [1, null] }, $version: 2 },
        reported: { $version: 1 },
      });
      for (const status of [300, 404, 429, 503]) {
        await device.setFaults({ twinStatus: status });
        equal((await rejects(client.getTwin(), ServiceError)).status, status);
      }
      await device.setFaults({ clear: true });
      equal((await client.getTwin()).desired.interval, 5);
    },
  },
  {
    id: 'methods.patchTwinReportedProperties',
    title: 'patchTwinReportedProperties(): the answer, as above; merged, null deletes',
    async run({ connectedPair, rejects, ServiceError }) {
      const { client, device } = await connectedPair();
      await client.patchTwinReportedProperties({ a: 1, b: { c: 'ü' } });
      await client.patchTwinReportedProperties({ a: null, b: { d: 2 } });
      const { $metadata, ...reported } = (await device.twin()).properties.reported;
      ok($metadata, 'the twin has metadata');
      deepEqual(reported, { b: { c: 'ü', d: 2 }, $version: 3 });
      const [subscribe] = await device.packets({ type: 'subscribe' });
      equal(subscribe.subscriptions[0].topic, '$iothub/twin/res/#');
      await device.setFaults({ twinStatus: 429 });
      const error = await rejects(client.patchTwinReportedProperties({ a: 1 }), ServiceError);
      equal(error.status, 429);
      for (const wrong of ['text', 7, null, undefined, [1]]) {
        await rejects(client.patchTwinReportedProperties(wrong), TypeError);
      }
    },
  },
  {
    id: 'methods.sendMethodResponse',
    title: 'sendMethodResponse(): PUBACK; a second answer to a request: ClientError',
    async run({ pair, inbox, rejects, ClientError, MethodResponse }) {
      const { client, device } = await pair();
      const requests = inbox('method request');
      client.onMethodRequestReceived = requests.put;
      await client.connect();
      const answer = device.invokeMethod('m', { a: 1 });
      const request = await requests.take();
      const response = MethodResponse.createFromMethodRequest(request, 207, { b: 'ü' });
      await client.sendMethodResponse(response);
      deepEqual(await answer, { status: 207, payload: { b: 'ü' } });
      const isResponse = ({ topic }) => topic.startsWith('$iothub/methods/res/');
      const { topic } = await device.waitForPacket('publish', 'in', isResponse);
      match(topic, /^\$iothub\/methods\/res\/207\/\?\$rid=.+$/);
      await rejects(client.sendMethodResponse(response), ClientError);
      const unknown = new MethodResponse('unknown', 200);
      await rejects(client.sendMethodResponse(unknown), ClientError);
    },
  },
  {
    id: 'methods.sendMethodResponse-lost',
    title: 'sendMethodResponse(): lost with the connection: ConnectionDroppedError, never sent again',
    async run({ pair, inbox, rejects, ConnectionDroppedError, MethodResponse, roundTrip }) {
      const { client, device } = await pair();
      const requests = inbox('method request');
      client.onMethodRequestReceived = requests.put;
      await client.connect();
      const answered = device.invokeMethod('m');
      const request = await requests.take();
      await device.setFaults({ withhold: ['puback'] });
      const response = MethodResponse.createFromMethodRequest(request, 200);
      const lost = rejects(client.sendMethodResponse(response), ConnectionDroppedError);
      await answered;
      await device.drop();
      await lost;
      await device.setFaults({ clear: true });
      await roundTrip(client);
      const published = await device.packets({ type: 'publish', direction: 'in' });
      const responses = published.filter(({ topic }) => topic.includes('/methods/res/'));
      equal(responses.length, 1, 'how often the response was sent');
    },
  },
  {
    id: 'methods.order',
    title: 'what is sent keeps the order of the calls',
    async run({ connectedPair }) {
      const { client, device } = await connectedPair();
      const texts = Array.from({ length: 200 }, (_, index) => `${index}`);
      await Promise.all(texts.map((text) => client.sendMessage(text)));
      deepEqual((await device.telemetry(200)).map(({ text }) => text), texts);
    },
  },
];
