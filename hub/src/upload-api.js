import { CONTAINER } from './blob-store.js';
import { logSchema, queryOf } from './log-api.js';

const READ_LIFETIME = 60 * 60 * 1000;

/**
 * The notifications of a device about its file uploads.
 * @param {import('fastify').FastifyInstance} app
 * @param {string} path of the device
 * @param {(request: {params: Record<string, any>}) => import('./identity.js').Identity} find
 * @param {import('./blob-store.js').BlobStore} blobs
 */
export function addUploadApi(app, path, find, blobs) {
  app.get(`${path}/uploads`, { schema: UPLOADS }, async (request) => {
    const uploads = await find(request).uploads.read(queryOf(request));
    return { uploads: uploads.map((upload) => describeUpload(upload, request, blobs)) };
  });
}

/** Adds the URL of the stored blob, if there is one. */
function describeUpload(upload, { protocol, host }, blobs) {
  const { blobName } = upload;
  const blob = blobs.find(blobName);
  const path = blobName.split('/').map(encodeURIComponent).join('/');
  const token = blobs.sign(blobName, Date.now() + READ_LIFETIME);
  return {
    ...upload,
    blobSizeInBytes: blob?.size ?? null,
    blobUrl: blob ? `${protocol}://${host}/${CONTAINER}/${path}${token}` : null,
  };
}

const UPLOADS = logSchema(
  'Returns the notifications of file uploads, the newest 1,000',
  'uploads',
  {
    sequence: { type: 'integer' },
    correlationId: { type: 'string' },
    blobName: { type: 'string' },
    isSuccess: { type: 'boolean' },
    statusCode: { type: ['integer', 'null'] },
    statusDescription: { type: ['string', 'null'] },
    enqueuedTime: { type: 'string', description: 'ISO 8601' },
    blobSizeInBytes: { type: ['integer', 'null'] },
    blobUrl: {
      type: ['string', 'null'],
      description: 'gives access to the blob for an hour, if there is one',
    },
  },
);
