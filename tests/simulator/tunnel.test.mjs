import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';

import { generate } from 'mqtt-packet';
import { WebSocket } from 'ws';

import { servePage } from '../../scripts/start/page-server.mjs';
import { frame, kinds } from '../../www/fleet/tunnel-frames.js';
import { allowManySockets } from '../../www/fleet/tunnel.js';
import { hub, test } from './support.mjs';

/** `WebSocket` as in a page of the server, where one is opened directly. */
async function openTunnel(t, { hasTunnel = true } = {}) {
  const server = await servePage({ hub });
  const { tunnel } = await (await fetch(`${server.url}/local-hub.json`)).json();
  const before = globalThis.WebSocket;
  globalThis.WebSocket = class extends WebSocket {
    constructor(url, protocol) {
      super(url, protocol, { origin: server.url });
      // A browser throws nothing.
      this.on('error', () => {});
    }
  };
  allowManySockets(hasTunnel ? tunnel : undefined, 1);
  const ManySockets = globalThis.WebSocket;
  globalThis.WebSocket = before;
  const direct = new ManySockets(hub.endpoint, 'mqtt');
  t.after(async () => {
    direct.close();
    await server.close();
  });
  return { server, tunnel, direct, open: (url) => new ManySockets(url, 'mqtt') };
}

/** The next event of a kind. */
const next = (socket, type) =>
  new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));

test('one socket more than a browser opens still reaches the hub', async (t) => {
  const { direct, open } = await openTunnel(t);
  assert.ok(direct instanceof WebSocket);
  const socket = open(hub.endpoint);
  assert.ok(!(socket instanceof WebSocket));
  await next(socket, 'open');
  assert.equal(socket.protocol, 'mqtt');
  const message = next(socket, 'message');
  // A device that the hub does not know.
  const connect = { cmd: 'connect', clientId: 'nobody', username: 'x', password: Buffer.from('x') };
  socket.send(generate(connect));
  const answer = new Uint8Array((await message).data);
  assert.deepEqual([answer[0] >> 4, answer.length], [2, 4]);
  const { code } = await next(socket, 'close');
  assert.equal(typeof code, 'number');
});

test('a socket that is closed leaves the hub, and the others stay', async (t) => {
  const { open } = await openTunnel(t);
  const [one, other] = [open(hub.endpoint), open(hub.endpoint)];
  await Promise.all([next(one, 'open'), next(other, 'open')]);
  const left = [];
  other.onclose = () => left.push('other');
  one.close(1000);
  await next(one, 'close');
  const third = open(hub.endpoint);
  await next(third, 'open');
  assert.deepEqual(left, []);
});

test('a place is free again when its socket has closed', async (t) => {
  const { direct, open } = await openTunnel(t);
  await next(direct, 'open');
  direct.close();
  await next(direct, 'close');
  const socket = open(hub.endpoint);
  assert.ok(socket instanceof WebSocket);
  await next(socket, 'open');
  socket.close();
});

test('an unreachable hub is reported with the reason', async (t) => {
  const { open } = await openTunnel(t);
  const { reason } = await next(open('wss://no-such-hub.azure-devices.net/x'), 'close');
  assert.match(reason, /no-such-hub|ENOTFOUND|EAI_AGAIN|ECONNREFUSED/);
});

test('the tunnel leads to hubs only', async (t) => {
  const { open } = await openTunnel(t);
  const others = [
    'ws://127.0.0.1:1/',
    'wss://evil.example/',
    'wss://x.azure-devices.net.evil.example/',
  ];
  for (const url of others) {
    const { code, reason } = await next(open(url), 'close');
    assert.deepEqual([code, reason], [1008, 'this is not a hub in Azure']);
  }
});

test('the sockets in a tunnel are lost with it, and the next socket opens another', async (t) => {
  const { server, tunnel, open } = await openTunnel(t);
  const socket = open(hub.endpoint);
  await next(socket, 'open');
  const closed = next(socket, 'close');
  await server.close();
  assert.equal((await closed).code, 1006);
  assert.equal((await next(open(hub.endpoint), 'close')).code, 1006);
  assert.match(tunnel, /^ws:/);
});

test('without a tunnel one socket too many is a readable error', async (t) => {
  const { open } = await openTunnel(t, { hasTunnel: false });
  assert.throws(() => open(hub.endpoint), /no more than about 1 WebSockets.*npm start/);
});

test('only pages of the server get a tunnel', async (t) => {
  const { tunnel } = await openTunnel(t);
  for (const origin of [undefined, 'https://example.com', 'http://localhost:1']) {
    const [error] = await once(new WebSocket(tunnel, { origin }), 'error');
    assert.match(error.message, /hang up|ECONNRESET/);
  }
  const headers = { host: 'example.com' };
  const options = { origin: 'http://example.com', headers };
  const [error] = await once(new WebSocket(tunnel, options), 'error');
  assert.match(error.message, /hang up|ECONNRESET/);
});

test('a page that sends invalid data loses its tunnel, and no other page loses its own', async (t) => {
  const { server, tunnel, open } = await openTunnel(t);
  const good = open(hub.endpoint);
  await next(good, 'open');
  const ofGood = [];
  good.onclose = () => ofGood.push('close');
  const openWith = (url) => frame(kinds.open, 1, Buffer.from(url));
  const wrong = {
    'half a frame': [Buffer.from([kinds.open])],
    'no URL of a WebSocket': [openWith('wss://a.azure-devices.net/#x')],
    'data too early': [openWith(hub.endpoint), frame(kinds.data, 1, Buffer.from('x'))],
  };
  for (const [name, frames] of Object.entries(wrong)) {
    const page = new WebSocket(tunnel, { origin: server.url });
    await next(page, 'open');
    for (const bytes of frames) page.send(bytes);
    const { code } = await next(page, 'close');
    assert.equal(code, 1006, name);
  }
  const { hostname, port } = new URL(server.url);
  const nameless = connectSocket(port, hostname);
  nameless.on('error', () => {});
  nameless.write(
    'GET /tunnel HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
  );
  nameless.resume();
  await once(nameless, 'close');
  await next(open(hub.endpoint), 'open');
  assert.deepEqual(ofGood, []);
});
