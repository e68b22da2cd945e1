// The values: Message, MethodRequest, MethodResponse, X509.
import { bytesEqual, deepEqual, equal, match, ok } from '../assert.js';

const utf8 = (text) => new TextEncoder().encode(text);

const FIELDS = [
  'data',
  'messageId',
  'expiryTimeUtc',
  'correlationId',
  'userId',
  'contentEncoding',
  'contentType',
  'outputName',
  'inputName',
  'ack',
  'iothubInterfaceId',
];

export const rows = [
  {
    id: 'values.Message',
    title: 'Message: constructor and fields, data unchanged',
    async run({ Message, evidence }) {
      const data = { a: 1 };
      const options = {
        messageId: 'm',
        contentEncoding: 'utf-8',
        contentType: 'text/plain',
        outputName: 'o',
        correlationId: 'c',
        userId: 'u',
        expiryTimeUtc: new Date(0),
        inputName: 'i',
        ack: 'full',
      };
      const customProperties = { alert: 'yes', __proto__x: null };
      const given = { ...options, customProperties };
      const message = evidence.add('values', new Message(data, given));
      equal(message.data, data);
      for (const [name, value] of Object.entries(options)) equal(message[name], value, name);
      equal(Object.getPrototypeOf(message.customProperties), null, 'the prototype');
      deepEqual({ ...message.customProperties }, customProperties);
      message.customProperties.alert = 'no';
      equal(customProperties.alert, 'yes', 'what was given');
      const empty = new Message('x');
      for (const name of FIELDS.slice(1)) equal(empty[name], undefined, name);
      deepEqual(Object.keys(empty.customProperties), []);
      equal(Object.getPrototypeOf(empty.customProperties), null, 'the prototype');
    },
  },
  {
    id: 'values.Message-sent',
    title: 'Message: all system and custom properties reach the hub',
    async run({ connectedPair, Message }) {
      const { client, device } = await connectedPair();
      const message = new Message('x', {
        messageId: 'm/1',
        contentEncoding: 'utf-8',
        contentType: 'text/plain; charset=utf-8',
        outputName: 'o 1',
      });
      Object.assign(message, { correlationId: 'c=1', userId: 'u&1' });
      message.setAsSecurityMessage();
      const custom = { b: '1 + 1', a: 'ü~', empty: '', nothing: null, __proto__x: '%' };
      Object.assign(message.customProperties, custom);
      await client.sendMessage(message);
      const [{ systemProperties, properties }] = await device.telemetry();
      const { interfaceId, ...others } = systemProperties;
      match(interfaceId, /Security/);
      deepEqual(others, {
        messageId: 'm/1',
        correlationId: 'c=1',
        userId: 'u&1',
        contentType: 'text/plain; charset=utf-8',
        contentEncoding: 'utf-8',
        outputName: 'o 1',
      });
      deepEqual(properties, custom);
    },
  },
  {
    id: 'values.Message-received',
    title: 'Message: all system and custom properties of a received one; data is a Uint8Array',
    async run({ pair, inbox, evidence }) {
      const { client, device } = await pair();
      const messages = inbox('message');
      client.onMessageReceived = messages.put;
      await client.connect();
      const expiry = new Date(Date.now() + 3_600_000);
      const system = {
        messageId: 'm/1',
        correlationId: 'c=1',
        userId: 'u&1',
        contentType: 'text/plain',
        contentEncoding: 'utf-8',
      };
      const properties = { b: '1 + 1', empty: '', nothing: null, __proto__: 'own' };
      await device.sendMessage({
        bodyBase64: btoa('\xff\x00'),
        ...system,
        expiryTimeUtc: expiry.toISOString(),
        ack: 'full',
        properties: JSON.parse(JSON.stringify(properties)),
      });
      const message = evidence.add('values', await messages.take());
      bytesEqual(message.data, [255, 0]);
      for (const [name, value] of Object.entries(system)) equal(message[name], value, name);
      equal(Date.parse(message.expiryTimeUtc), expiry.getTime());
      equal(message.ack, 'full');
      equal(message.inputName, undefined);
      equal(message.outputName, undefined);
      const { customProperties } = message;
      equal(Object.getPrototypeOf(customProperties), null, 'the prototype');
      const { b, empty, nothing } = properties;
      deepEqual({ ...customProperties, ['__proto__']: undefined }, { b, empty, nothing });
    },
  },
  {
    id: 'values.Message-expiry',
    title: 'Message: expiryTimeUtc is a Date or an ISO string, read by the hub as the same',
    async run({ connectedPair, Message, rejects }) {
      const { client, device } = await connectedPair();
      const date = new Date('2030-01-02T03:04:05.678Z');
      for (const expiryTimeUtc of [date, date.toISOString()]) {
        const message = Object.assign(new Message('x'), { expiryTimeUtc });
        await client.sendMessage(message);
      }
      for (const { systemProperties } of await device.telemetry(2)) {
        equal(systemProperties.expiryTimeUtc, date.toISOString());
      }
      for (const expiryTimeUtc of [5, new Date('soon')]) {
        const wrong = Object.assign(new Message('x'), { expiryTimeUtc });
        await rejects(client.sendMessage(wrong), TypeError, /expiryTimeUtc/);
      }
    },
  },
  {
    id: 'values.Message-security',
    title: 'Message: iothubInterfaceId is read only, set by setAsSecurityMessage()',
    async run({ Message, throws }) {
      const message = new Message('x');
      const assign = () => {
        message.iothubInterfaceId = 'mine';
      };
      throws(assign, TypeError);
      equal(message.iothubInterfaceId, undefined);
      message.setAsSecurityMessage();
      match(message.iothubInterfaceId, /^urn:azureiot:Security:/);
    },
  },
  {
    id: 'values.Message-getSize',
    title: 'Message: getSize() counts body, system property values, custom names and values',
    async run({ Message }) {
      equal(new Message('').getSize(), 0);
      equal(new Message('ü').getSize(), 2);
      equal(new Message(new Uint16Array(3)).getSize(), 6);
      const json = new Message({ a: 'ü' });
      const jsonSize = utf8('{"a":"ü"}application/jsonutf-8').length;
      equal(json.getSize(), jsonSize);
      const message = new Message('12345', { messageId: 'ü', contentType: 'abc' });
      Object.assign(message.customProperties, { name: 'välue', nothing: null });
      equal(message.getSize(), 5 + 2 + 3 + 4 + 6 + 7);
    },
  },
  {
    id: 'values.Message-reading',
    title: 'Message: text(), json() and bytes()',
    async run({ Message, throws }) {
      const text = new Message('{"a":"ü"}');
      equal(text.text(), '{"a":"ü"}');
      deepEqual(text.json(), { a: 'ü' });
      bytesEqual(text.bytes(), utf8('{"a":"ü"}'));
      const bytes = new Message(utf8('[1]'));
      equal(bytes.text(), '[1]');
      deepEqual(bytes.json(), [1]);
      bytesEqual(new Message(utf8('abc').buffer).bytes(), utf8('abc'));
      const object = new Message({ a: null });
      equal(object.text(), '{"a":null}');
      deepEqual(object.json(), { a: null });
      equal(new Message(Uint8Array.from([255])).text(), '\ufffd');
      throws(() => new Message('no JSON').json(), SyntaxError);
      throws(() => new Message(undefined).bytes(), TypeError);
    },
  },
  {
    id: 'values.MethodRequest',
    title: 'MethodRequest: requestId, name, payload, read only',
    async run({ MethodRequest, throws, evidence }) {
      const request = evidence.add('values', new MethodRequest('1', 'm', { a: 1 }));
      deepEqual({ ...request }, { requestId: '1', name: 'm', payload: { a: 1 } });
      for (const name of ['requestId', 'name', 'payload', 'more']) {
        const assign = () => {
          request[name] = 'x';
        };
        throws(assign, TypeError);
      }
    },
  },
  {
    id: 'values.MethodResponse',
    title: 'MethodResponse: constructor, createFromMethodRequest; wrong arguments: TypeError',
    async run({ MethodRequest, MethodResponse, throws, evidence }) {
      const response = evidence.add('values', new MethodResponse('1', 200, { a: 1 }));
      deepEqual({ ...response }, { requestId: '1', status: 200, payload: { a: 1 } });
      const request = new MethodRequest('2', 'm', null);
      const other = MethodResponse.createFromMethodRequest(request, 404);
      ok(other instanceof MethodResponse, 'it is no MethodResponse');
      deepEqual({ ...other }, { requestId: '2', status: 404 });
      throws(() => MethodResponse.createFromMethodRequest(undefined, 200), TypeError, /requestId/);
      equal(new MethodResponse('1', -(2 ** 31)).status, -2147483648);
      for (const id of ['', undefined, 7]) throws(() => new MethodResponse(id, 200), TypeError);
      for (const status of ['200', undefined, 1.5, 2 ** 31, NaN]) {
        throws(() => new MethodResponse('1', status), TypeError);
      }
    },
  },
  {
    id: 'values.MethodResponse-no-payload',
    title: 'MethodResponse: no payload is sent as null',
    async run({ pair, MethodResponse }) {
      const { client, device } = await pair();
      client.onMethodRequestReceived = (request) =>
        MethodResponse.createFromMethodRequest(request, 200);
      await client.connect();
      deepEqual(await device.invokeMethod('m'), { status: 200, payload: null });
      const isAnswer = ({ topic }) => topic.includes('/methods/res/');
      const { payload } = await device.waitForPacket('publish', 'in', isAnswer);
      equal(atob(payload), 'null');
    },
  },
  {
    id: 'values.X509',
    title: 'X509: PEM text in every environment, fromFiles in Node.js, platform in a browser',
    async run({ createDevice, X509, evidence, isBrowser, throws, explains, ...context }) {
      const passPhrase = 'the pass phrase of values';
      const { cert, key } = await (await createDevice()).issueCertificate();
      evidence.addSecret(passPhrase);
      for (const line of key.split('\n').slice(1, -2)) evidence.addSecret(line);
      evidence.add('values', new X509(cert, key, passPhrase));
      for (const value of [undefined, '', 'no PEM', key, 7]) {
        throws(() => new X509(value, key), TypeError, /CERTIFICATE/);
      }
      for (const value of [undefined, '', 'no PEM', cert, 7]) {
        throws(() => new X509(cert, value), TypeError, /PRIVATE KEY/);
      }
      throws(() => new X509(cert, key, 7), TypeError, /passPhrase/);
      if (isBrowser) {
        evidence.add('values', X509.platform());
        return explains(() => X509.fromFiles('cert.pem', 'key.pem'), /Node\.js.*X509\.platform/);
      }
      const files = [await context.writeFile(cert), await context.writeFile(key)];
      ok(evidence.add('values', X509.fromFiles(...files)) instanceof X509, 'it is no X509');
      throws(() => X509.platform(), TypeError, /browser/);
    },
  },
];
