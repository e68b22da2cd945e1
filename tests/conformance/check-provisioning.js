/** What only the real provisioning service can tell, each against what is expected of it. */
import mqtt from 'mqtt';
import { createHmac } from 'node:crypto';

const TIMEOUT = 30_000;
const REGISTER = '$dps/registrations/PUT/iotdps-register/';
const POLL = '$dps/registrations/GET/iotdps-get-operationstatus/';

/**
 * @param {{idScope: string, groupKey: string, registrationId: string, endpoint: string}} access
 *   `endpoint` is the WebSocket URL, with the path at which hubs are, too
 * @param {(line: string) => void} print
 * @returns {Promise<number>} how many differ
 */
export async function checkProvisioning(access, print) {
  let differing = 0;
  for (const [question, expected, ask] of QUESTIONS) {
    const answer = await ask(access).catch(({ message }) => message);
    if (answer === expected) {
      print(`as expected  ${question}: ${answer}`);
    } else {
      differing += 1;
      print(`differs      ${question}: ${answer}, not ${expected}`);
    }
  }
  return differing;
}

/** @type {[question: string, expected: string, ask: (access: any) => Promise<string>][]} */
const QUESTIONS = [
  ['the first answer', '202 with retry-after', async (access) => (await register(access)).first],
  ['the last answer', '200 assigned', async (access) => (await register(access)).last],
  [
    'a WebSocket with Origin, as a page opens it',
    '200 assigned',
    async (access) => (await register(access, { origin: 'https://example.com' })).last,
  ],
  [
    'the path /',
    '200 assigned',
    async (access) =>
      (await register({ ...access, endpoint: new URL('/', access.endpoint).href })).last,
  ],
  [
    'a token without skn',
    '200 assigned',
    async (access) => (await register(access, { skn: '' })).last,
  ],
  [
    'a wrong key',
    'CONNACK 0, then 401 with 401000',
    async (access) => {
      const groupKey = Buffer.alloc(64).toString('base64');
      return `CONNACK 0, then ${(await register({ ...access, groupKey })).first}`;
    },
  ],
  [
    'another id scope',
    'CONNACK 5',
    async (access) => (await register({ ...access, idScope: '0ne00000000' })).first,
  ],
];

/** Registers: the first answer and the last. */
async function register(access, { origin = undefined, skn = '&skn=registration' } = {}) {
  const { endpoint, registrationId } = access;
  const client = mqtt.connect(endpoint, {
    ...credentials(access, skn),
    wsOptions: { origin },
    reconnectPeriod: 0,
    connectTimeout: TIMEOUT,
  });
  try {
    await settled(client, 'connect');
    await client.subscribeAsync('$dps/registrations/res/#', { qos: 1 });
    const body = JSON.stringify({ registrationId });
    const first = await ask(client, `${REGISTER}?$rid=1`, body);
    let last = first;
    while (last.status === 202) {
      await new Promise((resolve) => setTimeout(resolve, (last.retryAfter ?? 2) * 1000));
      last = await ask(client, `${POLL}?$rid=2&operationId=${first.body.operationId}`, '');
    }
    return { first: describe(first), last: describe(last) };
  } finally {
    client.end(true);
  }
}

async function ask(client, topic, body) {
  const answered = settled(client, 'message');
  client.publish(topic, body, { qos: 1 });
  const [answer, payload] = await answered;
  const [, status, query] = /\/res\/(\d+)\/\?(.*)$/.exec(answer) ?? [];
  const retryAfter = /(?:^|&)retry-after=(\d+)/i.exec(query ?? '')?.[1];
  return {
    status: Number(status),
    ...(retryAfter && { retryAfter: Number(retryAfter) }),
    body: JSON.parse(payload.toString()),
  };
}

/** What comes with the event, or why it will not come. */
function settled(client, event) {
  return new Promise((resolve, reject) => {
    client.once(event, (...values) => resolve(values));
    client.once('error', ({ code, message }) =>
      reject(new Error(Number.isInteger(code) ? `CONNACK ${code}` : message)),
    );
    client.once('close', () => reject(new Error('the connection was closed')));
    setTimeout(() => reject(new Error(`nothing in ${TIMEOUT / 1000} s`)), TIMEOUT).unref();
  });
}

function describe({ status, retryAfter, body }) {
  if (status === 202) return `202 with${retryAfter === undefined ? 'out' : ''} retry-after`;
  return status < 300 ? `${status} ${body.status}` : `${status} with ${body.errorCode}`;
}

function credentials({ idScope, groupKey, registrationId }, skn) {
  const key = hmac(groupKey, registrationId);
  const sr = encodeURIComponent(`${idScope}/registrations/${registrationId}`);
  const se = Math.floor(Date.now() / 1000) + 3600;
  const sig = encodeURIComponent(hmac(key, `${sr}\n${se}`));
  return {
    clientId: registrationId,
    username: `${idScope}/registrations/${registrationId}/api-version=2019-03-31`,
    password: `SharedAccessSignature sr=${sr}&sig=${sig}&se=${se}${skn}`,
  };
}

const hmac = (key, text) =>
  createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64');
