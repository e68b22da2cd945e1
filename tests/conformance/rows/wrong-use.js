// Wrong use that would silently lose data or do nothing.
import { deepEqual, equal, match, ok } from '../assert.js';

/** Values that JSON turns into `{}`, and the fix that the error names. */
const lost = () => [
  [Promise.resolve(1), /Promise.*await it first/],
  [{ then: () => {} }, /Promise.*await it first/],
  [new Blob(['a']), /Blob.*arrayBuffer\(\).*uploadFile/],
  [new File(['a'], 'a'), /File.*arrayBuffer\(\).*uploadFile/],
  [new Map([['a', 1]]), /Map.*Object\.fromEntries/],
  [new Set([1]), /Set.*\[\.\.\.set\]/],
  [new WeakMap(), /WeakMap/],
  [new URLSearchParams('a=1'), /URLSearchParams.*Object\.fromEntries/],
  [new FormData(), /FormData.*Object\.fromEntries/],
  [new Headers({ a: '1' }), /Headers.*Object\.fromEntries/],
  [new ReadableStream(), /ReadableStream.*uploadFile/],
  [new Response('{}'), /Response.*response\.json\(\)/],
  [Object.assign(new Error('a'), { code: 1 }), /Error.*error\.message/],
  [new (class Reading {})(), /Reading.*plain object/],
];
const lostInside = () => lost().filter(([value]) => Object.keys(value).length === 0);

