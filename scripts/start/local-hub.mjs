import { BackEnd, callHub } from './back-end.mjs';

const MAX_DEVICES = 1000;

const id = { type: 'string', minLength: 1, maxLength: 128 };
const ids = { anyOf: [{ const: 'all' }, { type: 'array', items: id, maxItems: MAX_DEVICES }] };

/** What the page can make the local hub do, by path: the members of the body, and the action. */
const acts = {
  messages: {
    members: { id, body: { type: 'string' }, properties: { type: 'object' } },
    act({ id, body, properties }, find) {
      const [backEnd] = find([id]);
      return backEnd.sendMessage({ body, properties });
    },
  },
  methods: {
    members: { id, methodName: { type: 'string' }, payload: {} },
    act({ id, methodName, payload }, find) {
      const [backEnd] = find([id]);
      return backEnd.invokeMethod(methodName, payload);
    },
  },
  desired: {
    members: { id, patch: { type: 'object' } },
    async act({ id, patch }, find) {
      const [backEnd] = find([id]);
      const { properties } = await backEnd.patchDesired(patch);
      return { $version: properties.desired.$version };
    },
  },
  drop: {
    members: { ids, how: { enum: ['reset', 'close'] } },
    async act({ ids, how }, find) {
      const backEnds = find(ids);
      await forEach(backEnds, (backEnd) => backEnd.drop(how));
      return { devices: backEnds.length };
    },
  },
  // Only the hub decides which faults exist and which values are valid.
  faults: {
    members: { ids, faults: { type: 'object' } },
    async act({ ids, faults }, find) {
      const active = await forEach(find(ids), async (backEnd) => [
        backEnd.deviceId,
        await backEnd.setFaults(faults),
      ]);
      return Object.fromEntries(active);
    },
  },
  'hub-faults': {
    members: { faults: { type: 'object' } },
    act: ({ faults }, _find, hub) => callHub(hub, 'POST', '/local/hub/faults', faults),
  },
};

/**
 * Lets the page use the local hub: create devices, act as their back end, and inject faults. `all`
 * are the devices that it has created.
 * @param {import('fastify').FastifyInstance} server
 * @param {{hub: import('./back-end.mjs').LocalHub & {hostname: string, endpoint: string}}} options
 */
export async function localHub(server, { hub }) {
  const backEnds = [];
  const given = new Set();
  server.setErrorHandler((error, _request, reply) => {
    reply.code(error.statusCode ?? error.status ?? 500).send({ message: inWords(error) });
  });

  const find = (ids) =>
    ids === 'all' ? backEnds : ids.map((deviceId) => new BackEnd(hub, { deviceId }));

  server.get('/local-hub.json', ({ protocol, host }) => ({
    hostname: hub.hostname,
    endpoint: hub.endpoint,
    httpEndpoint: `${protocol}://${host}`,
    tunnel: `ws://${host}/tunnel`,
  }));

  const lastNumbers = new Map();
  async function createDevice(prefix) {
    let number = lastNumbers.get(prefix) ?? 0;
    do number += 1;
    while (given.has(`${prefix}-${number}`));
    const deviceId = `${prefix}-${number}`;
    // Before the call: another request may arrive before the hub has responded.
    lastNumbers.set(prefix, number);
    given.add(deviceId);
    const backEnd = await BackEnd.createDevice(hub, deviceId);
    backEnds.push(backEnd);
    return backEnd;
  }

  const count = { type: 'integer', minimum: 1, maximum: MAX_DEVICES };
  const prefix = { type: 'string', pattern: '^[A-Za-z0-9._-]{1,64}$', default: 'device' };
  const required = { type: 'object', required: ['count'], properties: { count, prefix } };
  server.post('/local-hub/devices', { schema: { body: required } }, async ({ body }) => {
    const identities = [];
    while (identities.length < body.count) {
      identities.push(identityOf(await createDevice(body.prefix)));
    }
    return identities;
  });

  server.get('/local-hub/devices', async () => {
    const devices = await callHub(hub, 'GET', '/devices?api-version=2021-04-12');
    return { ids: devices.map(({ deviceId }) => deviceId) };
  });

  const source = { type: 'object', required: ['id'], properties: { id } };
  server.post('/local-hub/copies', { schema: { body: source } }, async ({ body }) => {
    const [original] = find([body.id]);
    const { tags, properties } = await original.twin();
    const copy = await createDevice(body.id.replace(/-\d+$/, ''));
    await copy.patchTwin({ tags, properties: { desired: withoutMetadata(properties.desired) } });
    return identityOf(copy);
  });

  const known = { type: 'object', required: ['ids'], properties: { ids: ids.anyOf[1] } };
  server.post('/local-hub/take-up', { schema: { body: known } }, async ({ body }) => {
    const identities = [];
    for (const deviceId of body.ids) {
      // Finds the devices that the hub already has, and creates them if this is a new hub.
      const backEnd = await BackEnd.createDevice(hub, deviceId);
      if (!backEnds.some((one) => one.deviceId === deviceId)) backEnds.push(backEnd);
      given.add(deviceId);
      identities.push(identityOf(backEnd));
    }
    return identities;
  });

  for (const [path, { members, act }] of Object.entries(acts)) {
    const body = { type: 'object', required: Object.keys(members), properties: members };
    server.post(`/local-hub/${path}`, { schema: { body } }, ({ body }) => act(body, find, hub));
  }
}

const withoutMetadata = ({ $metadata: _, $version: __, ...properties }) => properties;

/** What the page needs to act as a device. */
const identityOf = ({ connectionString, endpoint }) => ({ connectionString, endpoint });

const forEach = (backEnds, act) => Promise.all(backEnds.map(act));

/**
 * Returns the hub's own message: from a JSON document in a string of another one or, for errors of
 * twins, from beside the error code.
 */
function inWords({ body, message }) {
  try {
    const { Message, ExceptionMessage } = JSON.parse(body);
    if (!Message.startsWith('{')) return ExceptionMessage.replace(/ Tracking ID:.*/, '');
    return JSON.parse(Message).message;
  } catch {
    return message;
  }
}
