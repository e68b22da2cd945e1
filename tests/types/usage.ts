// Compiled, never run: what must compile, and under each @ts-expect-error what must not.
import * as everything from 'iothub-device-client';
import {
  ClientError,
  ConnectionDroppedError,
  ConnectionFailedError,
  CredentialError,
  IoTHubDeviceClient,
  Message,
  MethodRequest,
  MethodResponse,
  NoConnectionError,
  OperationCancelled,
  OperationTimeout,
  ProvisioningDeviceClient,
  ServiceError,
  X509,
  deriveDeviceKey,
  version,
} from 'iothub-device-client';
import { certificateRequest } from 'iothub-device-client/certificate-request';
import type {
  BackgroundExceptionHandler,
  CallOptions,
  CertificateRequest,
  ClientOptions,
  ConnectionState,
  ConnectionStateChange,
  ConnectionStateHandler,
  ConnectionStringOptions,
  DesiredPropertiesHandler,
  DroppedMessage,
  GatewayOptions,
  Handler,
  JsonObject,
  JsonValue,
  MessageData,
  MessageHandler,
  MessageOptions,
  MessageStore,
  MethodRequestHandler,
  MethodResult,
  MovedAsideMessage,
  NewSasTokenHandler,
  Outbox,
  OutboxStore,
  ProvisionedDevice,
  ProvisioningKeyOptions,
  ReceiveMethodOptions,
  ReceiveOptions,
  RegisterOptions,
  RegistrationResult,
  RegistrationState,
  SasTokenFunction,
  SasTokenFunctionOptions,
  StorageInfo,
  StoredMessage,
  StoreOptions,
  SymmetricKeyOptions,
  Twin,
  TwinProperties,
  UploadOptions,
  UploadProgress,
} from 'iothub-device-client';

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type IsAny<T> = 0 extends 1 & T ? true : false;
function holds<T extends true>(): T | undefined {
  return undefined;
}

declare const outboxStore: OutboxStore;
const connectionString = 'HostName=h;DeviceId=d;SharedAccessKey=a2V5';

