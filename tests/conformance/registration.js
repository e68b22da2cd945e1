/** Registers a device and connects it to its hub, packet by packet. */
import mqtt from 'mqtt';
import { createHmac } from 'node:crypto';

const TIMEOUT = 30_000;
const ONCE = { reconnectPeriod: 0, connectTimeout: TIMEOUT };
const REGISTER = '$dps/registrations/PUT/iotdps-register/';
const POLL = '$dps/registrations/GET/iotdps-get-operationstatus/';

/**
 * `endpoint` is the WebSocket URL, with the path at which hubs are, too; `hubEndpoint` is that of a
 * local hub, `ca` its authority.
 * @typedef {{idScope: string, groupKey: string, registrationId: string, endpoint: string,
 *   hubEndpoint?: string, ca?: string}} Access
 */

/**
 * Registers: the first and the last response, and what the service then knows about the device.
 * @param {Access} access
 * @param {{origin?: string, skn?: string, csr?: string, polls?: number}} [options] `polls` is how
 *   many are sent at the same time
 */
export async function register(access, options = {}) {
  const { origin, skn = '&skn=registration', csr, polls = 1 } = options;
  const { registrationId } = access;
  const apiVersion = csr === undefined ? '2019-03-31' : '2026-11-01';
  const client = mqtt.connect(access.endpoint, {
    clientId: registrationId,
    username: `${resourceOf(access)}/api-version=${apiVersion}`,
    password: createToken(resourceOf(access), deviceKeyOf(access), skn),
    wsOptions: { origin, ca: access.ca },
    ...ONCE,
  });
  // Each poll waits for its own response.
  client.setMaxListeners(0);
  try {
    await settled(client, 'connect');
    await client.subscribeAsync('$dps/registrations/res/#', { qos: 1 });
    const body = JSON.stringify({ registrationId, csr });
    const first = await ask(client, REGISTER, '', body);
    let last = first;
    while (last.status === 202) {
      await new Promise((resolve) => setTimeout(resolve, (last.retryAfter ?? 2) * 1000));
      const operation = `&operationId=${first.body.operationId}`;
      const poll = () => ask(client, POLL, operation, '');
      const answers = await Promise.all(Array.from({ length: polls }, poll));
      last = answers.find(({ status }) => status >= 300) ?? answers[0];
    }
    return { first: describe(first), last: describe(last), state: last.body.registrationState };
  } finally {
    client.end(true);
  }
}

/**
 * Connects to a hub under a name: `CONNACK 0`, or why not.
 * @param {Access} access
 * @param {string} host
 * @param {string} deviceId
 * @param {{password?: string, tls?: import('node:tls').ConnectionOptions}} credentials
 */
export async function connectToHub(access, host, deviceId, { password, tls }) {
  const client = mqtt.connect(access.hubEndpoint ?? `wss://${host}/$iothub/websocket`, {
    clientId: deviceId,
    username: `${host}/${deviceId}/?api-version=2021-04-12`,
    password,
    wsOptions: { ca: access.ca, ...tls },
    ...ONCE,
  });
  try {
    const [{ returnCode }] = await settled(client, 'connect');
    return `CONNACK ${returnCode}`;
  } finally {
    client.end(true);
  }
}

/** The key of a device in a group. */
export const deviceKeyOf = ({ groupKey, registrationId }) => hmac(groupKey, registrationId);

/** A SAS token for an hour. */
export function createToken(resource, key, skn = '') {
  const sr = encodeURIComponent(resource);
  const se = Math.floor(Date.now() / 1000) + 3600;
  const sig = encodeURIComponent(hmac(key, `${sr}\n${se}`));
  return `SharedAccessSignature sr=${sr}&sig=${sig}&se=${se}${skn}`;
}

const resourceOf = ({ idScope, registrationId }) => `${idScope}/registrations/${registrationId}`;

const hmac = (key, text) =>
  createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64');

let requests = 0;

async function ask(client, topic, query, body) {
  const id = `$rid=${++requests}`;
  const isAnswer = (topic) => topic.split(/[?&]/).includes(id);
  const answered = settled(client, 'message', isAnswer);
  client.publish(`${topic}?${id}${query}`, body, { qos: 1 });
  const [answer, payload] = await answered;
  const [, status, suffix] = /\/res\/(\d+)\/\?(.*)$/.exec(answer) ?? [];
  const retryAfter = /(?:^|&)retry-after=(\d+)/i.exec(suffix ?? '')?.[1];
  return {
    status: Number(status),
    ...(retryAfter && { retryAfter: Number(retryAfter) }),
    body: JSON.parse(payload.toString()),
  };
}

/** The value of the event, or the reason why it will not come. */
function settled(client, event, isIt = () => true) {
  return new Promise((resolve, reject) => {
    client.on(event, (...values) => isIt(...values) && resolve(values));
    client.once('error', ({ code, reason, message }) =>
      reject(new Error(Number.isInteger(code) ? `CONNACK ${code}` : (reason ?? message))),
    );
    client.once('close', () => reject(new Error('the connection was closed')));
    setTimeout(() => reject(new Error(`nothing in ${TIMEOUT / 1000} s`)), TIMEOUT).unref();
  });
}

function describe({ status, retryAfter, body }) {
  if (status === 202) return `202 with${retryAfter === undefined ? 'out' : ''} retry-after`;
  if (status < 300) return `${status} ${body.status}`;
  return `${status} with ${body.errorCode}${retryAfter === undefined ? '' : ' and retry-after'}`;
}
