/** Servers that report what they receive from a client. */
import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';

import { WebSocketServer } from 'ws';

/**
 * Echoes each WebSocket message, and responds to each HTTP request with a description of it.
 * @param {import('node:test').TestContext} t
 * @param {https.ServerOptions} [tls] without it, the server speaks HTTP
 */
export async function startServer(t, tls) {
  const server = tls
    ? https.createServer({ requestCert: true, rejectUnauthorized: false, ...tls })
    : http.createServer();
  const connections = [];
  server.on(tls ? 'secureConnection' : 'connection', (socket) => {
    connections.push({
      cipher: socket.getCipher?.().name,
      client: socket.getPeerCertificate?.().subject?.CN,
    });
  });
  server.on('request', async (request, response) => {
    const { method, url, headers } = request;
    response.statusCode = url === '/teapot' ? 418 : 200;
    response.end(JSON.stringify({ method, url, headers, body: await text(request) }));
  });
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  const port = await listen(t, server);
  return {
    /** What the last connection revealed about itself. */
    last: () => connections.at(-1),
    url: (scheme, host = 'localhost') => `${scheme}${tls ? 's' : ''}://${host}:${port}/`,
    port,
  };
}

/** A port that accepts connections and never responds. */
export async function startSilentServer(t) {
  const server = createServer();
  return { server, port: await listen(t, server) };
}

/** Listens on a free port, until the test ends. */
export async function listen(t, server) {
  const sockets = new Set();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return server.address().port;
}