export function factories(): IoTHubDeviceClient[] {
  const all: Required<SymmetricKeyOptions> = {
    endpoint: 'ws://127.0.0.1:8080/$iothub/websocket',
    gatewayHostname: 'gateway:443',
    httpEndpoint: 'https://relay.example/iot',
    websockets: true,
    productInfo: ' Thermostat/2',
    modelId: 'dtmi:com:example:Thermostat;1',
    keepAlive: 60,
    autoConnect: true,
    connectionRetry: 'always',
    connectionRetryInterval: 10,
    connectionRetryMaxInterval: 60,
    ensureDesiredProperties: true,
    operationTimeout: 0,
    maxPendingMessages: 1000,
    maxPendingBytes: 1024 ** 2,
    acknowledgeMessages: 'after-handler',
    serverVerificationCert: '-----BEGIN CERTIFICATE-----',
    cipher: ['TLS_AES_128_GCM_SHA256'],
    proxy: 'socks5://user:password@proxy:1080',
    store: outboxStore,
    trace: (record) => {
      if ('packet' in record) console.log(record.packet, record.packetId);
      else if ('state' in record) console.log(record.state, record.reason, record.seconds);
      else if ('http' in record) console.log(record.http, record.status, record.error?.message);
      else console.log(record.error.message);
    },
    sasTokenTtl: 3600,
  };
  const some: ClientOptions = { keepAlive: undefined, cipher: 'HIGH:!aNULL', trace: 'console' };
  const withLifetime: ConnectionStringOptions = { ...some, sasTokenTtl: 600 };
  const withGateway: GatewayOptions = { ...some, gatewayHostname: 'gateway' };
  const withIdentity: SasTokenFunctionOptions = { ...withGateway, hostname: 'h', deviceId: 'd' };
  const getToken: SasTokenFunction = () => 'SharedAccessSignature ...';
  const x509 = new X509('certificate', 'key', 'pass phrase');
  const fromFiles = X509.fromFiles('cert.pem', new URL('file:///key.pem'));

  // @ts-expect-error: it is made by its factories
  new IoTHubDeviceClient();
  // @ts-expect-error: it is made by its factories, also below
  class Mine extends IoTHubDeviceClient {}
  // @ts-expect-error: a connection string is needed
  IoTHubDeviceClient.createFromConnectionString();
  // @ts-expect-error: it is a string
  IoTHubDeviceClient.createFromConnectionString(new URL('https://h'));
  // @ts-expect-error: a device id is needed
  IoTHubDeviceClient.createFromSymmetricKey('a2V5', 'h');
  // @ts-expect-error: a function does not say for which device
  IoTHubDeviceClient.createFromSasToken(getToken);
  // @ts-expect-error: a function does not say for which device
  IoTHubDeviceClient.createFromSasToken(getToken, withGateway);
  // @ts-expect-error: a token says itself for which device it is
  IoTHubDeviceClient.createFromSasToken('SharedAccessSignature ...', { hostname: 'h' });
  // @ts-expect-error: the life of a token was decided by who made it
  IoTHubDeviceClient.createFromSasToken('SharedAccessSignature ...', { sasTokenTtl: 60 });
  // @ts-expect-error: a token is text
  IoTHubDeviceClient.createFromSasToken(() => 5, withIdentity);
  // @ts-expect-error: a certificate comes with its key
  new X509('certificate');
  // @ts-expect-error: a look-alike is refused
  IoTHubDeviceClient.createFromX509Certificate({ cert: '', key: '' }, 'h', 'd');
  // @ts-expect-error: there are no tokens with a certificate
  IoTHubDeviceClient.createFromX509Certificate(x509, 'h', 'd', { sasTokenTtl: 60 });
  // @ts-expect-error: options of a wrong type
  IoTHubDeviceClient.createFromConnectionString(connectionString, { keepAlive: '60' });
  // @ts-expect-error: null is not the default
  IoTHubDeviceClient.createFromConnectionString(connectionString, { autoConnect: null });
  // @ts-expect-error: an unknown option
  IoTHubDeviceClient.createFromConnectionString(connectionString, { keepalive: 60 });
  // @ts-expect-error: the connection string names its gateway itself
  IoTHubDeviceClient.createFromConnectionString(connectionString, { gatewayHostname: 'g' });
  // @ts-expect-error: there is no other transport
  IoTHubDeviceClient.createFromConnectionString(connectionString, { websockets: false });
  // @ts-expect-error: one of two words
  IoTHubDeviceClient.createFromConnectionString(connectionString, { acknowledgeMessages: 'later' });

  return [
    IoTHubDeviceClient.createFromConnectionString(connectionString),
    IoTHubDeviceClient.createFromConnectionString(connectionString, some),
    IoTHubDeviceClient.createFromConnectionString(connectionString, withLifetime),
    IoTHubDeviceClient.createFromSymmetricKey('a2V5', 'h', 'd', all),
    IoTHubDeviceClient.createFromSasToken('SharedAccessSignature ...', withGateway),
    IoTHubDeviceClient.createFromSasToken(getToken, withIdentity),
    IoTHubDeviceClient.createFromSasToken(async (resource) => getToken(resource), withIdentity),
    IoTHubDeviceClient.createFromX509Certificate(x509, 'h', 'd'),
    IoTHubDeviceClient.createFromX509Certificate(fromFiles, 'h', 'd', withGateway),
    IoTHubDeviceClient.createFromX509Certificate(X509.platform(), 'h', 'd'),
  ];
}

interface Typed {
  site: string;
  tags: string[];
}

