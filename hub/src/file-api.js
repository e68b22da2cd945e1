import { whyNoAccess } from './access.js';
import { CONTAINER } from './blob-store.js';
import { HubError } from './errors.js';
import { anyError, describeScope, empty, errors } from './openapi.js';
import { API_VERSION, requireApiVersion } from './service-api.js';
import { requestCertificate } from './tls.js';

const LIFETIME = 60 * 60 * 1000;
const MAX_BLOB_NAME = 1024;

/**
 * The device's side of file uploads: it requests the blob's URL, and reports the outcome.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./server.js').Hub} hub
 */
export function addFileApi(app, hub) {
  const files = '/devices/:deviceId/files';
  const notifications = `${files}/notifications`;
  app.register(async (/** @type {import('fastify').FastifyInstance} */ scope) => {
    describeScope(scope, { tags: ['files'], querystring: API_VERSION });
    scope.decorateRequest('device');
    scope.addHook('preValidation', async (request) => {
      request.device = await authenticate(request, hub);
    });
    scope.post(files, { schema: BEGIN }, (request) => beginUpload(request, hub.blobs));
    for (const path of [notifications, `${notifications}/:correlationId`]) {
      scope.post(path, { schema: END }, (request, reply) => {
        endUpload(request);
        reply.code(204).send();
      });
    }
  });
}

async function authenticate(request, hub) {
  const { deviceId } = request.params;
  const device = hub.devices.find(deviceId);
  const { filesStatus, noStorage } = device?.faults ?? {};
  if (filesStatus) throw HubError.ofStatus(filesStatus, 'An injected fault requires this status.');
  await requireApiVersion(request);
  const reason = await whyUnauthorized(request, device, hub);
  if (reason) throw new HubError('IotHubUnauthorized', `Unauthorized: ${reason}.`);
  if (noStorage) {
    throw new HubError(
      'DefaultStorageEndpointNotConfigured',
      'The hub has no storage account, because of an injected fault.',
    );
  }
  return device;
}

async function whyUnauthorized(request, device, hub) {
  if (!device) return `there is no device "${request.params.deviceId}"`;
  if (!device.isEnabled) return `the device "${device.deviceId}" is disabled`;
  const sas = request.headers.authorization;
  const certificate = sas ? undefined : await requestCertificate(request.raw.socket);
  return whyNoAccess(device, { sas, certificate }, hub);
}

function beginUpload({ body, device, host }, blobs) {
  const blobName = `${device.deviceId}/${body.blobName}`;
  const expires = device.now + LIFETIME;
  return {
    correlationId: device.uploads.begin({ blobName, expires }, device.now),
    // The client can reach the hub by the name in its own request.
    hostName: host,
    containerName: CONTAINER,
    blobName,
    sasToken: blobs.sign(blobName, expires),
  };
}

function endUpload({ body, device, params }) {
  const { correlationId = params.correlationId } = body;
  if (correlationId === undefined) {
    throw new HubError('ArgumentInvalid', 'correlationId is missing.');
  }
  const { isSuccess, statusCode = null, statusDescription = null } = body;
  device.uploads.end(correlationId, { isSuccess, statusCode, statusDescription }, device.now);
}

const BEGIN = {
  summary: "Begins a file upload; the header authorization has the device's own SAS token",
  body: {
    type: 'object',
    required: ['blobName'],
    properties: { blobName: { type: 'string', minLength: 1, maxLength: MAX_BLOB_NAME } },
  },
  response: {
    200: {
      type: 'object',
      description: 'Where to PUT it: {scheme}://{hostName}/{containerName}/{blobName}{sasToken}',
      properties: {
        correlationId: { type: 'string' },
        hostName: { type: 'string' },
        containerName: { type: 'string' },
        blobName: { type: 'string' },
        sasToken: { type: 'string' },
      },
    },
    ...anyError,
    ...errors(403),
  },
};

const END = {
  summary: 'Notifies the hub of the end of a file upload',
  body: {
    type: 'object',
    required: ['isSuccess'],
    properties: {
      correlationId: { type: 'string', description: 'required, unless it is in the path' },
      isSuccess: { type: 'boolean' },
      statusCode: { type: 'integer' },
      statusDescription: { type: ['string', 'null'] },
    },
  },
  response: { 204: empty('It is noted.'), ...anyError },
};
