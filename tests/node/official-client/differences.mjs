/**
 * Every difference, with its reason, between what the official client sends and what this one
 * sends. `docs/PROTOCOL.md` has the same list.
 */
import { isDeepStrictEqual } from 'node:util';

import { version } from '../support.mjs';

const TWIN_ANSWERS = '$iothub/twin/res/#';
const DESIRED_PATCHES = '$iothub/twin/PATCH/properties/desired/#';
const TWIN_GET = '$iothub/twin/GET/?$rid={rid}';

/** In the order in which the service's subscriptions are restored. */
const REPEATED = [
  /\/messages\/devicebound\/#$/,
  /^\$iothub\/methods\/POST\/#$/,
  /^\$iothub\/twin\/PATCH\/properties\/desired\/#$/,
  /^\$iothub\/twin\/res\/#$/,
];

const AGENT = `iothub-device-client%2F${version}%28Node.js%20${process.versions.node}%29`;

const publish = (topic, payload) => ({
  cmd: 'publish',
  ...{ topic, qos: 1, dup: false, retain: false, payload },
});
const subscribe = (topic) => ({ cmd: 'subscribe', subscriptions: [{ topic, qos: 1 }] });
const filterOf = ({ subscriptions: [{ topic }] }) => topic;

/** A rule that replaces each packet by another one or by several. */
const eachPacket = (change) => (connections) =>
  connections.map((each) => ({ ...each, packets: each.packets.flatMap(change) }));

const inUserName = (pattern, text) =>
  eachPacket((packet) =>
    packet.cmd === 'connect'
      ? { ...packet, username: packet.username.replace(pattern, text) }
      : packet,
  );

const isJson = ({ topic }) => /^\$iothub\/(twin\/PATCH|methods\/res)\//.test(topic);
const asJsonText = (text) => JSON.stringify(JSON.parse(text));

/**
 * `connections` and `http` turn what the official client sent into what this one sends, `received`
 * what its application got into what one gets here. The other members are a row of the table in
 * the documentation.
 */
export const DIFFERENCES = [
  {
    name: 'api-version',
    python: '2019-10-01, and 2020-09-30 with a model id',
    here: '2021-04-12',
    why: "the one that Microsoft's documentation uses",
    connections: inUserName(/(?<=\?api-version=)[0-9-]+/, '2021-04-12'),
    http: (call) => ({ ...call, url: call.url.replace('2019-10-01', '2021-04-12') }),
  },
  {
    name: 'agent',
    python: '`azure-iot-device-iothub-py/2.14.0(...)`',
    here: '`iothub-device-client/{version}({platform})`',
    why: 'it is a different program',
    connections: inUserName(/azure-iot-device-iothub-py.*?%29/, AGENT),
  },
  {
    name: 'URL',
    python: 'no query',
    here: '`?iothub-no-client-cert=true`; none with a certificate',
    why:
      'without it, the service requests a client certificate in the TLS handshake; headless ' +
      'Chromium could not connect to a test server that did the same',
    connections: (connections) =>
      connections.map((each) => {
        const usesToken = each.packets[0].resource !== undefined;
        return each.url && usesToken
          ? { ...each, url: `${each.url}?iothub-no-client-cert=true` }
          : each;
      }),
  },
  {
    name: 'body of a twin get',
    python: 'one space',
    here: 'empty',
    why: 'the documentation says so',
    connections: eachPacket((packet) =>
      packet.topic === TWIN_GET ? { ...packet, payload: '' } : packet,
    ),
  },
  {
    name: 'text of JSON',
    python: 'a space after `:` and `,`; what is not ASCII as `\\u` escapes',
    here: 'no spaces; UTF-8',
    why: '`JSON.stringify`; it is shorter and means the same',
    connections: eachPacket((packet) =>
      isJson(packet) ? { ...packet, payload: asJsonText(packet.payload) } : packet,
    ),
    http: (call) => ({ ...call, body: asJsonText(call.body) }),
  },
  {
    name: 'body of a message that is not text or bytes',
    python: '`None` is an empty body, a `dict` an error',
    here: 'JSON, with content type and encoding',
    why: 'a back end can route messages by their JSON content',
    connections: eachPacket((packet) => {
      const json = { 'send dict (not a string)': '{"a":1}', 'send None': 'null' }[packet.call];
      const bag = '%24.ct=application%2Fjson&%24.ce=utf-8';
      return json ? publish(`devices/py-telemetry/messages/events/${bag}`, json) : packet;
    }),
  },
  {
    name: '`$.exp` of a date',
    python: 'the result of `isoformat()`; without a zone if the date has none',
    here: 'the result of `toISOString()`: UTC, milliseconds, `Z`',
    why: 'a time without its zone is ambiguous',
    connections: eachPacket((packet) =>
      packet.topic
        ? { ...packet, topic: packet.topic.replace(/(%24.exp=[^&Z]+)(?=&)/, '$1.000Z') }
        : packet,
    ),
  },
  {
    name: 'method payload that is not JSON',
    python: 'no response',
    here: '400',
    why: 'the caller is notified immediately',
    connections: eachPacket((packet) =>
      packet.call === 'invoke with bad json'
        ? publish('$iothub/methods/res/400/?$rid={rid}', 'null')
        : packet,
    ),
  },
  {
    name: 'method response without its request',
    python: 'sent',
    here: '`ClientError`, nothing sent',
    why: 'nothing waits for it; a second response to one request is a mistake that should be noticed',
    connections: eachPacket((packet) =>
      packet.call === 'response to an unknown rid' ? { call: packet.call, cmd: null } : packet,
    ),
  },
  {
    name: 'twin get with the first subscription to desired properties',
    python: 'none; only after a reconnect',
    here: 'after each SUBACK (`ensureDesiredProperties`)',
    why: 'changes before the subscription would be missed',
    connections: (connections) => connections.map(fetchAfterSubscribing),
  },
  {
    name: 'subscriptions on a later connection',
    python: 'none; it trusts the session',
    here: 'all that are needed, before anything else, whatever CONNACK says about the session',
    why: 'if the session is lost, it receives nothing and does not notice',
    connections: subscribeAgain,
  },
  {
    name: 'messages delivered twice (DUP)',
    python: 'delivered to the application twice',
    here: 'delivered once',
    why: 'MQTT lets a hub resend; handlers need not handle duplicates',
    received: (messages) =>
      messages.filter((each, index) => !isDeepStrictEqual(each, messages[index - 1])),
  },
  {
    name: '`Accept` of the upload calls',
    python: '`application/json` for the storage information',
    here: '`*/*`, the default of `fetch`',
    why: 'the hub always responds with JSON',
    http: (call) => ({ ...call, accept: '*/*' }),
  },
  {
    name: '`Content-Type` of the upload notification',
    python: '`application/json; charset=utf-8`',
    here: '`application/json`',
    why: 'JSON is UTF-8; both calls send the same',
    http: (call) => ({ ...call, 'content-type': 'application/json' }),
  },
  {
    name: '`User-Agent` of the upload calls',
    python: 'its agent, percent-encoded',
    here: 'the agent of the platform',
    why: 'not every browser lets a page set it, and those that do need a preflight request',
    http: (call) => ({ ...call, 'user-agent': '{platform}' }),
  },
];

