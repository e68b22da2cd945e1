import { readFileSync } from 'node:fs';
import { HubError } from './errors.js';
import { isLoopback, nameOf, refuseOtherNames } from './http.js';
import { version } from './openapi.js';
import { serviceConnectionString } from './policies.js';
import { describeAnyMessage } from './telemetry.js';
import { addTelemetryStream } from './telemetry-stream.js';

/** The maximum number of rows: nobody reads a longer table. */
const MAX_DEVICES = 500;

const FILES = [
  { path: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { path: '/page/style.css', file: 'style.css', type: 'text/css; charset=utf-8' },
  { path: '/page/script.js', file: 'script.js', type: 'text/javascript; charset=utf-8' },
];

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
  "img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/**
 * The page at `/` shows the state of the hub to people at this machine. It needs no token: requests
 * must use one of the hub's names, and pages of other origins cannot read the responses.
 * @param {import('fastify').FastifyInstance} app
 * @param {import('./server.js').Hub} hub
 * @param {{names: string[]}} options the names that requests may use
 */
export function addPage(app, hub, { names }) {
  app.register(async (/** @type {import('fastify').FastifyInstance} */ scope) => {
    refuseOtherNames(scope, names);
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, cors: false };
      route.schema = { ...route.schema, hide: true };
    });
    scope.addHook('onRequest', async (request, reply) => {
      reply.header('cache-control', 'no-store').header('content-security-policy', POLICY);
    });
    addFiles(scope);
    scope.register(async (/** @type {import('fastify').FastifyInstance} */ data) => {
      data.addHook('onRequest', refuseOtherPages);
      addData(data, hub);
    });
  });
}

function addFiles(scope) {
  for (const { path, file, type } of FILES) {
    const text = readFileSync(new URL(`../page/${file}`, import.meta.url));
    scope.get(path, (request, reply) => reply.type(type).send(text));
  }
}

function addData(scope, hub) {
  const { hostname, endpoints, devices } = hub;
  const shown = () => devices.withModules.slice(0, MAX_DEVICES);

  scope.get('/page/devices', () => ({
    version,
    hostname,
    ...endpoints,
    count: devices.withModules.length,
    lastMessage: devices.telemetry.last,
    devices: shown().map(describe),
  }));

  scope.get('/page/connection-strings', { onRequest: refuseOtherMachines }, () => ({
    service: serviceConnectionString(hub),
    devices: shown().map((identity) => ({
      id: identity.id,
      connectionString: identity.connectionString(hostname),
    })),
  }));

  addTelemetryStream(scope, '/page/telemetry', () => devices.telemetry, describeAnyMessage, hub);
}

const describe = (identity) => ({
  id: identity.id,
  isEnabled: identity.isEnabled,
  isConnected: identity.isConnected,
  connections: identity.connections,
  pendingMessages: identity.messages.pending,
});

/** Browsers send where a request comes from, and no page can change that. */
async function refuseOtherPages({ headers }) {
  const site = headers['sec-fetch-site'] ?? 'none';
  if (['same-origin', 'none'].includes(site)) return;
  throw new HubError('IotHubUnauthorizedAccess', 'Only the page of the hub may request this.');
}

/** Keys are for people at this machine. */
async function refuseOtherMachines({ hostname }) {
  if (isLoopback(nameOf(hostname))) return;
  throw new HubError(
    'IotHubUnauthorizedAccess',
    'Connection strings are shown only if the page is opened as localhost or 127.0.0.1.',
  );
}
