import { WebSocket, WebSocketServer } from 'ws';

import { frame, kinds, readFrame } from '../../www/fleet/tunnel-frames.js';

const PATH = '/tunnel';
const HUB = /^wss:\/\/[a-z0-9-]+\.azure-devices\.net\//i;

/**
 * The other end of the simulator's tunnel: opens WebSockets to hubs for pages of this server,
 * because a browser opens only a few hundred.
 * @param {import('node:http').Server} httpServer
 * @param {object} options
 * @param {(headers: object) => boolean} options.isAllowed whether a page may have a tunnel
 * @param {string} options.endpoint the only allowed endpoint besides those of Azure
 * @returns {() => void} closes all
 */
export function acceptTunnels(httpServer, { isAllowed, endpoint }) {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  httpServer.on('upgrade', (request, socket, head) => {
    if (request.url !== PATH || !isAllowed(request.headers)) return socket.destroy();
    server.handleUpgrade(request, socket, head, (page) => carry(page, endpoint));
  });
  return () => {
    for (const page of server.clients) page.terminate();
  };
}

/** Opens, writes to and closes WebSockets for the page until it disconnects. */
function carry(page, endpoint) {
  const hubs = new Map();
  page.on('error', () => page.terminate());
  page.on('message', (bytes) => {
    try {
      take(readFrame(bytes));
    } catch {
      // Pages of this server never send this: half a frame, no URL, data for a socket that is not
      // open.
      page.terminate();
    }
  });
  page.on('close', () => {
    for (const hub of hubs.values()) hub.terminate();
  });

  function take({ kind, channel, content }) {
    if (kind === kinds.open) {
      const url = content.toString();
      if (url.startsWith(endpoint) || HUB.test(url)) hubs.set(channel, connect(channel, url));
      else tellClosed(page, channel, 1008, 'this is not a hub in Azure');
    } else if (kind === kinds.data) {
      hubs.get(channel)?.send(content, () => {});
    } else if (kind === kinds.close) {
      hubs.get(channel)?.close();
    }
  }

  function connect(channel, url) {
    const hub = new WebSocket(url, 'mqtt', { perMessageDeflate: false });
    let reason = '';
    hub.on('open', () => page.send(frame(kinds.opened, channel, Buffer.from(hub.protocol))));
    hub.on('message', (data) => page.send(frame(kinds.data, channel, data)));
    hub.on('error', ({ message }) => (reason = message));
    hub.on('close', (code, said) => {
      hubs.delete(channel);
      tellClosed(page, channel, code, said.toString() || reason);
    });
    return hub;
  }
}

function tellClosed(page, channel, code, reason) {
  const content = Buffer.from(JSON.stringify({ code, reason }));
  page.send(frame(kinds.closed, channel, content), () => {});
}
