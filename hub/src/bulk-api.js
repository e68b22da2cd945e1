import { HubError } from './errors.js';
import { checkEtag, SETTINGS, settingsOf } from './identity-json.js';
import { writeTwin } from './twin-api.js';

const MAX_OPERATIONS = 100;

/**
 * Many changes to the registry in one call; each succeeds or fails on its own.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./devices.js').DeviceRegistry} devices
 */
export function addBulkApi(app, devices) {
  const schema = {
    summary: `Creates, updates or deletes devices and modules, ${MAX_OPERATIONS} at most`,
    body: { type: 'array', minItems: 1, maxItems: MAX_OPERATIONS, items: OPERATION },
    response: { 200: RESULT },
  };
  app.post('/devices', { config: { rights: ['RegistryWrite'] }, schema }, ({ body }) => {
    refuseRepetition(body);
    const failures = body.map((operation) => whyFailed(devices, operation)).filter(Boolean);
    return { isSuccessful: failures.length === 0, errors: failures, warnings: [] };
  });
}

function refuseRepetition(operations) {
  const names = operations.map(({ id, moduleId = '' }) => `${id}/${moduleId}`);
  if (new Set(names).size === names.length) return;
  throw new HubError('ArgumentInvalid', 'A device or module is in the list more than once.');
}

function whyFailed(devices, operation) {
  try {
    apply(devices, operation);
    return undefined;
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    const { id: deviceId, moduleId } = operation;
    return { deviceId, moduleId, errorCode: error.code, errorStatus: error.message };
  }
}

function apply(devices, operation) {
  const { id: deviceId, moduleId, importMode = 'createOrUpdate' } = operation;
  const mode = importMode.toLowerCase();
  const change = mode.replace(/ifmatchetag$/, '');
  const isConditional = change !== mode;
  const etag = isConditional ? (operation.eTag ?? operation.etag ?? '') : undefined;
  const exists = devices.find(deviceId, moduleId) !== undefined;
  switch (change === 'createorupdate' && !exists ? 'create' : change) {
    case 'create': {
      const identity = devices.create({ deviceId, moduleId, ...settingsOf(operation) });
      if (operation.tags || operation.properties) writeTwin(identity, operation);
      break;
    }
    case 'update':
    case 'createorupdate': {
      const identity = devices.get(deviceId, moduleId);
      checkEtag(etag, identity.etag);
      identity.update(settingsOf(operation));
      break;
    }
    case 'delete': {
      const identity = devices.get(deviceId, moduleId);
      checkEtag(etag, identity.etag);
      devices.delete(identity);
      break;
    }
    case 'updatetwin': {
      const identity = devices.get(deviceId, moduleId);
      checkEtag(isConditional ? (operation.twinETag ?? '') : undefined, identity.twin.etag);
      writeTwin(identity, operation);
      break;
    }
    default:
      throw new HubError('ArgumentInvalid', `"${importMode}" is not an importMode.`);
  }
}

const OPERATION = {
  type: 'object',
  required: ['id'],
  properties: {
    id: { type: 'string', description: 'of the device' },
    moduleId: { type: 'string' },
    importMode: {
      type: 'string',
      description:
        'create, update, createOrUpdate, delete or updateTwin; all except create also with ' +
        'IfMatchETag at the end. Case does not matter.',
    },
    eTag: { type: 'string' },
    etag: { type: 'string' },
    twinETag: { type: 'string' },
    ...SETTINGS,
    tags: { type: 'object' },
    properties: { type: 'object', properties: { desired: { type: 'object' } } },
  },
};

const TEXT = { type: 'string' };

const RESULT = {
  type: 'object',
  properties: {
    isSuccessful: { type: 'boolean', description: 'whether every change succeeded' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { deviceId: TEXT, moduleId: TEXT, errorCode: TEXT, errorStatus: TEXT },
      },
    },
    warnings: { type: 'array' },
  },
};
