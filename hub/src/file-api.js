import { whyNoAccess } from './access.js';
import { CONTAINER } from './blob-store.js';
import { allowAnyOrigin } from './cors.js';
import { HubError } from './errors.js';
import { requestCertificate } from './tls.js';

const LIFETIME = 60 * 60 * 1000;
const MAX_BLOB_NAME = 1024;

/**
 * File upload as devices do it: the place for the blob, and the notification after it.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./server.js').Hub} hub
 */
export function addFileApi(app, hub) {
  const files = '/devices/:deviceId/files';
  const notifications = `${files}/notifications`;
  app.register(async (scope) => {
    allowAnyOrigin(scope, [files, notifications, `${notifications}/:correlationId`]);
    scope.decorateRequest('device', null);
    scope.addHook('preValidation', async (request) => {
      if (request.method === 'POST') request.device = await authenticate(request, hub);
    });
    scope.post(files, { schema: { body: UPLOAD } }, (request) => beginUpload(request, hub.blobs));
    for (const path of [notifications, `${notifications}/:correlationId`]) {
      scope.post(path, { schema: { body: OUTCOME } }, (request, reply) => {
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
  if (filesStatus) throw HubError.ofStatus(filesStatus, 'The status is what a fault asked for.');
  if (!request.query['api-version']) {
    throw new HubError('InvalidProtocolVersion', 'The query has no api-version.');
  }
  const reason = await whyUnauthorized(request, device, hub);
  if (reason) throw new HubError('IotHubUnauthorized', `Unauthorized: ${reason}.`);
  if (noStorage) {
    throw new HubError(
      'DefaultStorageEndpointNotConfigured',
      'The hub has no storage account, as a fault was asked for.',
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
    // The name under which the client reached the hub is one that it can reach.
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

const UPLOAD = {
  type: 'object',
  required: ['blobName'],
  properties: { blobName: { type: 'string', minLength: 1, maxLength: MAX_BLOB_NAME } },
};

const OUTCOME = {
  type: 'object',
  required: ['isSuccess'],
  properties: {
    correlationId: { type: 'string' },
    isSuccess: { type: 'boolean' },
    statusCode: { type: 'integer' },
    statusDescription: { type: ['string', 'null'] },
  },
};