export async function provisioning(
  x509: X509,
  getToken: SasTokenFunction,
  signal: AbortSignal,
): Promise<void> {
  const names = { provisioningHost: 'h', idScope: 's', registrationId: 'r' };
  const key: string = deriveDeviceKey('group key', names.registrationId);
  const withTtl: ProvisioningKeyOptions = { sasTokenTtl: 60, trace: 'console' };
  const device = ProvisioningDeviceClient.createFromSymmetricKey('h', 'r', 's', key, withTtl);
  ProvisioningDeviceClient.createFromSasToken('h', 'r', 's', 'SharedAccessSignature ...');
  ProvisioningDeviceClient.createFromSasToken('h', 'r', 's', (resource) => getToken(resource));
  ProvisioningDeviceClient.createFromX509Certificate('h', 'r', 's', x509, { keepAlive: 60 });
  // @ts-expect-error: an option of a client that is connected for longer
  ProvisioningDeviceClient.createFromX509Certificate('h', 'r', 's', x509, { autoConnect: true });
  // @ts-expect-error: a token that is given is not made
  ProvisioningDeviceClient.createFromSasToken('h', 'r', 's', 'token', { sasTokenTtl: 60 });
  // @ts-expect-error: it is made by its factories
  new ProvisioningDeviceClient();
  device.provisioningPayload = { modelId: 'dtmi:a;1' };
  device.provisioningPayload = undefined;
  // @ts-expect-error: a function is not JSON
  device.provisioningPayload = () => 1;
  // @ts-expect-error: an array is not an object
  device.provisioningPayload = [1];
  // @ts-expect-error: a readonly array is none either
  device.provisioningPayload = [1] as const;
  const typed: Typed = { site: 'a', tags: ['b'] };
  device.provisioningPayload = typed;
  const options: RegisterOptions = { timeout: 60, signal };
  const result: RegistrationResult = await device.register(options);
  const state: RegistrationState = result.registrationState;
  const hub: string | undefined = state.assignedHub;
  const clients: IoTHubDeviceClient[] = [
    IoTHubDeviceClient.createFromProvisioning({ ...names, symmetricKey: key }, { modelId: hub }),
    IoTHubDeviceClient.createFromProvisioning({ ...names, getToken, payload: { a: 1 } }),
    IoTHubDeviceClient.createFromProvisioning({ ...names, x509 }),
    IoTHubDeviceClient.createFromProvisioning({ ...names, x509, certificateRequest }),
  ];
  const own: CertificateRequest = (registrationId) => ({ csr: registrationId, key: 'PEM' });
  const certified = { certificateRequest: own };
  ProvisioningDeviceClient.createFromSymmetricKey('h', 'r', 's', key, certified);
  const { x509: issued } = result;
  if (issued) IoTHubDeviceClient.createFromX509Certificate(issued, 'h', 'd');
  // @ts-expect-error: one way to authenticate
  IoTHubDeviceClient.createFromProvisioning({ ...names, x509, getToken });
  // @ts-expect-error: no way to authenticate
  IoTHubDeviceClient.createFromProvisioning(names);
  void clients;
}

export async function calls(client: IoTHubDeviceClient): Promise<void> {
  await client.connect();
  const connected: boolean = client.connected;
  const state: ConnectionState = client.connectionState;
  // @ts-expect-error: read only
  client.connected = !connected;
  // @ts-expect-error: read only
  client.connectionState = state;
  // @ts-expect-error: not a state
  void (client.connectionState === 'closed');

  const twin: Twin = await client.getTwin();
  const desired: TwinProperties = twin.desired;
  const reportedVersion: number = twin.reported.$version;
  const interval: JsonValue | undefined = desired['interval'];
  // @ts-expect-error: what a property holds is not known
  const seconds: number = desired['interval'];
  // @ts-expect-error: the hub sets it
  desired.$version = reportedVersion + 1;
  await client.patchTwinReportedProperties({ interval: interval ?? null, seconds });
  await client.patchTwinReportedProperties(desired);
  // @ts-expect-error: an object
  await client.patchTwinReportedProperties([1]);
  // @ts-expect-error: JSON has no functions
  await client.patchTwinReportedProperties({ now: Date.now });
  // @ts-expect-error: JSON has no bigints
  await client.patchTwinReportedProperties({ count: 1n });

  await client.disconnect();
  await client.shutdown();
}

export async function givingUp(client: IoTHubDeviceClient, request: MethodRequest): Promise<void> {
  const options: CallOptions = { signal: AbortSignal.timeout(5000) };
  const response = MethodResponse.createFromMethodRequest(request, 200);
  await client.connect(options);
  await client.updateSasToken('SharedAccessSignature ...', options);
  await client.sendMessage('text', new AbortController());
  await client.getTwin(options);
  await client.patchTwinReportedProperties({}, { signal: undefined });
  await client.sendMethodResponse(response, options);
  await client.getStorageInfoForBlob('a', options);
  await client.notifyBlobUploadStatus('id', true, 201, 'Created', options);
  await client.receiveMessage({ ...options, block: false });
  // @ts-expect-error: it ends on its own
  await client.disconnect(options);
  // @ts-expect-error: it ends on its own
  await client.shutdown(options);
  // @ts-expect-error: the signal of the controller
  await client.connect({ signal: new AbortController() });
  // @ts-expect-error: only the signal
  await client.getTwin({ timeout: 5 });
}

