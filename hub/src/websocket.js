import { STATUS_CODES } from 'node:http';
import { WebSocketServer } from 'ws';
import { Connection } from './connection.js';

export const WEB_SOCKET_PATH = '/$iothub/websocket';
const MAX_FRAME = 16 * 1024 * 1024;

/**
 * Takes the WebSocket upgrades of an HTTP server.
 * @param {import('node:http').Server} httpServer
 * @param {object} hub
 * @returns {() => void} cuts every connection
 */
export function acceptWebSockets(httpServer, hub) {
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_FRAME,
    handleProtocols: (offered) => [...offered].find(isMqtt),
  });
  httpServer.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const refusal = whyRefused(request, hub);
    if (refusal) return refuse(socket, ...refusal);
    server.handleUpgrade(request, socket, head, (webSocket) => {
      new Connection(hub, webSocket, socket);
    });
  });
  return () => {
    for (const webSocket of server.clients) webSocket.terminate();
  };
}

const isMqtt = (protocol) => protocol.toLowerCase() === 'mqtt';

function whyRefused({ url, headers }, { devices }) {
  const [path] = url.split('?');
  if (path !== WEB_SOCKET_PATH) return [400, `The path is ${path}, not ${WEB_SOCKET_PATH}.`];
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (!offered.some(isMqtt)) return [400, 'Sec-WebSocket-Protocol must offer mqtt.'];
  if (devices.some((device) => device.faults.refuseUpgrade)) {
    return [503, 'Upgrades are refused, as a fault was asked for.'];
  }
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
