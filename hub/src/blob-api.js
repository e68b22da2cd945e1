import { randomUUID } from 'node:crypto';
import { CONTAINER, md5Of } from './blob-store.js';
import { describeScope, empty } from './openapi.js';

const MAX_BODY = 256 * 1024 * 1024;
const VERSION = '2018-03-28';

/** HTTP status and message of the storage service's errors. */
const ERRORS = {
  InvalidHeaderValue: [400, 'The value of an HTTP header is not in the correct format.'],
  InvalidQueryParameterValue: [400, 'The value of a query parameter is invalid.'],
  InvalidBlockList: [400, 'The specified block list is invalid.'],
  Md5Mismatch: [400, 'Content-MD5 does not match the body.'],
  AuthenticationFailed: [403, 'The SAS token does not give access to this blob.'],
  BlobNotFound: [404, 'The specified blob does not exist.'],
};

/**
 * The operations of Azure Storage that uploads need: Put Blob, Put Block, Put Block List, Get Blob.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./server.js').Hub} hub
 */
export function addBlobApi(app, { blobs }) {
  const path = `/${CONTAINER}/*`;
  app.register(async (/** @type {import('fastify').FastifyInstance} */ scope) => {
    describeScope(scope, { tags: ['blobs'], isSecured: false, response: ERROR_RESPONSE });
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) =>
      done(null, body),
    );
    scope.addHook('onRequest', async (request, reply) => {
      reply.headers({ 'x-ms-request-id': randomUUID(), 'x-ms-version': VERSION });
      const reason = blobs.whyRefused(nameOf(request), request.query);
      return reason && sendError(reply, 'AuthenticationFailed', reason);
    });
    const options = { bodyLimit: MAX_BODY, schema: PUT };
    scope.put(path, options, (request, reply) => put(request, reply, blobs));
    scope.get(path, { schema: GET }, async (request, reply) => {
      const blob = blobs.find(nameOf(request));
      if (!blob) return sendError(reply, 'BlobNotFound');
      describe(reply, blob).type(blob.contentType).header('x-ms-blob-type', 'BlockBlob');
      return reply.send(await blobs.read(blob));
    });
  });
}

/** The router limits the length of parameters, but blob names may be longer. */
function nameOf({ url }) {
  const [path] = url.slice(`/${CONTAINER}/`.length).split('?');
  return decodeURIComponent(path);
}

async function put(request, reply, blobs) {
  const { headers, query, body = Buffer.alloc(0) } = request;
  const isWrongQuery = (why) => sendError(reply, 'InvalidQueryParameterValue', why);
  if (headers['content-md5'] && headers['content-md5'] !== md5Of(body)) {
    return sendError(reply, 'Md5Mismatch');
  }
  const name = nameOf(request);
  switch (query.comp) {
    case undefined:
      if (headers['x-ms-blob-type'] !== 'BlockBlob') {
        return sendError(reply, 'InvalidHeaderValue', 'x-ms-blob-type must be BlockBlob.');
      }
      return sendCreated(reply, await blobs.put(name, body, contentTypeOf(headers)));
    case 'block':
      if (!query.blockid) return isWrongQuery('blockid is missing.');
      await blobs.putBlock(name, query.blockid, body);
      return reply.code(201).header('content-md5', md5Of(body)).send();
    case 'blocklist': {
      const ids = blockIdsOf(body.toString());
      const blob = await blobs.putBlockList(name, ids, headers['x-ms-blob-content-type']);
      return blob ? sendCreated(reply, blob) : sendError(reply, 'InvalidBlockList');
    }
    default:
      return isWrongQuery(`comp=${query.comp} is not supported.`);
  }
}

const contentTypeOf = (headers) => headers['x-ms-blob-content-type'] ?? headers['content-type'];

/** Block ids are base64, so nothing in them is escaped. */
const blockIdsOf = (xml) =>
  [...xml.matchAll(/<(Latest|Uncommitted|Committed)>([^<]+)<\/\1>/g)].map(([, , id]) => id);

const describe = (reply, { etag, modified, md5 }) =>
  reply.headers({ etag, 'last-modified': modified.toUTCString(), 'content-md5': md5 });

const sendCreated = (reply, blob) =>
  describe(reply, blob).code(201).header('x-ms-request-server-encrypted', 'true').send();

function sendError(reply, code, reason) {
  const [status, message] = ERRORS[code];
  const text = escapeXml(reason ?? message);
  return reply
    .code(status)
    .type('application/xml')
    .header('x-ms-error-code', code)
    .send(
      '<?xml version="1.0" encoding="utf-8"?>' +
        `<Error><Code>${code}</Code><Message>${text}</Message></Error>`,
    );
}

const escapeXml = (text) => text.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`);

const ERROR_RESPONSE = {
  '4xx': {
    description: 'the header x-ms-error-code contains the error code, too',
    content: { 'application/xml': { schema: { type: 'string' } } },
  },
};

const PARAMS = {
  type: 'object',
  properties: {
    '*': { type: 'string', description: 'the name of the blob; its slashes are not encoded' },
  },
};

const SAS = {
  sv: { type: 'string' },
  sr: { type: 'string' },
  sig: { type: 'string' },
  se: { type: 'string' },
  sp: { type: 'string' },
};

const PUT = {
  summary: 'Stores a blob, a block or a block list; the SAS token is the query',
  params: PARAMS,
  querystring: {
    type: 'object',
    properties: {
      ...SAS,
      comp: {
        type: 'string',
        description: 'block or blocklist; without it, the body is the whole blob',
      },
      blockid: { type: 'string' },
    },
  },
  response: { 201: empty('It is stored.') },
};

const GET = {
  summary: 'Returns a blob; the SAS token is the query',
  params: PARAMS,
  querystring: { type: 'object', properties: SAS },
  response: { 200: { description: 'the bytes', content: { '*/*': { schema: {} } } } },
};