export async function iterations(client: IoTHubDeviceClient, signal: AbortSignal): Promise<void> {
  for await (const message of client.messages({ signal })) {
    const text: string = message.text();
    if (text === 'end') break;
  }
  for await (const request of client.methodRequests()) {
    const result: MethodResult = { status: 200, payload: request.payload };
    await client.sendMethodResponse(new MethodResponse(request.requestId, result.status));
  }
  for await (const { $version, ...patch } of client.desiredPropertiesPatches()) {
    await client.patchTwinReportedProperties({ seen: $version, patch });
  }
  // @ts-expect-error: only the signal
  client.messages({ timeout: 5 });
}

export async function telemetry(client: IoTHubDeviceClient): Promise<void> {
  type Measurement = { temperature: number; room?: string; history: number[] };
  const measurement: Measurement = { temperature: 21.5, history: [] };
  const bytes = new Uint8Array(3);
  const everyKind: MessageData[] = [
    'text',
    bytes,
    bytes.buffer,
    new DataView(bytes.buffer),
    Buffer.from('bytes'),
    measurement,
    [1, 'two', null],
    false,
    3,
    null,
  ];
  for (const data of everyKind) {
    await client.sendMessage(data);
    await client.sendMessage(new Message(data));
  }
  // @ts-expect-error: the data is missing
  await client.sendMessage();
  // @ts-expect-error: undefined is not data
  await client.sendMessage(undefined);
  // @ts-expect-error: JSON has no symbols
  await client.sendMessage(Symbol('a'));
}

interface Reading {
  temperature: number;
  humidity?: number;
  room: { name: string | undefined };
  history: readonly { at: Date; value: number }[];
}

export async function payloads(client: IoTHubDeviceClient, reading: Reading): Promise<void> {
  const list: readonly number[] = [1, 2];
  const literal = { a: [1, { b: null }], at: new Date() } as const;
  const none: { note: string | undefined } = { note: undefined };
  await client.sendMessage(reading);
  await client.sendMessage(list);
  await client.sendMessage(literal);
  await client.sendMessage([reading]);
  await client.sendMessage({ reading, none, at: new Date() });
  await client.sendMessage(new Date());
  await client.sendMessage(new Message(reading, { customProperties: { alert: 'yes' } }));
  await client.patchTwinReportedProperties(reading);
  await client.patchTwinReportedProperties({ reading: { ...none, list } });
  const response = new MethodResponse('1', 200, reading);
  const result: MethodResult = { status: 200, payload: reading };
  client.onMethodRequestReceived = ({ name }) =>
    name === 'read' ? { status: 200, payload: { list } } : { status: 404, payload: { name } };
  client.onMethodRequestReceived = async ({ name }) => {
    if (name === 'wait') return response;
    if (name === 'read') return result;
    return { status: 404, payload: { message: name } };
  };

  // @ts-expect-error: JSON would make {} of it
  await client.sendMessage(new Map([['a', 1]]));
  // @ts-expect-error: JSON would make {} of it
  await client.sendMessage(new Set([1]));
  // @ts-expect-error: JSON would make {} of it
  await client.sendMessage(new Blob(['text']));
  // @ts-expect-error: JSON would make {} of it
  await client.sendMessage(new URLSearchParams('a=1'));
  // @ts-expect-error: JSON would make {} of it
  await client.sendMessage(new Blob(['text']).stream());
  // @ts-expect-error: a Promise of data is not data
  await client.sendMessage(Promise.resolve('text'));
  // @ts-expect-error: a Promise of data is not data
  await client.sendMessage({ temperature: Promise.resolve(21.5) });
  // @ts-expect-error: JSON has no functions
  await client.sendMessage(() => reading);
  // @ts-expect-error: JSON has no functions
  await client.sendMessage([{ ...reading, now: Date.now }]);
  // @ts-expect-error: JSON would make {} of it
  new Message(new Map([['a', 1]]));
  // @ts-expect-error: a Promise of data is not data
  new Message(Promise.resolve('text'));
  // @ts-expect-error: JSON has no functions
  new Message(() => reading);
  // @ts-expect-error: a Map has no properties
  new Message(reading, { customProperties: new Map([['alert', 'yes']]) });
  // @ts-expect-error: JSON would make {} of it
  await client.patchTwinReportedProperties(new Map([['a', 1]]));
  // @ts-expect-error: a Promise of a patch is not a patch
  await client.patchTwinReportedProperties(Promise.resolve({ a: 1 }));
  // @ts-expect-error: JSON would make {} of it
  new MethodResponse('1', 200, new Set([1]));
  // @ts-expect-error: a Promise of a payload is not a payload
  client.onMethodRequestReceived = () => ({ status: 200, payload: Promise.resolve(1) });
}

