/** What a client sent, in the format of the official client's recordings. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

import { callHub } from '../../../scripts/start/back-end.mjs';

/** A text longer than this is compared, and shown, by its length and hash. */
const LONGEST_SHOWN = 1000;

/**
 * The connections of a device or module, from the hub's packet log.
 * @param {import('../../../scripts/start/back-end.mjs').LocalHub & {hostname: string}} hub
 * @param {string} path `{device}` or `{device}/modules/{module}`
 */
export async function observeConnections(hub, path) {
  const read = async (what) => (await callHub(hub, 'GET', `/local/devices/${path}/${what}`))[what];
  const [packets, connections] = [await read('packets'), await read('connections')];
  return connections.map(({ connection, url, protocol, secure }) => {
    const its = packets.filter((packet) => packet.connection === connection);
    const sent = its.filter(({ direction, cmd }) => direction === 'in' && cmd !== 'puback');
    return {
      // Without TLS, the URL is the option `endpoint` unchanged.
      ...(secure && { url, subprotocol: protocol }),
      acknowledgesInOrder: acknowledgesInOrder(its),
      packets: sent.map((packet) => normalize(packet, hub.hostname)),
    };
  });
}

/** Whether each QoS 1 publish of the hub got one PUBACK, in order of arrival. */
function acknowledgesInOrder(packets) {
  const idsOf = (matches) => packets.filter(matches).map(({ messageId }) => messageId);
  const due = idsOf(
    ({ direction, cmd, qos }) => direction === 'out' && cmd === 'publish' && qos === 1,
  );
  const done = idsOf(({ direction, cmd }) => direction === 'in' && cmd === 'puback');
  return String(due) === String(done);
}

function normalize(packet, hostname) {
  const { cmd } = packet;
  switch (cmd) {
    case 'connect': {
      const { protocolId, protocolVersion, clean, keepalive, clientId, will } = packet;
      const username = packet.username.replace(hostname, '{hub}');
      const resource = packet.password?.sr.replace(hostname, '{hub}');
      return {
        ...{ cmd, protocolId, protocolVersion, clean, keepalive, clientId, username },
        ...(resource && { resource }),
        ...(will && { will }),
      };
    }
    case 'publish': {
      const { qos, dup, retain } = packet;
      const topic = packet.topic.replace(/\$rid=[^&]+/, '$rid={rid}');
      return { cmd, topic, qos, dup, retain, payload: asText(packet.payload) };
    }
    case 'subscribe':
      return { cmd, subscriptions: packet.subscriptions.map(({ topic, qos }) => ({ topic, qos })) };
    case 'unsubscribe':
      return { cmd, unsubscriptions: packet.unsubscriptions };
    default:
      return { cmd };
  }
}

/** Text if the bytes are UTF-8, otherwise the base64. */
function asText(base64) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    return { base64 };
  }
}

/** A message as the handler received it, without missing members. */
export function observeMessage(message) {
  const { customProperties } = message;
  const text = asText(Buffer.from(message.bytes()).toString('base64'));
  const names = ['messageId', 'correlationId', 'userId', 'contentType', 'contentEncoding'];
  const given = [...names, 'expiryTimeUtc', 'ack'].filter((name) => message[name] !== undefined);
  const fields = Object.fromEntries(given.map((name) => [name, message[name]]));
  return { data: text, ...fields, customProperties: { ...customProperties } };
}

/** Long payloads by length and hash. */
export function shorten(connections) {
  const shortened = ({ payload, ...packet }) => {
    if (payload === undefined) return packet;
    if (!(payload.length > LONGEST_SHOWN)) return { ...packet, payload };
    const sha256 = createHash('sha256').update(payload).digest('hex');
    return { ...packet, payload: { length: payload.length, sha256 } };
  };
  return connections.map((each) => ({ ...each, packets: each.packets.map(shortened) }));
}

/**
 * A relay in front of the hub's HTTP API that records the calls.
 * @param {import('node:test').TestContext} t
 * @param {{url: string, hostname: string}} hub
 */
export async function startRelay(t, hub) {
  const calls = [];
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    const body = await text(request);
    calls.push(normalizeCall({ method, url, headers, body }, hub.hostname));
    const { authorization, 'content-type': contentType } = headers;
    const passed = { authorization, 'content-type': contentType };
    const answer = await fetch(new URL(url, hub.url), { method, headers: passed, body });
    response.writeHead(answer.status).end(await answer.text());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { calls, endpoint: `ws://127.0.0.1:${server.address().port}/$iothub/websocket` };
}

function normalizeCall({ method, url, headers, body }, hostname) {
  const agent = headers['user-agent'];
  return {
    method,
    url,
    accept: headers.accept,
    'content-type': headers['content-type'],
    'user-agent': /iot/.test(agent) ? agent : '{platform}',
    authorization: headers.authorization
      .replace(hostname, '{hub}')
      .replace(/(&sig=)[A-Za-z0-9%]+(&se=)\d+$/, '$1{sig}$2{expiry}'),
    body: body.replace(/("correlationId": ?)"(?!nosuch)[^"]+"/, '$1"{correlationId}"'),
  };
}