export const rows = [
  {
    id: 'wrong.data',
    title: 'sendMessage(): data that JSON would turn into {}, at any depth: TypeError with the fix',
    async run({ pair, rejects, Message }) {
      const { client } = await pair({ autoConnect: false });
      for (const [value, cure] of lost()) {
        await rejects(client.sendMessage(value), TypeError, cure);
        await rejects(client.sendMessage(new Message(value)), TypeError, cure);
      }
      for (const [value, cure] of lostInside()) {
        const error = await rejects(client.sendMessage({ a: [{ room: value }] }), TypeError, cure);
        match(error.message, /^room in the data of a message would be lost/);
      }
      // A page that is not isolated has none.
      if (!globalThis.SharedArrayBuffer) return;
      const buffer = new SharedArrayBuffer(2);
      await rejects(client.sendMessage(buffer), TypeError, /SharedArrayBuffer.*new Uint8Array/);
    },
  },
  {
    id: 'wrong.data-not',
    title: 'sendMessage(): objects that are empty, have a toJSON, or a class with fields are JSON',
    async run({ connectedPair }) {
      const { client, device } = await connectedPair();
      class Reading {
        temperature = 21.5;
        #room = 'kitchen';
        room = () => this.#room;
      }
      const date = new Date(0);
      const withJson = { toJSON: () => ({}) };
      const bare = Object.create(null);
      const values = [
        { a: {}, b: '{}' },
        [{}, new Number(5)],
        [bare],
        date,
        { date },
        withJson,
        new Reading(),
      ];
      for (const value of values) await client.sendMessage(value);
      if (globalThis.SharedArrayBuffer) {
        await client.sendMessage(new Uint8Array(new SharedArrayBuffer(2)).fill(65));
        equal((await device.telemetry(values.length + 1)).at(-1).text, 'AA');
      }
      const seen = await device.telemetry(values.length);
      const texts = seen.slice(0, values.length).map(({ text }) => text);
      deepEqual(
        texts,
        values.map((value) => JSON.stringify(value)),
      );
    },
  },
  {
    id: 'wrong.patch',
    title: 'patchTwinReportedProperties(): the same; nothing reaches the twin',
    async run({ connectedPair, rejects }) {
      const { client } = await connectedPair();
      for (const [value, cure] of lost()) {
        await rejects(client.patchTwinReportedProperties(value), TypeError, cure);
      }
      for (const [value, cure] of lostInside()) {
        await rejects(client.patchTwinReportedProperties({ room: value }), TypeError, cure);
      }
      await client.patchTwinReportedProperties({ room: {} });
      equal((await client.getTwin()).reported.$version, 2);
    },
  },
  {
    id: 'wrong.payload',
    title: 'sendMethodResponse(): the same, and a changed status or requestId: TypeError',
    async run({ pair, rejects, MethodResponse }) {
      const { client } = await pair({ autoConnect: false });
      for (const [payload, cure] of [...lost(), [() => {}, /type function/]]) {
        const response = new MethodResponse('1', 200, payload);
        await rejects(client.sendMethodResponse(response), TypeError, cure);
      }
      for (const change of [{ status: 2 ** 31 }, { status: '200' }, { requestId: '' }]) {
        const response = Object.assign(new MethodResponse('1', 200), change);
        const [name] = Object.keys(change);
        await rejects(client.sendMethodResponse(response), TypeError, new RegExp(name));
      }
    },
  },
  {
    id: 'wrong.answer',
    title: 'onMethodRequestReceived: an answer that cannot be sent: 500, the error says why',
    async run({ connectedPair, MethodResponse, ClientError }) {
      const { client, device, errors } = await connectedPair();
      const answers = {
        map: () => ({ status: 200, payload: new Map() }),
        status: ({ requestId }) =>
          Object.assign(new MethodResponse(requestId, 1), { status: 1e10 }),
      };
      client.onMethodRequestReceived = (request) => answers[request.name](request);
      await client.connect();
      for (const [name, pattern] of Object.entries({
        map: /Object\.fromEntries/,
        status: /32-bit/,
      })) {
        equal((await device.invokeMethod(name)).status, 500, name);
        const error = await errors.take();
        equal(error.constructor, ClientError);
        equal(error.cause.constructor, TypeError);
        match(error.cause.message, pattern);
      }
    },
  },
  {
    id: 'wrong.options',
    title:
      'every call: an option that there is not, or no object: TypeError that names the options',
    async run({ pair, rejects, throws, MethodResponse }) {
      const { client } = await pair({ autoConnect: false });
      const response = new MethodResponse('1', 200);
      const calls = [
        (options) => client.connect(options),
        (options) => client.sendMessage('x', options),
        (options) => client.getTwin(options),
        (options) => client.patchTwinReportedProperties({}, options),
        (options) => client.sendMethodResponse(response, options),
        (options) => client.updateSasToken('x', options),
        (options) => client.getStorageInfoForBlob('x', options),
        (options) => client.notifyBlobUploadStatus('x', true, 200, 'OK', options),
        (options) => client.uploadFile('x', 'y', options),
        (options) => client.receiveMessage(options),
        (options) => client.receiveMethodRequest(options),
        (options) => client.receiveTwinDesiredPropertiesPatch(options),
        async (options) => client.messages(options),
        async (options) => client.methodRequests(options),
        async (options) => client.desiredPropertiesPatches(options),
      ];
      for (const call of calls) {
        await rejects(call({ patience: 5 }), TypeError, /patience is not an option.*signal$/);
        await rejects(call(5), TypeError, /options must be an object/);
        await rejects(call(new AbortController().signal), TypeError, /\{ signal \}/);
      }
      await rejects(client.receiveMessage({ methodName: 'm' }), TypeError, /methodName/);
      throws(() => client.messages({ timeout: 5 }), TypeError, /timeout.*signal/);
    },
  },
  {
    id: 'wrong.message',
    title: 'Message: an unknown option, customProperties that are not an object: TypeError',
    async run({ pair, rejects, throws, Message }) {
      const { client } = await pair({ autoConnect: false });
      const create = (options) => () => new Message('x', options);
      throws(create({ properties: {} }), TypeError, /properties.*customProperties/);
      throws(create('text/plain'), TypeError, /options must be an object/);
      const wrong = [new Map([['a', 'b']]), new Headers({ a: 'b' }), ['a'], 'a'];
      for (const customProperties of wrong) {
        throws(create({ customProperties }), TypeError, /Object\.fromEntries/);
        const message = Object.assign(new Message('x'), { customProperties });
        await rejects(client.sendMessage(message), TypeError, /Object\.fromEntries/);
      }
    },
  },
  {
    id: 'wrong.handler',
    title: 'an unknown handler: TypeError that names the handlers; spies of tests work',
    async run({ pair, throws }) {
      const { client } = await pair({ autoConnect: false });
      const assign = () => {
        client.onMessage = () => {};
      };
      throws(assign, TypeError, /onMessage .*onMessageReceived/);
      client.mine = 1;
      client.connect = async () => 'spied on';
      equal(client.mine, 1);
      equal(await client.connect(), 'spied on');
      ok(client instanceof Object, 'the client is no Object');
    },
  },
  {
    id: 'wrong.proxy',
    title: 'a Proxy around client or message: TypeError that says how to keep it out',
    async run({ pair, rejects, throws, Message }) {
      const { client } = await pair({ autoConnect: false });
      const proxied = new Proxy(client, {});
      const cure = /Proxy.*markRaw.*shallowRef.*toRaw/;
      for (const name of ['connect', 'disconnect', 'shutdown', 'getTwin', 'sendMessage']) {
        await rejects(proxied[name](), TypeError, name === 'sendMessage' ? undefined : cure);
        await rejects(client[name].call(undefined, 'x'), TypeError, cure);
      }
      await rejects(proxied.sendMessage('x'), TypeError, cure);
      await rejects(proxied.uploadFile('x', 'y'), TypeError, cure);
      throws(() => proxied.connected, TypeError, cure);
      throws(() => proxied.messages(), TypeError, cure);
      throws(() => proxied.onMessageReceived, TypeError, cure);
      throws(() => Object.assign(proxied, { onMessageReceived: null }), TypeError, cure);
      await rejects(client.sendMessage(new Proxy(new Message('x'), {})), TypeError, cure);
      throws(() => new Proxy(new Message('x'), {}).setAsSecurityMessage(), TypeError, cure);
    },
  },
];
