// The table of options, those that every environment has alike; each row fails without its option.
import { deepEqual, equal, match, ok } from '../assert.js';
import { now } from '../tokens.js';

const KEY = btoa('a key that only these rows know');
const INTERVALS = ['connectionRetryInterval', 'connectionRetryMaxInterval'];

const WRONG_TYPES = {
  acknowledgeMessages: 1,
  autoConnect: 1,
  connectionRetry: 'yes',
  connectionRetryInterval: '1',
  connectionRetryMaxInterval: '1',
  endpoint: 7,
  ensureDesiredProperties: 0,
  gatewayHostname: 7,
  keepAlive: '60',
  maxPendingBytes: '1',
  maxPendingMessages: '1',
  modelId: 5,
  operationTimeout: '1',
  productInfo: 5,
  sasTokenTtl: '3600',
  trace: 'print',
  websockets: 'yes',
};

const OUT_OF_RANGE = {
  keepAlive: [0, -1, 1741, 1.5, NaN],
  sasTokenTtl: [0, -1, 1.5, NaN],
  connectionRetryInterval: [0, -1, 2_147_484, NaN],
  connectionRetryMaxInterval: [0, -1, 2_147_484, NaN],
  operationTimeout: [-1, NaN],
  maxPendingBytes: [0, -1, 1.5, 2 ** 30 + 1, NaN],
  maxPendingMessages: [0, -1, 1.5, NaN],
};

const fromKey = ({ IoTHubDeviceClient }, options) =>
  IoTHubDeviceClient.createFromSymmetricKey(KEY, 'example.azure-devices.net', 'd', options);

const agentOf = ({ username }) => username.split('&DeviceClientType=')[1];

