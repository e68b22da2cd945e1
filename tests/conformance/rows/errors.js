// The errors: their classes, their table, and what they must never contain.
import { deepEqual, equal, match, ok } from '../assert.js';
import { MALFORMED, publish } from './packets.js';
import { textOf } from '../evidence.js';

const UNDER_CLIENT_ERROR = [
  'ConnectionFailedError',
  'ConnectionDroppedError',
  'NoConnectionError',
  'CredentialError',
];
const BESIDE_IT = ['OperationCancelled', 'OperationTimeout', 'ServiceError'];

/** CONNACK code, and the class of its error. */
const REFUSALS = [
  [1, 'ClientError'],
  [2, 'ClientError'],
  [3, 'ConnectionFailedError'],
  [4, 'CredentialError'],
  [5, 'CredentialError'],
];

/** Bytes that are not MQTT, or that a hub must not send, as hex. */
const VIOLATIONS = {
  'a reserved packet type': MALFORMED,
  'a length of five bytes': '30ffffffff01',
  'a packet that only clients send': 'c000',
  'a PUBLISH with a topic longer than itself': '30030010ff',
};

export const rows = [
  {
    id: 'errors.classes',
    title: 'real Error subclasses with name, message, cause, usable with instanceof',
    async run({ iothub, evidence }) {
      const { ClientError } = iothub;
      for (const name of ['ClientError', ...UNDER_CLIENT_ERROR, ...BESIDE_IT]) {
        const errorClass = iothub[name];
        const cause = new Error('the cause');
        const error = evidence.add('errors', new errorClass('words', { cause, status: 404 }));
        ok(error instanceof Error && error instanceof errorClass, name);
        equal(error instanceof ClientError, !BESIDE_IT.includes(name), `${name} as ClientError`);
        equal(error.name, name);
        equal(error.message, 'words');
        equal(error.cause, cause);
        match(String(error), new RegExp(`^${name}: words$`));
        ok(typeof error.stack === 'string', 'it has a stack');
      }
    },
  },
  {
    id: 'errors.ServiceError',
    title: 'ServiceError: status and code',
    async run({ connectedPair, rejects, ServiceError }) {
      const { client, device } = await connectedPair();
      const body = { errorCode: 400_004, message: 'why not', trackingId: 't' };
      await device.setFaults({ twinStatus: 400, body });
      const error = await rejects(client.getTwin(), ServiceError, /400.*why not/);
      equal(error.status, 400);
      equal(error.code, '400004');
      for (const unreadable of ['', 'no JSON', '[]', '{"errorCode":{}}']) {
        await device.setFaults({ twinStatus: 503, body: unreadable });
        equal((await rejects(client.getTwin(), ServiceError)).status, 503);
      }
    },
  },
  ...REFUSALS.map(([code, name]) => ({
    id: `errors.connack-${code}`,
    title: `CONNACK ${code}: ${name}`,
    async run({ iothub, pair, rejects }) {
      const { client, device } = await pair();
      await device.setFaults({ connack: code });
      const calls = [client.connect(), client.sendMessage('x'), client.getTwin()];
      for (const call of calls) await rejects(call, iothub[name]);
      equal(client.connectionState, 'disconnected');
    },
  })),
  {
    id: 'errors.refused-login',
    title: 'a refused login names a wrong key, a disabled or unknown device, and the clock',
    async run(context) {
      const { IoTHubDeviceClient, CredentialError, hostname, keep, evidence } = context;
      const { deviceId, endpoint } = await context.createDevice();
      const wrongKey = btoa('this is not the key of the device');
      evidence.addSecret(wrongKey);
      for (const id of [deviceId, 'a-device-that-nobody-made']) {
        const client = keep(
          IoTHubDeviceClient.createFromSymmetricKey(wrongKey, hostname, id, { endpoint }),
        );
        const { message } = await context.rejects(client.connect(), CredentialError);
        for (const hint of ['key', 'device', 'exists', 'enabled', 'clock', 'five minutes']) {
          ok(message.includes(hint), `"${hint}" is not in: ${message}`);
        }
      }
    },
  },
  {
    id: 'errors.not-opened',
    title: 'WebSocket or TLS could not be opened: ConnectionFailedError',
    async run({ createDevice, createClient, rejects, hub, ConnectionFailedError }) {
      const device = await createDevice();
      const { host } = new URL(hub.info.endpoint);
      const endpoints = {
        'nobody listens': 'ws://127.0.0.1:9/',
        'the upgrade is refused': `ws://${host}/wrong/path`,
        'there is no TLS': `wss://${host}/$iothub/websocket`,
      };
      for (const endpoint of Object.values(endpoints)) {
        const client = createClient(device, { endpoint });
        for (const method of ['connect', 'getTwin']) {
          await rejects(client[method](), ConnectionFailedError, /host name|network/);
        }
      }
    },
  },
  {
    id: 'errors.upgrade-refused',
    title: 'a hub that refuses the upgrade with 503: ConnectionFailedError, and another try works',
    when: 'alone',
    async run({ pair, rejects, ConnectionFailedError }) {
      const { client, device } = await pair();
      await device.setHubFaults({ refuseUpgrade: true });
      try {
        await rejects(client.connect(), ConnectionFailedError);
      } finally {
        await device.setHubFaults({ clear: true });
      }
      await client.connect();
    },
  },
  {
    id: 'errors.malformed-before-connack',
    title: 'a malformed packet from the hub before CONNACK: ClientError',
    async run({ pair, rejects, ClientError }) {
      for (const send of Object.values(VIOLATIONS)) {
        const { client, device } = await pair();
        await device.setFaults({ withhold: ['connack'] });
        const refused = rejects(client.connect(), ClientError);
        await device.waitForPackets('connect', 'in');
        await device.setFaults({ send });
        await refused;
        equal(client.connectionState, 'disconnected');
      }
    },
  },
  {
    id: 'errors.malformed',
    title: 'a malformed packet from the hub: ClientError as the cause of the loss',
    async run({ connectedPair, ClientError }) {
      const faults = Object.values(VIOLATIONS).map((send) => ({ send }));
      for (const fault of [...faults, { sendText: 'text' }]) {
        const { client, device, changes, errors } = await connectedPair();
        await device.setFaults(fault);
        equal((await changes.take()).cause.constructor, ClientError);
        equal((await errors.take()).constructor, ClientError);
        await client.sendMessage('after it');
      }
    },
  },
  {
    id: 'errors.answer-not-json',
    title: 'an answer of the hub that is not JSON: ClientError',
    async run({ connectedPair, rejects, ClientError }) {
      const { client, device, errors } = await connectedPair();
      await device.setFaults({ twinStatus: 200, body: 'no JSON' });
      await rejects(client.getTwin(), ClientError);
      client.onTwinDesiredPropertiesPatchReceived = () => {};
      const topic = '$iothub/twin/PATCH/properties/desired/?$version=9';
      await device.setFaults({ send: publish(topic, 'no JSON') });
      equal((await errors.take()).constructor, ClientError);
      equal(client.connected, true);
    },
  },
  {
    id: 'errors.no-connection',
    title: 'not connected and autoConnect off: NoConnectionError',
    async run({ pair, rejects, NoConnectionError, MethodResponse }) {
      const { client } = await pair({ autoConnect: false });
      const calls = [
        client.sendMessage('x'),
        client.getTwin(),
        client.patchTwinReportedProperties({}),
        client.sendMethodResponse(new MethodResponse('1', 200)),
        client.receiveMessage(),
      ];
      for (const call of calls) await rejects(call, NoConnectionError);
    },
  },
  {
    id: 'errors.dropped',
    title: 'connection lost under an operation with connectionRetry off: ConnectionDroppedError',
    async run({ connectedPair, rejects, ConnectionDroppedError }) {
      for (const how of ['reset', 'close']) {
        const { client, device } = await connectedPair({ connectionRetry: false });
        await device.setFaults({ withhold: ['puback', 'twin'] });
        const calls = [
          client.sendMessage('x'),
          client.getTwin(),
          client.patchTwinReportedProperties({ a: 1 }),
          client.receiveMessage(),
        ];
        const lost = calls.map((call) => rejects(call, ConnectionDroppedError));
        await device.waitForPackets('publish', 'in', 3);
        await device.waitForPackets('suback', 'out', 2);
        await device.drop(how);
        await Promise.all(lost);
        equal(client.connectionState, 'disconnected');
      }
    },
  },
  {
    id: 'errors.dropped-before-connack',
    title: 'connection lost before CONNACK: ConnectionDroppedError',
    async run({ pair, rejects, ConnectionDroppedError }) {
      for (const how of ['reset', 'close']) {
        const { client, device } = await pair();
        await device.setFaults({ withhold: ['connack'] });
        const calls = [client.connect(), client.sendMessage('x')];
        const lost = calls.map((call) => rejects(call, ConnectionDroppedError));
        await device.waitForPackets('connect', 'in');
        await device.drop(how);
        await Promise.all(lost);
      }
    },
  },
  {
    id: 'errors.cancelled',
    title: 'disconnect(), shutdown(): OperationCancelled',
    async run({ connectedPair, rejects, OperationCancelled }) {
      for (const method of ['disconnect', 'shutdown']) {
        const { client, device } = await connectedPair();
        await device.setFaults({ withhold: ['puback', 'twin'] });
        const calls = [client.sendMessage('x'), client.getTwin(), client.receiveMessage()];
        const cancelled = calls.map((call) =>
          rejects(call, OperationCancelled, new RegExp(`${method}\\(\\)`)),
        );
        await device.telemetry();
        await client[method]();
        await Promise.all(cancelled);
      }
    },
  },
  {
    id: 'errors.no-connack',
    title: 'no CONNACK in time: OperationTimeout',
    when: 'first',
    async run({ pair, createClient, createDevice, silentEndpoint, rejects, OperationTimeout }) {
      const { client, device } = await pair();
      const unopened = createClient(await createDevice(), { endpoint: silentEndpoint });
      await device.setFaults({ withhold: ['connack'] });
      const calls = [client.connect(), client.sendMessage('x'), unopened.connect()];
      await Promise.all(calls.map((call) => rejects(call, OperationTimeout)));
      equal(client.connectionState, 'disconnected');
      await device.setFaults({ clear: true });
      await client.connect();
    },
  },
  {
    id: 'errors.no-answer',
    title: 'no response in time: OperationTimeout; the connection stays open',
    async run({ pair, inbox, rejects, OperationTimeout, MethodResponse }) {
      const { client, device, errors } = await pair({ operationTimeout: 2 });
      const requests = inbox('method request');
      client.onMethodRequestReceived = requests.put;
      await client.connect();
      const answered = device.invokeMethod('m');
      const request = await requests.take();
      await device.setFaults({ withhold: ['puback', 'twin', 'suback'] });
      const response = MethodResponse.createFromMethodRequest(request, 200);
      const calls = [
        client.sendMessage('x'),
        client.getTwin(),
        client.patchTwinReportedProperties({ a: 1 }),
        client.sendMethodResponse(response),
      ];
      await Promise.all(calls.map((call) => rejects(call, OperationTimeout)));
      client.onMessageReceived = () => {};
      equal((await errors.take()).constructor, OperationTimeout);
      equal(client.connected, true);
      equal((await answered).status, 200);
    },
  },
  {
    id: 'errors.no-suback',
    title: 'connect() whose subscription is not acknowledged in time: OperationTimeout',
    async run({ pair, rejects, OperationTimeout }) {
      const { client, device } = await pair({ autoConnect: false, operationTimeout: 0.3 });
      await device.setFaults({ withhold: ['suback'] });
      client.onMessageReceived = () => {};
      await rejects(client.connect(), OperationTimeout);
    },
  },
  {
    id: 'errors.after-shutdown',
    title: 'after shutdown(): ClientError',
    async run({ connectedPair, rejects, ClientError, MethodResponse }) {
      const { client } = await connectedPair();
      await client.shutdown();
      const calls = [
        client.connect(),
        client.sendMessage('x'),
        client.getTwin(),
        client.patchTwinReportedProperties({}),
        client.sendMethodResponse(new MethodResponse('1', 200)),
        client.updateSasToken('x'),
        client.getStorageInfoForBlob('b'),
        client.notifyBlobUploadStatus('c', true, 200, 'OK'),
        client.receiveMessage(),
        client.receiveMethodRequest(),
        client.receiveTwinDesiredPropertiesPatch(),
      ];
      for (const call of calls) await rejects(call, ClientError, /shut down/);
    },
  },
  {
    id: 'errors.second-client',
    title: 'two clients of one device: the second takes the connection, the first is notified',
    async run({ connectedPair, createClient, ConnectionDroppedError }) {
      const { client, device, changes } = await connectedPair({ connectionRetry: false });
      const second = createClient(device);
      await second.connect();
      equal((await changes.take()).cause.constructor, ConnectionDroppedError);
      equal(client.connectionState, 'disconnected');
      await second.sendMessage('from the second');
    },
  },
  {
    id: 'errors.secrets',
    title: 'no error, console line, String(), JSON or inspect() of all rows holds a secret',
    when: 'last',
    async run({ createDevice, evidence, inspect }) {
      const { primaryKey } = await createDevice();
      // Secrets that the search must find, hidden where it might overlook them.
      const planted = new Error('harmless', { cause: { deep: { key: primaryKey } } });
      ok(evidence.holdsSecret(textOf(planted, inspect)), 'the search overlooks a key');
      const unknown = new Error('refused: SharedAccessSignature sr=h&sig=abc&se=1');
      ok(evidence.holdsSecret(textOf(unknown, inspect)), 'the search overlooks a signature');

      const least = { errors: 200, clients: 100, values: 5, trace: 5 };
      for (const [kind, count] of Object.entries(least)) {
        ok(evidence.count(kind) >= count, `only ${evidence.count(kind)} ${kind} were seen`);
      }
      ok(evidence.secretCount > 100, `only ${evidence.secretCount} secrets are known`);
      deepEqual(evidence.leaks(), [], 'what shows a secret');
    },
  },
];
