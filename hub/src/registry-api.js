import { addBulkApi } from './bulk-api.js';
import { HubError } from './errors.js';
import { checkEtag, describeIdentity, IF_MATCH, SETTINGS, settingsOf } from './identity-json.js';
import { empty, errors } from './openapi.js';

const MAX_LISTED = 1000;
const READ = { rights: ['RegistryRead'] };
const WRITE = { rights: ['RegistryWrite'] };
const SERVICE = { rights: ['ServiceConnect'] };

/**
 * The identity registry.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./server.js').Hub} hub
 */
export function addRegistryApi(app, { devices }) {
  addLists(app, devices);
  addBulkApi(app, devices);
  addIdentities(app, '/devices/:deviceId', devices);
  addIdentities(app, '/devices/:deviceId/modules/:moduleId', devices);
  addStatistics(app, devices);
}

function addLists(app, devices) {
  const answer = { type: 'array', items: { $ref: 'Identity#' } };
  app.get(
    '/devices',
    {
      config: READ,
      schema: {
        summary: `Lists devices, ${MAX_LISTED} at most`,
        querystring: { properties: { top: { type: 'string', pattern: '^[1-9]\\d*$' } } },
        response: { 200: answer },
      },
    },
    ({ query: { top = MAX_LISTED } }) =>
      devices.all.slice(0, Math.min(top, MAX_LISTED)).map(describeIdentity),
  );
  app.get(
    '/devices/:deviceId/modules',
    {
      config: READ,
      schema: {
        summary: 'Lists the modules of a device',
        response: { 200: answer, ...errors(404) },
      },
    },
    ({ params }) => [...devices.get(params.deviceId).modules.values()].map(describeIdentity),
  );
}

function addIdentities(app, path, devices) {
  const find = ({ params }) => devices.get(params.deviceId, params.moduleId);
  const kind = path.endsWith(':moduleId') ? 'module' : 'device';
  const identity = { $ref: 'Identity#' };

  app.put(
    path,
    {
      config: WRITE,
      schema: {
        summary: `Creates a ${kind}, or with If-Match updates it`,
        headers: IF_MATCH,
        body: CHANGES,
        response: { 200: identity, ...errors(404, 409, 412, 413) },
      },
    },
    (request) => put(devices, request),
  );

  app.get(
    path,
    {
      config: READ,
      schema: { summary: `Returns a ${kind}`, response: { 200: identity, ...errors(404) } },
    },
    (request) => describeIdentity(find(request)),
  );

  app.delete(
    path,
    {
      config: WRITE,
      schema: {
        summary: `Deletes a ${kind}`,
        headers: IF_MATCH,
        response: { 204: empty('It is deleted.'), ...errors(404, 412) },
      },
    },
    (request, reply) => {
      const identity = find(request);
      checkEtag(request.headers['if-match'], identity.etag);
      devices.delete(identity);
      reply.code(204).send();
    },
  );
}

function put(devices, { body, headers, params }) {
  for (const name of ['deviceId', 'moduleId']) {
    if ((body[name] ?? params[name]) === params[name]) continue;
    throw new HubError('ArgumentInvalid', `${name} in the body is not the one in the path`);
  }
  const settings = settingsOf(body);
  if (!headers['if-match']) return describeIdentity(devices.create({ ...params, ...settings }));
  const identity = devices.get(params.deviceId, params.moduleId);
  checkEtag(headers['if-match'], identity.etag);
  identity.update(settings);
  return describeIdentity(identity);
}

function addStatistics(app, devices) {
  const count = { type: 'integer' };
  const summary = 'Counts devices';
  app.get(
    '/statistics/devices',
    {
      config: READ,
      schema: {
        summary,
        response: {
          200: {
            type: 'object',
            properties: {
              totalDeviceCount: count,
              enabledDeviceCount: count,
              disabledDeviceCount: count,
            },
          },
        },
      },
    },
    () => {
      const { length } = devices.all;
      const enabled = devices.all.filter(({ isEnabled }) => isEnabled).length;
      return {
        totalDeviceCount: length,
        enabledDeviceCount: enabled,
        disabledDeviceCount: length - enabled,
      };
    },
  );
  app.get(
    '/statistics/service',
    {
      config: SERVICE,
      schema: {
        summary: 'Counts the devices that are connected',
        response: { 200: { type: 'object', properties: { connectedDeviceCount: count } } },
      },
    },
    () => ({ connectedDeviceCount: devices.all.filter((device) => device.isConnected).length }),
  );
}

const CHANGES = {
  type: 'object',
  properties: {
    deviceId: { type: 'string' },
    moduleId: { type: 'string' },
    ...SETTINGS,
  },
};