/** Code that reads JSON states its type. */
export async function reading(client: IoTHubDeviceClient): Promise<void> {
  interface Desired {
    interval: number;
  }
  interface Reported {
    firmware?: string;
  }
  const { desired, reported } = await client.getTwin<Desired, Reported>();
  const values: [number, string | undefined, number] = [
    desired.interval,
    reported.firmware,
    reported.$version,
  ];
  await client.patchTwinReportedProperties({ interval: desired.interval, values });
  // @ts-expect-error: what was not said to be there
  void desired.firmware;

  client.onTwinDesiredPropertiesPatchReceived = (patch: TwinProperties<Partial<Desired>>) =>
    client.patchTwinReportedProperties({ interval: patch.interval, seen: patch.$version });
  const onPatch: DesiredPropertiesHandler<Partial<Desired>> = ({ interval }) => interval?.toFixed();
  client.onTwinDesiredPropertiesPatchReceived = onPatch;
  client.onMethodRequestReceived = ({ payload }: MethodRequest<{ lamp: string }>) => ({
    status: 200,
    payload: payload.lamp.toUpperCase(),
  });
  interface Lamp {
    lamp: string;
  }
  client.onMethodRequestReceived = ({ payload }: MethodRequest<Lamp>) => ({
    status: 200,
    payload: payload.lamp,
  });
  const onMethod: MethodRequestHandler<Lamp> = ({ payload }) => {
    return { status: 200, payload: payload.lamp };
  };
  client.onMethodRequestReceived = ({ payload }) => ({ status: 200, payload });
  client.onMethodRequestReceived = ({ payload }) =>
    payload && typeof payload === 'object' && 'lamp' in payload
      ? { status: 200, payload: payload.lamp }
      : { status: 400 };
  client.onMethodRequestReceived = onMethod;
  client.onMessageReceived = (message) => message.json<Reading>().room.name;
  for await (const { payload } of client.methodRequests<Desired>()) payload.interval.toFixed();
  for await (const patch of client.desiredPropertiesPatches<Desired>()) patch.interval.toFixed();
  const request = await client.receiveMethodRequest<Desired>();
  const patch = await client.receiveTwinDesiredPropertiesPatch<Desired>();
  void [request?.payload.interval, patch?.interval];
  // @ts-expect-error: nothing is known of it unless it is said
  client.onMethodRequestReceived = ({ payload }) => ({ status: 200, payload: payload.lamp });
}

export const forward = (message: Message) =>
  fetch('https://example.com', { method: 'POST', body: message.bytes() });

