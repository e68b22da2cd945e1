import { HubError } from './errors.js';
import { checkEtag, IF_MATCH } from './identity-json.js';
import { anyError, errors } from './openapi.js';
import { Subscription } from './topics.js';
import { describeTwin } from './twin-json.js';

const CONFIG = { rights: ['ServiceConnect'] };
const PATHS = ['/twins/:deviceId', '/twins/:deviceId/modules/:moduleId'];

/**
 * Twins, for back ends.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./server.js').Hub} hub
 */
export function addTwinApi(app, { devices }) {
  const find = ({ params }) => devices.get(params.deviceId, params.moduleId);
  const twin = { $ref: 'Twin#' };
  for (const path of PATHS) {
    const read = { summary: 'Returns a twin', response: { 200: twin, ...errors(404) } };
    app.get(path, { config: CONFIG, schema: read }, (request) => describeTwin(find(request)));

    for (const method of ['PATCH', 'PUT']) {
      const isReplacement = method === 'PUT';
      app.route({
        method,
        url: path,
        config: CONFIG,
        schema: {
          summary: `${isReplacement ? 'Replaces' : 'Merges into'} tags and desired properties`,
          headers: IF_MATCH,
          body: CHANGES,
          response: { 200: twin, ...errors(404, 412) },
        },
        handler: (request) => {
          const identity = find(request);
          checkEtag(request.headers['if-match'], identity.twin.etag);
          writeTwin(identity, request.body, { replace: isReplacement });
          return describeTwin(identity);
        },
      });
    }
  }
}

/**
 * Writes tags and desired properties, and notifies the device of the latter.
 * @param {import('./identity.js').Identity} identity
 * @param {{tags?: object, properties?: {desired?: object}}} changes
 * @param {{replace: boolean}} [how]
 */
export function writeTwin(identity, changes, how = { replace: false }) {
  const desired = identity.twin.writeFromService(changes, how);
  if (!desired) return;
  identity.push(
    Subscription.DESIRED,
    `$iothub/twin/PATCH/properties/desired/?$version=${desired.$version}`,
    JSON.stringify(desired),
  );
}

/**
 * Direct methods, for back ends.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./server.js').Hub} hub
 */
export function addMethodApi(app, { devices }) {
  const schema = {
    summary: 'Calls a direct method and returns its response',
    body: METHOD,
    response: { 200: ANSWER, ...anyError, ...errors(404, 413, 502, 504) },
  };
  for (const path of PATHS) {
    app.post(`${path}/methods`, { config: CONFIG, schema }, ({ params, body, gone }) => {
      const call = /** @type {import('./methods.js').MethodCall} */ (body);
      return invokeMethod(devices, params, call, gone);
    });
  }
}

/**
 * Calls a direct method of a device or module.
 * @param {import('./devices.js').DeviceRegistry} devices
 * @param {Record<string, any>} id
 * @param {import('./methods.js').MethodCall} call
 * @param {AbortSignal} signal
 */
export function invokeMethod(devices, { deviceId, moduleId }, call, signal) {
  const identity = devices.get(deviceId, moduleId);
  if (devices.get(deviceId).isEnabled) return identity.methods.invoke(call, signal);
  throw new HubError('DeviceNotFound', `The device "${deviceId}" is disabled.`);
}

const CHANGES = {
  type: 'object',
  properties: {
    tags: { type: 'object' },
    properties: { type: 'object', properties: { desired: { type: 'object' } } },
  },
};

const METHOD = {
  type: 'object',
  required: ['methodName'],
  properties: {
    methodName: { type: 'string', minLength: 1, maxLength: 1024 },
    payload: { description: 'any JSON, 128 KB at most' },
    responseTimeoutInSeconds: { type: 'integer', description: '5 to 300; default 30' },
    connectTimeoutInSeconds: { type: 'integer', description: '0 to 300; default 0' },
  },
};

const ANSWER = {
  type: 'object',
  properties: { status: { type: 'integer' }, payload: { description: 'any JSON' } },
};
