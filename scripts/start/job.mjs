import { isDeepStrictEqual } from 'node:util';

import { IoTHubDeviceClient, Message, MethodResponse } from 'iothub-device-client';

import { Inbox, within } from './waiting.mjs';

const ANSWER_SECONDS = 20;
const MESSAGES_AROUND_THE_DROP = 100;

/**
 * Everything that a device does, with each step checked at the hub.
 * @param {import('./back-end.mjs').BackEnd} backEnd
 * @param {import('./narrator.mjs').Narrator} tell
 */
export async function doTheJob(backEnd, tell) {
  const client = IoTHubDeviceClient.createFromConnectionString(backEnd.connectionString, {
    endpoint: backEnd.endpoint,
    connectionRetryInterval: 1,
    operationTimeout: ANSWER_SECONDS,
  });
  const inboxes = listen(client);
  const device = { client, backEnd, tell, ...inboxes };
  try {
    await tell.step('Connect over a WebSocket', () => connect(device));
    await tell.step('Send telemetry', () => sendTelemetry(device));
    await tell.step('Fetch the twin', () => fetchTwin(device));
    await tell.step('Report a property', () => reportProperty(device));
    await tell.step('Receive a desired property', () => receiveDesired(device));
    await tell.step('Respond to a direct method', () => answerMethod(device));
    await tell.step('Receive a cloud-to-device message', () => receiveMessage(device));
    await tell.step('Survive a dropped connection', () => surviveDrop(device));
    await tell.step('Disconnect', () => disconnect(device));
  } finally {
    await client.shutdown();
  }
}

/** Sets every handler of the client. Events wait in the inboxes. */
function listen(client) {
  const states = new Inbox('change of the connection state');
  const desired = new Inbox('desired-properties patch');
  const methods = new Inbox('method request');
  const messages = new Inbox('cloud-to-device message');
  const errors = new Inbox('background exception');
  client.onConnectionStateChange = states.put;
  client.onTwinDesiredPropertiesPatchReceived = desired.put;
  client.onMessageReceived = messages.put;
  client.onBackgroundException = errors.put;
  client.onMethodRequestReceived = (request) => {
    methods.put(request);
    return MethodResponse.createFromMethodRequest(request, 200, { seen: request.payload });
  };
  return { states, desired, methods, messages, errors };
}

async function connect({ client, backEnd, tell, states, desired }) {
  tell.sent(`CONNECT as "${backEnd.deviceId}" to ${backEnd.endpoint}`);
  await client.connect();
  const { connected } = await states.take();
  tell.received(`connected: ${connected}, state "${client.connectionState}"`);
  const first = await desired.take();
  tell.received(`current desired properties: ${JSON.stringify(first)}`);
  const state = await backEnd.state();
  tell.check(state.connected, 'the hub sees the device connected');
  tell.check(
    state.subscriptions.length === 4,
    `the hub has its subscriptions: ${state.subscriptions.join(', ')}`,
  );
}

async function sendTelemetry({ client, backEnd, tell }) {
  const message = new Message({ temperature: 21.5 }, { messageId: 'first' });
  message.customProperties.room = 'Küche + Bad';
  const { data, customProperties } = message;
  tell.sent(`${JSON.stringify(data)} with properties ${JSON.stringify(customProperties)}`);
  await client.sendMessage(message);
  tell.received('acknowledged');
  const [seen] = await backEnd.waitForTelemetry();
  tell.check(isDeepStrictEqual(JSON.parse(seen.text), data), `the hub has ${seen.text}`);
  tell.check(
    isDeepStrictEqual(seen.properties, { ...customProperties }),
    `with its properties ${JSON.stringify(seen.properties)}`,
  );
}

async function fetchTwin({ client, backEnd, tell }) {
  tell.sent('request for the twin');
  const twin = await client.getTwin();
  tell.received(JSON.stringify(twin));
  const { properties } = await backEnd.twin();
  const atHub = {
    desired: withoutMetadata(properties.desired),
    reported: withoutMetadata(properties.reported),
  };
  tell.check(isDeepStrictEqual(twin, atHub), "it equals the hub's twin");
}

async function reportProperty({ client, backEnd, tell }) {
  const patch = { firmware: '1.4.2', battery: { percent: 87 } };
  tell.sent(JSON.stringify(patch));
  await client.patchTwinReportedProperties(patch);
  tell.received('accepted');
  const { reported } = (await backEnd.twin()).properties;
  const { $version, ...seen } = withoutMetadata(reported);
  tell.check(isDeepStrictEqual(seen, patch), `the hub's twin has it, as version ${$version}`);
}