export function messages(): Message {
  const options: MessageOptions = {
    messageId: '1',
    contentEncoding: 'utf-8',
    contentType: 'text/plain',
    outputName: 'output',
  };
  const message = new Message('text', options);
  message.data = new Uint8Array(1);
  message.customProperties['room'] = 'kitchen';
  message.customProperties['flag'] = null;
  message.messageId = undefined;
  message.correlationId = '2';
  message.userId = 'me';
  message.contentEncoding = 'utf-8';
  message.contentType = 'application/json';
  message.outputName = 'other';
  message.expiryTimeUtc = new Date();
  message.expiryTimeUtc = '2030-01-01T00:00:00Z';
  message.setAsSecurityMessage();
  const size: number = message.getSize();
  const seen: [Uint8Array, string, JsonValue] = [message.bytes(), message.text(), message.json()];
  const interfaceId: string | undefined = message.iothubInterfaceId;
  const received: (string | undefined)[] = [message.ack, message.inputName, interfaceId];

  // @ts-expect-error: data are needed
  new Message();
  // @ts-expect-error: an unknown option
  new Message('text', { properties: { alert: 'yes' } });
  // @ts-expect-error: custom properties are text
  message.customProperties['count'] = 1;
  // @ts-expect-error: an id is text
  message.messageId = 1;
  // @ts-expect-error: a Date or text
  message.expiryTimeUtc = Date.now();
  // @ts-expect-error: read only
  message.iothubInterfaceId = 'urn:mine';
  // @ts-expect-error: what JSON holds is not known
  message.json().temperature;
  // @ts-expect-error: a look-alike would be sent as JSON, and is not a message
  const lookAlike: Message = { ...message, size, seen, received };
  return lookAlike;
}

export async function methods(client: IoTHubDeviceClient, request: MethodRequest): Promise<void> {
  await client.sendMethodResponse(new MethodResponse(request.requestId, 200));
  await client.sendMethodResponse(new MethodResponse(request.requestId, 200, [request.payload]));
  const response = MethodResponse.createFromMethodRequest(request, 404, { name: request.name });
  const parts: [string, number, JsonValue | undefined] = [
    response.requestId,
    response.status,
    response.payload,
  ];
  void parts;
  void new MethodRequest('1', 'reboot', null);

  // @ts-expect-error: a status is needed
  new MethodResponse(request.requestId);
  // @ts-expect-error: a status is a number
  new MethodResponse(request.requestId, '200');
  // @ts-expect-error: the payload is JSON
  new MethodResponse(request.requestId, 200, () => 1);
  // @ts-expect-error: a look-alike is refused
  await client.sendMethodResponse({ requestId: '1', status: 200, payload: null });
  // @ts-expect-error: a request cannot be changed
  request.name = 'other';
}

export async function tokens(client: IoTHubDeviceClient): Promise<void> {
  client.onNewSasTokenRequired = () => client.updateSasToken('SharedAccessSignature ...');
  await client.updateSasToken('SharedAccessSignature ...');
  // @ts-expect-error: it takes the token itself
  await client.updateSasToken(() => 'SharedAccessSignature ...');
}

export async function upload(client: IoTHubDeviceClient): Promise<string> {
  const info: StorageInfo = await client.getStorageInfoForBlob('a/b.txt');
  const { hostName, containerName, blobName, sasToken } = info;
  await client.notifyBlobUploadStatus(info.correlationId, true, 201, 'Created');
  await client.uploadFile('a', new Blob(['text']));
  await client.uploadFile('a', 'text', {
    contentType: 'text/plain',
    signal: AbortSignal.timeout(9),
  });
  await client.uploadFile('a', new Uint8Array(3).buffer);
  await client.uploadFile('a', new Blob(['text']).stream(), {
    onProgress: ({ loaded, total }) => {
      const part: number = loaded / (total ?? loaded);
      // @ts-expect-error: that of a stream is not known
      const whole: number = total;
      return [part, whole];
    },
  });
  // @ts-expect-error: JSON is not a file
  await client.uploadFile('a', { a: 1 });
  // @ts-expect-error: an unknown option
  await client.uploadFile('a', 'text', { onprogress: () => 0 });
  // @ts-expect-error: a name is needed
  await client.getStorageInfoForBlob();
  // @ts-expect-error: the status is a number
  await client.notifyBlobUploadStatus(info.correlationId, true, '201', 'Created');
  // @ts-expect-error: all four are needed
  await client.notifyBlobUploadStatus(info.correlationId, true, 201);
  return `https://${hostName}/${containerName}/${blobName}${sasToken}`;
}

