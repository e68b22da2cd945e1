// The table of methods: sending, twin, answers to direct methods.
import { bytesEqual, deepEqual, equal, match, ok } from '../assert.js';

const MAX_SIZE = 262_144;

const decoded = (body) => Uint8Array.from(atob(body), (character) => character.charCodeAt(0));

export const rows = [
  {
    id: 'methods.sendMessage-text',
    title: 'sendMessage(): a string is UTF-8 text with no content type; resolves with PUBACK',
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
    title:
      'sendMessage(): data that JSON cannot hold, or a property that is not a string: TypeError',
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
      await device.patchDesired({ interval: 5, nested: { ü: [1, true] } });
      deepEqual(await client.getTwin(), {
        desired: { interval: 5, nested: { ü: [1, true] }, $version: 2 },
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
    title: 'sendMethodResponse(): lost with the connection: ConnectionDroppedError, never resent',
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
      deepEqual(
        (await device.telemetry(200)).map(({ text }) => text),
        texts,
      );
    },
  },
];