export const rows = [
  {
    id: 'options.unknown',
    title: 'an unknown option is a TypeError that names it',
    async run(context) {
      context.throws(() => fromKey(context, { keepalive: 60 }), TypeError, /keepalive/);
      for (const options of ['x', 1, true, []]) {
        context.throws(() => fromKey(context, options), TypeError);
      }
    },
  },
  {
    id: 'options.type',
    title: 'an option of the wrong type is a TypeError that names it',
    async run(context) {
      for (const [name, value] of Object.entries(WRONG_TYPES)) {
        context.throws(() => fromKey(context, { [name]: value }), TypeError, new RegExp(name));
      }
    },
  },
  {
    id: 'options.range',
    title: 'an option out of its range is a RangeError that names it; its limits are allowed',
    async run(context) {
      for (const [name, values] of Object.entries(OUT_OF_RANGE)) {
        for (const value of values) {
          context.throws(() => fromKey(context, { [name]: value }), RangeError, new RegExp(name));
        }
      }
      for (const keepAlive of [1, 1740]) fromKey(context, { keepAlive });
      for (const name of INTERVALS) fromKey(context, { [name]: 2_147_483 });
      fromKey(context, { operationTimeout: 0, sasTokenTtl: 1, maxPendingMessages: 1 });
      for (const maxPendingBytes of [1, 2 ** 30]) fromKey(context, { maxPendingBytes });
    },
  },
  {
    id: 'options.websockets',
    title: 'websockets: true is the only transport, false a TypeError',
    async run(context) {
      fromKey(context, { websockets: true });
      context.throws(() => fromKey(context, { websockets: false }), TypeError, /websockets/);
    },
  },
  {
    id: 'options.productInfo',
    title: 'productInfo: appended to the user agent, by default empty',
    async run({ connectedPair }) {
      const plain = await connectedPair();
      const product = await connectedPair({ productInfo: 'Thermostat/2 (Küche)' });
      const [before] = await plain.device.packets({ type: 'connect' });
      const [packet] = await product.device.packets({ type: 'connect' });
      match(agentOf(packet), /^[A-Za-z0-9\-_.~%]+$/);
      equal(
        decodeURIComponent(agentOf(packet)),
        `${decodeURIComponent(agentOf(before))}Thermostat/2 (Küche)`,
      );
    },
  },
  {
    id: 'options.productInfo-model',
    title: 'productInfo: starting with dtmi it is a Plug and Play model id',
    async run({ connectedPair }) {
      const model = 'dtmi:com:example:Thermostat;1';
      const { device } = await connectedPair({ productInfo: model });
      equal((await device.twin()).modelId, model);
      const [{ username }] = await device.packets({ type: 'connect' });
      ok(username.endsWith(`&model-id=${encodeURIComponent(model)}`), username);
    },
  },
  {
    id: 'options.modelId',
    title: 'modelId: a Plug and Play model id, beside productInfo; one of another form is refused',
    async run(context) {
      const modelId = 'dtmi:com:example:Thermostat;1';
      const { device } = await context.connectedPair({ modelId, productInfo: ' Thermostat/2' });
      equal((await device.twin()).modelId, modelId);
      const [packet] = await device.packets({ type: 'connect' });
      match(decodeURIComponent(agentOf(packet)), /\) Thermostat\/2&model-id=dtmi:/);
      context.throws(() => fromKey(context, { modelId: 'Thermostat' }), TypeError, /modelId.*dtmi/);
      const both = { modelId, productInfo: modelId };
      context.throws(() => fromKey(context, both), TypeError, /modelId.*productInfo/);
    },
  },
  {
    id: 'options.sasTokenTtl',
    title: 'sasTokenTtl: the life of a token, by default 3600 s',
    async run({ connectedPair }) {
      for (const [sasTokenTtl, life] of [
        [undefined, 3600],
        [600, 600],
      ]) {
        const before = now();
        const { device } = await connectedPair({ sasTokenTtl });
        const after = now() + 1;
        const [{ password }] = await device.packets({ type: 'connect' });
        const se = Number(password.se);
        ok(before + life <= se && se <= after + life, `se is ${se - before} s ahead`);
      }
    },
  },
  {
    id: 'options.sasTokenTtl-renewal',
    title: 'sasTokenTtl: renewal at 80 % of a short life, again and again',
    when: 'first',
    async run({ connectedPair }) {
      const { device } = await connectedPair({ sasTokenTtl: 10 });
      const connects = await device.waitForPackets('connect', 'in', 3);
      for (let index = 1; index < connects.length; index += 1) {
        const renewed = Date.parse(connects[index].time) / 1000;
        const expiry = Number(connects[index - 1].password.se);
        ok(renewed < expiry, 'the token was renewed before its expiry');
        ok(renewed > expiry - 4, 'the token was renewed near its end');
      }
    },
  },
  {
    id: 'options.sasTokenTtl-later',
    title: 'sasTokenTtl: renewal at the later of 120 s before expiry and 80 % of the lifetime',
    when: 'alone',
    async run({ connectedPair, roundTrip, atClock }) {
      for (const [life, renewed] of [
        [3600, 3480],
        [300, 240],
      ]) {
        const { device, client, changes } = await connectedPair({ sasTokenTtl: life });
        await atClock(renewed - 10, async () => {
          await roundTrip(client);
          await roundTrip(client);
        });
        equal((await device.packets({ type: 'connect' })).length, 1, `connections of ${life} s`);
        await atClock(renewed + 2, async () => {
          await roundTrip(client);
          await device.waitForPackets('connect', 'in', 2);
          await roundTrip(client);
        });
        deepEqual(changes.all, [{ connected: true }]);
      }
    },
  },
  {
    id: 'options.keepAlive',
    title: 'keepAlive: in CONNECT, by default 60 s, and pings come before it ends',
    async run({ connectedPair }) {
      const plain = await connectedPair();
      equal((await plain.device.packets({ type: 'connect' }))[0].keepalive, 60);
      const { device, client } = await connectedPair({ keepAlive: 1 });
      equal((await device.packets({ type: 'connect' }))[0].keepalive, 1);
      await device.waitForPackets('pingreq', 'in', 3);
      equal(client.connected, true);
      deepEqual(await plain.device.packets({ type: 'pingreq' }), []);
    },
  },
  {
    id: 'options.autoConnect',
    title: 'autoConnect: an operation opens the connection; off, NoConnectionError',
    async run({ pair, rejects, NoConnectionError }) {
      const on = await pair();
      await on.client.sendMessage('x');
      const off = await pair({ autoConnect: false });
      await rejects(off.client.sendMessage('x'), NoConnectionError);
      off.client.onMessageReceived = () => {};
      await on.client.getTwin();
      deepEqual(await off.device.connections(), []);
      await off.client.connect();
      await off.client.sendMessage('x');
    },
  },
  {
    id: 'options.operationTimeout',
    title: 'operationTimeout: without a response for this long, OperationTimeout, and not resent',
    async run({ connectedPair, rejects, OperationTimeout }) {
      const { device, client, changes } = await connectedPair({ operationTimeout: 2 });
      await device.setFaults({ withhold: ['puback', 'twin'] });
      const withdrawn = client.sendMessage('withdrawn');
      await Promise.all([
        rejects(withdrawn, OperationTimeout),
        rejects(client.getTwin(), OperationTimeout),
        rejects(client.patchTwinReportedProperties({ a: 1 }), OperationTimeout),
      ]);
      equal(client.connected, true);
      await device.drop();
      equal((await changes.take()).connected, false);
      await device.setFaults({ clear: true });
      await client.sendMessage('after');
      deepEqual(
        (await device.telemetry(2)).map(({ text }) => text),
        ['withdrawn', 'after'],
      );
    },
  },
  {
    id: 'options.operationTimeout-0',
    title: 'operationTimeout: 0 waits forever',
    async run({ connectedPair, rejects, OperationTimeout }) {
      const bounded = await connectedPair({ operationTimeout: 0.3 });
      const unbounded = await connectedPair({ operationTimeout: 0 });
      for (const { device } of [bounded, unbounded]) {
        await device.setFaults({ withhold: ['puback'] });
      }
      let settled = false;
      const sent = unbounded.client.sendMessage('x').finally(() => {
        settled = true;
      });
      await unbounded.device.telemetry();
      await rejects(bounded.client.sendMessage('x'), OperationTimeout);
      equal(settled, false);
      await unbounded.device.setFaults({ clear: true });
      await unbounded.device.drop();
      await sent;
    },
  },
  {
    id: 'options.maxPendingBytes',
    title: 'maxPendingBytes: one byte more is an immediate ClientError; in one call a RangeError',
    async run({ connectedPair, rejects, Message, MethodResponse, ClientError }) {
      const { device, client } = await connectedPair({ maxPendingBytes: 1000 });
      const isRefused = (call) => rejects(call, ClientError, /maxPendingBytes.*await/);
      const isTooMuch = (call) =>
        rejects(call, RangeError, /one call.*maxPendingBytes, 1000; send/);
      const controller = new AbortController();
      const aborted = client.sendMessage('x'.repeat(1000), controller);
      await isRefused(client.sendMessage('1'));
      controller.abort('gone');
      equal(await aborted.catch((reason) => reason), 'gone');
      await device.setFaults({ withhold: ['puback'] });
      const accepted = [client.sendMessage(new Uint8Array(998)), client.sendMessage('ä')];
      await isRefused(client.sendMessage('1'));
      await isRefused(client.patchTwinReportedProperties({}));
      await isRefused(client.sendMethodResponse(new MethodResponse('1', 200)));
      await device.setFaults({ clear: true });
      await device.drop();
      await Promise.all(accepted);
      const custom = Object.assign(new Message(''), { customProperties: { a: 'x'.repeat(1000) } });
      await isTooMuch(client.sendMessage(custom));
      await isTooMuch(client.sendMessage('x'.repeat(1001)));
      await isTooMuch(client.patchTwinReportedProperties({ a: 'x'.repeat(1000) }));
      await isTooMuch(client.sendMethodResponse(new MethodResponse('1', 200, 'x'.repeat(1000))));
      await client.sendMessage('x'.repeat(1000));
      await client.patchTwinReportedProperties({ a: 'x'.repeat(300) });
    },
  },
  {
    id: 'options.maxPendingBytes-answers',
    title: 'maxPendingBytes: what a method handler returned counts until it is acknowledged',
    async run({ connectedPair, rejects, ClientError }) {
      const { device, client, errors } = await connectedPair({ maxPendingBytes: 1000 });
      client.onMethodRequestReceived = ({ payload }) => ({ status: 200, payload });
      await client.connect();
      equal((await device.invokeMethod('m', 'x'.repeat(400))).status, 500);
      equal((await errors.take()).constructor, RangeError);
      await device.setFaults({ withhold: ['puback'] });
      equal((await device.invokeMethod('m', 'x'.repeat(300))).status, 200);
      await rejects(client.sendMessage('x'.repeat(100)), ClientError, /maxPendingBytes/);
      await device.setFaults({ clear: true });
      await device.drop();
      const lost = [await errors.take(), await errors.take()];
      ok(
        lost.every(({ name }) => name === 'ConnectionDroppedError'),
        'the answer is not lost',
      );
      await client.sendMessage('x'.repeat(1000));
    },
  },
  {
    id: 'options.maxPendingMessages',
    title: 'maxPendingMessages: one more rejects immediately with ClientError',
    async run({ connectedPair, rejects, ClientError }) {
      const { device, client } = await connectedPair({ maxPendingMessages: 2 });
      await device.setFaults({ withhold: ['puback'] });
      const accepted = [client.sendMessage('1'), client.sendMessage('2')];
      await rejects(client.sendMessage('3'), ClientError, /maxPendingMessages/);
      await client.getTwin();
      await device.telemetry(2);
      await device.setFaults({ clear: true });
      await device.drop();
      await Promise.all(accepted);
      await client.sendMessage('4');
      const texts = (await device.telemetry(5)).map(({ text }) => text);
      deepEqual(texts, ['1', '2', '1', '2', '4']);
    },
  },
  {
    id: 'options.acknowledgeMessages-on-arrival',
    title: 'acknowledgeMessages: "on-arrival", without waiting for the handler',
    async run({ pair, inbox }) {
      const { device, client } = await pair();
      const messages = inbox('message');
      client.onMessageReceived = (message) => {
        messages.put(message);
        return new Promise(() => {});
      };
      await client.connect();
      await device.sendMessage({ body: 'x' });
      await messages.take();
      await device.waitForPackets('puback', 'in');
      equal((await device.state()).pendingMessages, 0);
    },
  },
  {
    id: 'options.acknowledgeMessages-after-handler',
    title: 'acknowledgeMessages: "after-handler", when the handler\'s Promise is fulfilled',
    async run({ pair, inbox, roundTrip }) {
      const { device, client, errors } = await pair({ acknowledgeMessages: 'after-handler' });
      const messages = inbox('message');
      client.onMessageReceived = (message) =>
        new Promise((resolve, reject) => messages.put({ message, resolve, reject }));
      await client.connect();
      await device.sendMessage({ body: 'handled' });
      const first = await messages.take();
      await roundTrip(client);
      deepEqual(await device.packets({ type: 'puback', direction: 'in' }), []);
      first.resolve();
      await device.waitForPackets('puback', 'in');

      await device.sendMessage({ body: 'refused' });
      (await messages.take()).reject(new Error('not now'));
      equal((await errors.take()).cause.message, 'not now');
      await roundTrip(client);
      equal((await device.state()).pendingMessages, 1);
      await client.disconnect();
      await client.connect();
      const again = await messages.take();
      equal(again.message.text(), 'refused');
      again.resolve();
      await device.waitForPackets('puback', 'in', 2);
    },
  },
  {
    id: 'options.acknowledgeMessages-values',
    title: 'acknowledgeMessages: anything but the two is refused',
    async run(context) {
      const create = () => fromKey(context, { acknowledgeMessages: 'later' });
      context.throws(create, TypeError, /acknowledgeMessages/);
    },
  },
  {
    id: 'options.trace',
    title: 'trace: called with redacted records of packets and states',
    async run({ pair, evidence, inbox }) {
      const records = inbox('record');
      const trace = (record) => records.put(evidence.add('trace', record));
      const { device, client } = await pair({ trace });
      await client.sendMessage('the payload of a device');
      await client.getTwin();
      await client.disconnect();
      const told = records.all.map(({ direction, packet, state }) =>
        packet ? `${direction} ${packet}` : state,
      );
      const expected = ['sent CONNECT', 'received CONNACK', 'sent PUBLISH', 'received PUBACK'];
      for (const record of expected) {
        ok(told.includes(record), `${record} is not among ${told.join(', ')}`);
      }
      ok(
        told.some((record) => !/^(sent|received) /.test(record)),
        'no state was told',
      );
      const text = JSON.stringify(records.all);
      ok(!text.includes('the payload'), 'a payload was told');
      ok(!text.includes(btoa('the payload')), 'a payload was told');
      await device.waitForPackets('disconnect', 'in');
    },
  },
];