export async function receiving(client: IoTHubDeviceClient): Promise<void> {
  const wait: ReceiveOptions = { block: true, timeout: 5 };
  const waitForMethod: ReceiveMethodOptions = { ...wait, methodName: 'reboot' };
  const message: Message | undefined = await client.receiveMessage(wait);
  const request: MethodRequest | undefined = await client.receiveMethodRequest(waitForMethod);
  const patch: TwinProperties | undefined = await client.receiveTwinDesiredPropertiesPatch();
  void [message, request, patch];
  // @ts-expect-error: none may have come
  const certain: Message = await client.receiveMessage({ block: false });
  // @ts-expect-error: only methods have names
  await client.receiveMessage({ methodName: 'reboot' });
  // @ts-expect-error: seconds
  await client.receiveMessage({ timeout: '5' });
  return void certain;
}

export function handlers(client: IoTHubDeviceClient): void {
  const onMessage: MessageHandler = (message) => message.text();
  const onMethod: MethodRequestHandler = (request) =>
    MethodResponse.createFromMethodRequest(request, 200);
  const onDesired: DesiredPropertiesHandler = ({ $version, ...patch }) => [$version, patch];
  const onState: ConnectionStateHandler = ({ connected, cause }) => [connected, cause?.message];
  const onToken: NewSasTokenHandler = () => undefined;
  const onError: BackgroundExceptionHandler = (error) => console.error(error.message);

  client.onMessageReceived = onMessage;
  client.onMessageReceived = async (message: Message) => void message.json();
  client.onMessageReceived = Promise.resolve(onMessage);
  client.onMessageReceived = Promise.resolve(null);
  client.onMessageReceived = null;
  client.onMessageReceived = undefined;
  const messageHandler: Handler<MessageHandler> = client.onMessageReceived;

  client.onMethodRequestReceived = onMethod;
  client.onMethodRequestReceived = async (request) => await onMethod(request);
  client.onMethodRequestReceived = Promise.resolve(onMethod);
  client.onMethodRequestReceived = (request) =>
    client.sendMethodResponse(new MethodResponse(request.requestId, 200));
  client.onMethodRequestReceived = (request) => {
    if (request.name === 'known') return new MethodResponse(request.requestId, 200);
  };
  client.onMethodRequestReceived = null;

  client.onTwinDesiredPropertiesPatchReceived = onDesired;
  client.onTwinDesiredPropertiesPatchReceived = async (patch) => {
    await client.patchTwinReportedProperties({ seen: patch.$version });
  };
  client.onConnectionStateChange = onState;
  client.onConnectionStateChange = async (change: ConnectionStateChange) => change.connected;
  client.onNewSasTokenRequired = onToken;
  client.onNewSasTokenRequired = Promise.resolve(onToken);
  client.onBackgroundException = onError;
  client.onBackgroundException = messageHandler ? onError : undefined;

  // @ts-expect-error: a name is not a function
  client.onMessageReceived = 'handler';
  // @ts-expect-error: a message is passed
  client.onMessageReceived = (message: string) => message;
  // @ts-expect-error: only one argument is passed
  client.onMessageReceived = (message: Message, index: number) => [message, index];
  // @ts-expect-error: the Promise must be of a function
  client.onMessageReceived = Promise.resolve(5);
  // @ts-expect-error: what is returned is a response, or nothing
  client.onMethodRequestReceived = () => 200;
  client.onMethodRequestReceived = async () => ({ status: 200 });
  client.onMethodRequestReceived = () => ({ status: 200, payload: { done: true } });
  // @ts-expect-error: what is promised is a response, or nothing
  client.onMethodRequestReceived = async () => ({ status: '200' });
  // @ts-expect-error: the payload is JSON
  client.onMethodRequestReceived = () => ({ status: 200, payload: Date.now });
  // @ts-expect-error: a patch is passed
  client.onTwinDesiredPropertiesPatchReceived = (patch: Twin) => patch.desired;
  // @ts-expect-error: an object is passed
  client.onConnectionStateChange = (connected: boolean) => connected;
  // @ts-expect-error: nothing is passed
  client.onNewSasTokenRequired = (token: string) => token;
  // @ts-expect-error: an Error is passed
  client.onBackgroundException = (message: string) => message;
  // @ts-expect-error: there is no such handler
  client.onMessage = onMessage;
}

