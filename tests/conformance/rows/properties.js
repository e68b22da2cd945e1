// The table of properties.
import { deepEqual, equal, match, ok } from '../assert.js';
import { now } from '../tokens.js';
import { publish } from './packets.js';
import { tokenPair } from './token-client.js';

const DAY = 24 * 60 * 60;

export const rows = [
  {
    id: 'properties.connected',
    title: 'connected: true from CONNACK on, read only',
    async run({ pair, throws }) {
      const { client, device, changes } = await pair({ autoConnect: false });
      equal(client.connected, false);
      client.onMessageReceived = () => {};
      await device.setFaults({ withhold: ['suback'] });
      const connecting = client.connect().catch(() => {});
      equal(client.connected, false);
      await changes.take();
      equal(client.connected, true);
      for (const name of ['connected', 'connectionState']) {
        const assign = () => {
          client[name] = true;
        };
        throws(assign, TypeError);
      }
      await client.disconnect();
      equal(client.connected, false);
      await connecting;
    },
  },
  {
    id: 'properties.connectionState',
    title: 'connectionState: disconnected, connecting, connected, reconnecting',
    async run({ pair }) {
      const { client, device, changes } = await pair({ connectionRetryInterval: 3600 });
      equal(client.connectionState, 'disconnected');
      const connecting = client.connect();
      equal(client.connectionState, 'connecting');
      await connecting;
      equal(client.connectionState, 'connected');
      await changes.take();
      await device.drop();
      await changes.take();
      equal(client.connectionState, 'reconnecting');
      await client.disconnect();
      equal(client.connectionState, 'disconnected');
    },
  },
  {
    id: 'properties.onMessageReceived',
    title: 'onMessageReceived: gets a Message',
    async run({ pair, inbox, Message }) {
      const { client, device } = await pair();
      const messages = inbox('message');
      client.onMessageReceived = messages.put;
      await client.connect();
      await device.sendMessage({ body: 'Grüße', properties: { colour: 'red' } });
      const message = await messages.take();
      ok(message instanceof Message, 'it is no Message');
      equal(message.text(), 'Grüße');
      equal(message.customProperties.colour, 'red');
    },
  },
  {
    id: 'properties.onMethodRequestReceived',
    title: 'onMethodRequestReceived: a MethodResponse that it returns or resolves to is sent',
    async run({ pair, inbox, MethodRequest, MethodResponse }) {
      const { client, device } = await pair();
      const requests = inbox('method request');
      client.onMethodRequestReceived = (request) => {
        requests.put(request);
        const response = MethodResponse.createFromMethodRequest(request, 201, request.payload);
        return request.name === 'now' ? response : Promise.resolve(response);
      };
      await client.connect();
      for (const name of ['now', 'later', 'Grüße /?#']) {
        const payload = { name };
        deepEqual(await device.invokeMethod(name, payload), { status: 201, payload });
        const request = await requests.take();
        ok(request instanceof MethodRequest, 'it is no MethodRequest');
        equal(request.name, name);
        equal(typeof request.requestId, 'string');
      }
    },
  },
  {
    id: 'properties.onMethodRequestReceived-throws',
    title: 'onMethodRequestReceived: if it throws and nothing was answered, 500 is',
    async run({ pair, MethodResponse }) {
      const { client, device, errors } = await pair();
      const failures = {
        throws: () => {
          throw new Error('broken');
        },
        rejects: () => Promise.reject(new Error('broken')),
        async answers(request) {
          const response = MethodResponse.createFromMethodRequest(request, 202, null);
          await client.sendMethodResponse(response);
          throw new Error('broken');
        },
      };
      client.onMethodRequestReceived = (request) => failures[request.name](request);
      await client.connect();
      for (const [name, status] of [
        ['throws', 500],
        ['rejects', 500],
        ['answers', 202],
      ]) {
        equal((await device.invokeMethod(name)).status, status, name);
        equal((await errors.take()).cause.message, 'broken');
      }
    },
  },
  {
    id: 'properties.onTwinDesiredPropertiesPatchReceived',
    title: 'onTwinDesiredPropertiesPatchReceived: gets the patch, $version included',
    async run({ pair, inbox }) {
      const { client, device } = await pair({ ensureDesiredProperties: false });
      const patches = inbox('patch');
      client.onTwinDesiredPropertiesPatchReceived = patches.put;
      await client.connect();
      await device.patchDesired({ a: { b: 'ü' } });
      await device.patchDesired({ a: null });
      deepEqual(await patches.take(), { a: { b: 'ü' }, $version: 2 });
      deepEqual(await patches.take(), { a: null, $version: 3 });
    },
  },
  {
    id: 'properties.onConnectionStateChange',
    title: 'onConnectionStateChange: {connected, cause?}',
    async run({ connectedPair, ConnectionDroppedError }) {
      const { client, device, changes } = await connectedPair();
      deepEqual(changes.all, [{ connected: true }]);
      await device.drop();
      const lost = await changes.take();
      equal(lost.connected, false);
      equal(lost.cause.constructor, ConnectionDroppedError);
      deepEqual(await changes.take(), { connected: true });
      await client.disconnect();
      const left = await changes.take();
      equal(left.connected, false);
      equal(left.cause, undefined);
    },
  },
  {
    id: 'properties.renewal',
    title: 'SAS renewal: nothing lost, reordered or failed; handlers subscribed; no change seen',
    when: 'first',
    async run({ pair, inbox, MethodResponse }) {
      const { client, device, changes, errors } = await pair({ sasTokenTtl: 3 });
      const messages = inbox('message');
      client.onMessageReceived = messages.put;
      client.onMethodRequestReceived = (request) =>
        MethodResponse.createFromMethodRequest(request, 200, 'done');
      await client.connect();
      const telemetry = [];
      const patches = [];
      // Two renewals happen during this time.
      for (let turn = 0; (await device.state()).connections < 3; turn += 1) {
        for (let index = 0; index < 5; index += 1) {
          telemetry.push(client.sendMessage(`${telemetry.length}`));
        }
        patches.push(client.patchTwinReportedProperties({ turn }));
        if (turn % 10 === 0) await client.getTwin();
        await telemetry.at(-6);
      }
      await Promise.all([...telemetry, ...patches]);
      const seen = await device.telemetry(telemetry.length);
      deepEqual(
        seen.filter(({ dup }) => !dup).map(({ text }) => text),
        telemetry.map((_, index) => `${index}`),
      );
      equal((await client.getTwin()).reported.turn, patches.length - 1);
      await device.sendMessage({ body: 'after' });
      equal((await messages.take()).text(), 'after');
      equal((await device.invokeMethod('m')).payload, 'done');
      deepEqual(changes.all, [{ connected: true }]);
      deepEqual(errors.all, []);
      equal(client.connected, true);
    },
  },
  {
    id: 'properties.onNewSasTokenRequired',
    title: 'onNewSasTokenRequired: 120 s before expiry, gets nothing, until a new token comes',
    when: 'first',
    async run(context) {
      const se = now() + 123;
      const { client, device } = await tokenPair(context, se);
      const asked = context.inbox('wish for a token');
      client.onNewSasTokenRequired = (...args) => asked.put({ args, at: Date.now() / 1000 });
      await client.connect();
      const { args, at } = await asked.take();
      deepEqual(
        args.filter((value) => value !== undefined),
        [],
      );
      ok(at >= se - 120, `it came ${se - at} s before the expiry`);
      await device.drop();
      await device.waitForPackets('connack', 'out', 2);
      await client.sendMessage('x');
      await client.updateSasToken(await context.makeToken(device, now() + 4));
      await asked.take();
    },
  },
  {
    id: 'properties.onNewSasTokenRequired-at-once',
    title: 'onNewSasTokenRequired: immediately if less is left',
    async run(context) {
      const { client } = await tokenPair(context, now() + 60);
      const asked = context.inbox('wish for a token');
      client.onNewSasTokenRequired = () => asked.put();
      await client.connect();
      await asked.take();
    },
  },
  {
    id: 'properties.onNewSasTokenRequired-far',
    title: 'onNewSasTokenRequired: however far away that is, timers longer than 2^31 ms included',
    when: 'alone',
    async run(context) {
      const life = 60 * DAY;
      ok(life * 1000 > 2 ** 31, 'a timer of the platform could wait for it');
      const { client } = await tokenPair(context, now() + life);
      const asked = context.inbox('wish for a token');
      client.onNewSasTokenRequired = () => asked.put();
      await client.connect();
      await context.roundTrip(client);
      await context.atClock(life - 130, () => context.roundTrip(client));
      deepEqual(asked.all, []);
      await context.atClock(life - 110, async () => {
        await context.roundTrip(client);
        await asked.take();
      });
    },
  },
  {
    id: 'properties.onBackgroundException',
    title: 'onBackgroundException: each unexpected loss, failed reconnect, handler that failed',
    async run({ connectedPair, ConnectionDroppedError, ConnectionFailedError, ClientError }) {
      const { client, device, errors } = await connectedPair();
      await device.setFaults({ connack: 3 });
      await device.drop();
      equal((await errors.take()).constructor, ConnectionDroppedError);
      equal((await errors.take()).constructor, ConnectionFailedError);
      await device.setFaults({ clear: true });
      await client.connect();
      client.onMessageReceived = () => {
        throw new RangeError('a mistake');
      };
      await device.sendMessage({ body: 'x' });
      let failed;
      do failed = await errors.take();
      while (failed.constructor === ConnectionFailedError);
      equal(failed.constructor, ClientError);
      equal(failed.cause.message, 'a mistake');
      match(failed.message, /onMessageReceived/);
    },
  },
  {
    id: 'properties.onBackgroundException-renewal',
    title: 'onBackgroundException: each failed renewal',
    when: 'first',
    async run({ pair }) {
      const { client, device, errors } = await pair({ sasTokenTtl: 3 });
      await client.connect();
      await device.setFaults({ connack: 3 });
      await errors.take();
      await device.setFaults({ clear: true });
      await client.sendMessage('after it');
    },
  },
  {
    id: 'properties.onBackgroundException-console',
    title: 'onBackgroundException: none set, or if it throws itself: one console.error',
    when: 'alone',
    async run({ createDevice, createClient, evidence, inbox }) {
      const printed = inbox('console.error');
      evidence.onConsole = (method, values) => {
        if (method === 'error') printed.put(values);
      };
      const thrown = new Error('the handler of errors fails');
      const throwing = () => {
        throw thrown;
      };
      for (const handler of [undefined, throwing]) {
        const device = await createDevice();
        const client = createClient(device);
        client.onMessageReceived = () => {
          throw new Error('a mistake');
        };
        client.onBackgroundException = handler;
        await client.connect();
        await device.sendMessage({ body: 'x' });
        const values = await printed.take();
        ok(
          values.some((value) => value instanceof Error),
          'no error was printed',
        );
        await client.sendMessage('round trip');
      }
      equal(printed.all.length, 2, 'the lines');
      evidence.onConsole = () => {};
    },
  },
  {
    id: 'properties.method-not-json',
    title: 'onMethodRequestReceived: a payload that is not JSON is answered with 400',
    async run({ pair }) {
      const { client, device } = await pair();
      const isAnswer = ({ topic }) => topic.includes('/methods/res/');
      client.onMethodRequestReceived = () => {};
      await client.connect();
      await device.setFaults({ send: publish('$iothub/methods/POST/m/?$rid=x1', 'no JSON') });
      const { topic } = await device.waitForPacket('publish', 'in', isAnswer);
      equal(topic, '$iothub/methods/res/400/?$rid=x1');
    },
  },
];