async function receiveDesired({ backEnd, tell, desired }) {
  const wish = { telemetryInterval: 5 };
  tell.did(`PATCH /twins/${backEnd.deviceId} with desired ${JSON.stringify(wish)}`);
  const { properties } = await backEnd.patchDesired(wish);
  const patch = await desired.take();
  tell.received(JSON.stringify(patch));
  const { $version, ...wished } = patch;
  tell.check(
    isDeepStrictEqual(wished, wish) && $version === properties.desired.$version,
    `it is the hub's patch, version ${$version}`,
  );
}

async function answerMethod({ backEnd, tell, methods }) {
  const payload = { lamp: 'on' };
  tell.did(`POST /twins/${backEnd.deviceId}/methods: "switchLamp" ${JSON.stringify(payload)}`);
  const answer = await backEnd.invokeMethod('switchLamp', payload);
  const request = await methods.take();
  tell.received(`method "${request.name}" ${JSON.stringify(request.payload)}`);
  tell.sent('status 200 with the payload that it received');
  tell.check(
    isDeepStrictEqual(answer, { status: 200, payload: { seen: payload } }),
    `the caller received ${JSON.stringify(answer)}`,
  );
}

async function receiveMessage({ backEnd, tell, messages }) {
  const sent = { body: 'Guten Tag!', messageId: 'c2d-1', properties: { priority: 'high' } };
  tell.did(`sends ${JSON.stringify(sent)}`);
  const before = (await backEnd.packets()).at(-1).sequence;
  await backEnd.sendMessage(sent);
  const message = await messages.take();
  const properties = { ...message.customProperties };
  tell.received(`"${message.text()}" with properties ${JSON.stringify(properties)}`);
  const arrived = { body: message.text(), messageId: message.messageId, properties };
  tell.check(isDeepStrictEqual(arrived, sent), 'it is the message that was sent');
  await backEnd.waitForPackets('puback', 'in', 1, before);
  const { pendingMessages } = await backEnd.state();
  tell.check(pendingMessages === 0, 'the device acknowledged it, no message is pending at the hub');
}

/** The hub withholds its acknowledgements, so that the drop interrupts unfinished sends. */
async function surviveDrop({ client, backEnd, tell, states, errors }) {
  const before = (await backEnd.telemetry()).at(-1).sequence;
  const half = MESSAGES_AROUND_THE_DROP / 2;
  const send = (number) => client.sendMessage({ number });
  const numbers = Array.from({ length: MESSAGES_AROUND_THE_DROP }, (_, index) => index + 1);

  await backEnd.setFaults({ withhold: ['puback'] });
  tell.sent(`messages 1 to ${half}; the hub acknowledges none of them yet`);
  const firstHalf = Promise.all(numbers.slice(0, half).map(send));
  await backEnd.waitForTelemetry(half, before);
  await backEnd.drop('reset');
  await backEnd.setFaults({ clear: true });
  tell.did('resets the TCP connection');
  const lost = await states.take();
  tell.received(`connected: ${lost.connected}, state "${client.connectionState}"`);
  tell.received(`${(await errors.take()).message}`);
  tell.sent(`messages ${half + 1} to ${MESSAGES_AROUND_THE_DROP}, called while offline`);
  const secondHalf = Promise.all(numbers.slice(half).map(send));
  const back = await states.take();
  tell.received(`connected: ${back.connected}, state "${client.connectionState}"`);
  const all = Promise.all([firstHalf, secondHalf]);
  await within(ANSWER_SECONDS, all, 'not every message was acknowledged after the drop');
  tell.received(`all ${MESSAGES_AROUND_THE_DROP} messages acknowledged`);

  const { connections } = await backEnd.state();
  tell.check(connections === 2, 'the hub accepted a second connection');
  const seen = await backEnd.telemetry({ after: before });
  const again = seen.filter((message) => message.dup).length;
  const first = [...new Set(seen.map((message) => JSON.parse(message.text).number))];
  tell.check(
    isDeepStrictEqual(first, numbers),
    `the hub has all ${numbers.length} in order (${again} resent, marked as duplicates)`,
  );
}

async function disconnect({ client, backEnd, tell, states }) {
  tell.sent('DISCONNECT');
  await client.disconnect();
  const { connected } = await states.take();
  tell.received(`connected: ${connected}, state "${client.connectionState}"`);
  await backEnd.waitForPackets('disconnect', 'in');
  tell.check(!(await backEnd.state()).connected, 'the hub sees the device disconnected');
}

/** A section of the twin as devices get it: without `$metadata`. */
function withoutMetadata({ $metadata, ...section }) {
  return section;
}
