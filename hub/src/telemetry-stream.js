import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { errors } from './openapi.js';

/** Proxies and browsers eventually close a silent connection. */
const HEARTBEAT_SECONDS = 15;

/**
 * Live telemetry as Server-Sent Events. Starts with new messages; with `after`, after this sequence
 * number; with `Last-Event-ID`, where the reader was disconnected.
 * @param {import('fastify').FastifyInstance} app
 * @param {string} path
 * @param {(request: {params: Record<string, any>}) => import('./event-log.js').EventLog} logOf
 * @param {(entry: any) => object} describe creates the data of an event
 * @param {import('./server.js').Hub} hub
 */
export function addTelemetryStream(app, path, logOf, describe, { store }) {
  // Numbers restart with each process, so those of another process mean nothing here.
  const run = randomUUID().slice(0, 8);
  const startOf = ({ headers, query }, log) => {
    const id = headers['last-event-id'];
    if (!id) return query.after === undefined ? log.last : Number(query.after);
    const [, itsRun, sequence] = /^(\w+)-(\d+)$/.exec(id) ?? [];
    // A duplicate is better than a gap.
    return itsRun === run ? Number(sequence) : 0;
  };
  const toEvent = (entry) =>
    `id: ${run}-${entry.sequence}\ndata: ${JSON.stringify(describe(entry))}\n\n`;

  app.get(path, { schema: SCHEMA }, (request, reply) => {
    const log = logOf(request);
    const events = follow(log, startOf(request, log), request.gone, store, toEvent);
    reply.type('text/event-stream').header('cache-control', 'no-store');
    return reply.send(Readable.from(events));
  });
}

async function* follow(log, start, signal, store, toEvent) {
  // Sent immediately, so that the reader knows that it is connected.
  yield ': telemetry follows\n\n';
  for (let last = start; !signal.aborted;) {
    const entries = await log.read({ after: last, timeout: HEARTBEAT_SECONDS, signal });
    // No event may report anything that killing the process could undo.
    await new Promise((resolve) => store.whenSaved(resolve));
    if (entries.length === 0) yield ':\n\n';
    yield* entries.map(toEvent);
    last = entries.at(-1)?.sequence ?? last;
  }
}

const SCHEMA = {
  summary: 'Follows the telemetry as Server-Sent Events',
  description: `The data of an event is a message as in the history of a device, with deviceId and
moduleId in the stream of all devices. Last-Event-ID continues an interrupted stream.`,
  querystring: {
    type: 'object',
    properties: {
      after: { type: 'string', pattern: '^\\d+$', description: 'starts after this number' },
    },
  },
  headers: { type: 'object', properties: { 'last-event-id': { type: 'string' } } },
  response: {
    200: {
      description: 'events until the reader disconnects',
      content: { 'text/event-stream': { schema: { type: 'string' } } },
    },
    ...errors(404),
  },
};