function fetchAfterSubscribing(connection) {
  const packets = [];
  const asked = new Set();
  for (const packet of connection.packets) {
    if (packet.cmd !== 'subscribe') {
      packets.push(packet);
      continue;
    }
    const filter = filterOf(packet);
    const needed = filter === DESIRED_PATCHES ? [filter, TWIN_ANSWERS] : [filter];
    packets.push(...needed.filter((each) => !asked.has(each)).map(subscribe));
    needed.forEach((each) => asked.add(each));
    if (filter === DESIRED_PATCHES) packets.push(publish(TWIN_GET, ''));
  }
  return { ...connection, packets };
}

function subscribeAgain(connections) {
  const wanted = new Set();
  return connections.map((each) => {
    const again = REPEATED.flatMap((pattern) => [...wanted].filter((each) => pattern.test(each)));
    for (const packet of each.packets) {
      if (packet.cmd === 'subscribe') wanted.add(filterOf(packet));
    }
    const [connect, ...rest] = each.packets;
    return { ...each, packets: [connect, ...again.map(subscribe), ...rest] };
  });
}

/** Names of the differences that had an effect. */
export const seen = new Set();

/** What this client should send if the official one sent `connections`. */
export function expectedConnections(connections) {
  const expected = DIFFERENCES.reduce(
    (before, { name, connections: change }) => applied(name, change, before),
    eachPacket(expandPayload)(connections),
  );
  const isSent = ({ cmd }) => cmd !== null;
  const unlabelled = ({ call, ...packet }) => packet;
  return expected.map(({ packets, ...rest }) => ({
    ...rest,
    packets: packets.filter(isSent).map(unlabelled),
  }));
}

/** The HTTP calls that this client should make if the official one made `calls`. */
export function expectedCalls(calls) {
  return DIFFERENCES.reduce(
    (before, { name, http }) => applied(name, http && ((calls) => calls.map(http)), before),
    calls,
  );
}

/** What the application should receive if the official client's received `messages`. */
export function expectedReceived(messages) {
  return DIFFERENCES.reduce(
    (before, { name, received }) => applied(name, received, before),
    messages.map((message) => ({ ...message, data: expand(message.data) })),
  );
}

function applied(name, change, before) {
  if (!change) return before;
  const after = change(before);
  if (!isDeepStrictEqual(after, before)) seen.add(name);
  return after;
}

const expandPayload = (packet) =>
  packet.payload === undefined ? packet : { ...packet, payload: expand(packet.payload) };

/** Long texts are described by what they repeat. */
function expand(text) {
  if (text.repeated === undefined) return text;
  const { before, repeated, times, after } = text;
  return before + repeated.repeat(times) + after;
}