export function errors(error: unknown): string {
  if (error instanceof ServiceError) {
    const status: number = error.status;
    const code: string | undefined = error.code;
    return `${status} ${code ?? ''}`;
  }
  const classes = [
    ClientError,
    ConnectionDroppedError,
    ConnectionFailedError,
    CredentialError,
    NoConnectionError,
    OperationCancelled,
    OperationTimeout,
  ];
  for (const type of classes) {
    if (error instanceof type) return `${error.name}: ${error.message} (${String(error.cause)})`;
  }
  const dropped: ClientError = new ConnectionDroppedError('lost', { cause: error });
  void new ServiceError('the hub said no', { status: 404, code: '404001', cause: dropped });
  if (error instanceof ServiceError) return `${error.trackingId} ${error.result?.status}`;
  // @ts-expect-error: a status is needed
  void new ServiceError('the hub said no', {});
  return version;
}

// Every value that is exported is used above: a new one fails here until it is.
holds<
  Same<
    keyof typeof everything,
    | 'ClientError'
    | 'ConnectionDroppedError'
    | 'ConnectionFailedError'
    | 'CredentialError'
    | 'IoTHubDeviceClient'
    | 'Message'
    | 'MethodRequest'
    | 'MethodResponse'
    | 'NoConnectionError'
    | 'OperationCancelled'
    | 'OperationTimeout'
    | 'ProvisioningDeviceClient'
    | 'ServiceError'
    | 'X509'
    | 'deriveDeviceKey'
    | 'version'
  >
>();
holds<Same<JsonObject[string], JsonValue | undefined>>();

// Nothing is `any`: no member, no argument, no result, and nothing that a Promise gives.
type AnyIn<T> = IsAny<T> extends true ? true : T extends Function ? AnyInFunction<T> : false;
type AnyInFunction<T> = T extends (...args: infer Arguments) => infer Result
  ? IsAny<Arguments[number]> | IsAny<Awaited<Result>>
  : false;
type AnyInMembers<T> = { [Name in keyof T]-?: AnyIn<NonNullable<T[Name]>> }[keyof T];
type Checked =
  | AnyInMembers<IoTHubDeviceClient>
  | AnyInMembers<Omit<typeof IoTHubDeviceClient, 'prototype'>>
  | AnyInMembers<ProvisioningDeviceClient>
  | AnyInMembers<Omit<typeof ProvisioningDeviceClient, 'prototype'>>
  | AnyInMembers<ProvisionedDevice>
  | AnyInMembers<RegistrationResult>
  | AnyInMembers<Message>
  | AnyInMembers<MethodRequest>
  | AnyInMembers<MethodResponse>
  | AnyInMembers<Omit<typeof MethodResponse, 'prototype'>>
  | AnyInMembers<X509>
  | AnyInMembers<Omit<typeof X509, 'prototype'>>
  | AnyInMembers<ServiceError>
  | AnyInMembers<CallOptions>
  | AnyInMembers<ClientOptions>
  | AnyInMembers<SymmetricKeyOptions>
  | AnyInMembers<SasTokenFunctionOptions>
  | AnyInMembers<ReceiveMethodOptions>
  | AnyInMembers<StorageInfo>
  | AnyInMembers<UploadOptions>
  | AnyInMembers<UploadProgress>
  | AnyInMembers<MessageOptions>
  | AnyInMembers<StoreOptions>
  | AnyInMembers<MessageStore>
  | AnyInMembers<StoredMessage>
  | AnyInMembers<Outbox>
  | AnyInMembers<MovedAsideMessage>
  | AnyInMembers<DroppedMessage>
  | AnyInMembers<ConnectionStateChange>
  | AnyInMembers<Twin>
  | AnyInMembers<TwinProperties>
  | IsAny<JsonValue>
  | IsAny<MessageData>
  | IsAny<ConstructorParameters<typeof Message>[number]>
  | IsAny<ConstructorParameters<typeof MethodRequest>[number]>
  | IsAny<ConstructorParameters<typeof X509>[number]>
  | IsAny<ConstructorParameters<typeof MethodResponse>[number]>
  | IsAny<ConstructorParameters<typeof ServiceError>[number]>;
holds<Same<Checked, false>>();
