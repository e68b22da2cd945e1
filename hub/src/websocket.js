import { STATUS_CODES } from 'node:http';
import { TLSSocket } from 'node:tls';
import { WebSocketServer } from 'ws';
import { Connection } from './connection.js';
import { requestCertificate, resetTcp } from './tls.js';

export const WEB_SOCKET_PATH = '/$iothub/websocket';
/** Microsoft's .NET clients use this path to register. */
const ROOT_PATH = '/';
const MAX_FRAME = 16 * 1024 * 1024;

/** @typedef {import('node:http').IncomingMessage & {url: string}} Upgrade */

/**
 * Handles the WebSocket upgrades of HTTP servers.
 * @param {import('node:http').Server[]} httpServers
 * @param {import('./server.js').Hub} hub
 * @returns {() => void} closes every connection
 */
export function acceptWebSockets(httpServers, hub) {
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME,
    handleProtocols: (offered) => [...offered].find(isMqtt) ?? false,
  });
  const connections = new Set();
  for (const httpServer of httpServers) {
    httpServer.on(
      'upgrade',
      (/** @type {Upgrade} */ request, /** @type {import('node:net').Socket} */ socket, head) => {
        socket.on('error', () => socket.destroy());
        if (hub.faults.refuseUpgrade === 'reset') {
          resetTcp(socket);
          return;
        }
        const refusal = whyRefused(request, hub);
        if (refusal) refuse(socket, ...refusal);
        else accept(server, hub, { request, socket, head }, connections);
      },
    );
  }
  return () => {
    for (const connection of connections) connection.cut('the hub was closed');
  };
}

async function accept(server, hub, { request, socket, head }, connections) {
  const { url } = request;
  const clientCertificate = asksForNoCertificate(url)
    ? undefined
    : await requestCertificate(socket);
  server.handleUpgrade(request, socket, head, (webSocket) => {
    const { protocol } = webSocket;
    const secure = socket instanceof TLSSocket;
    const transport = { url, protocol, secure, clientCertificate };
    const connection = new Connection(hub, webSocket, socket, transport);
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  });
}

const isMqtt = (protocol) => protocol.toLowerCase() === 'mqtt';

export const pathOf = (url) => url.split('?')[0];

const asksForNoCertificate = (url) =>
  new URLSearchParams(url.split('?')[1]).get('iothub-no-client-cert') === 'true';

function whyRefused({ url, headers }, { faults, settings }) {
  const path = pathOf(url);
  if (path !== WEB_SOCKET_PATH && path !== ROOT_PATH) {
    return [400, `The path is ${path}, not ${WEB_SOCKET_PATH}.`];
  }
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (!offered.some(isMqtt)) return [400, 'Sec-WebSocket-Protocol must offer mqtt.'];
  if (headers.origin !== undefined && !settings.acceptBrowsers) {
    return [403, 'Browsers are refused, because the setting acceptBrowsers is off.'];
  }
  if (faults.refuseUpgrade) return [503, 'Upgrades are refused, because of an injected fault.'];
  return undefined;
}

function refuse(socket, status, reason) {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: text/plain',
    `Content-Length: ${Buffer.byteLength(reason)}`,
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${reason}`);
}
