/** Proxies that report what they have carried. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

import { Server as HttpProxyServer, RequestError } from 'proxy-chain';

import { listen } from './servers.mjs';

/**
 * @typedef {object} Tunnel
 * @property {string} destination `host:port` as the proxy was asked for it
 * @property {number} sent bytes from the client to the destination
 * @property {number} received bytes from the destination to the client
 */

/**
 * @typedef {object} HttpProxyOptions
 * @property {string} [user]
 * @property {string} [password]
 * @property {import('node:https').ServerOptions} [tls] speaks TLS with its clients
 * @property {boolean} [forbids] opens no tunnel
 */

/**
 * An HTTP proxy. `closed()` resolves with the next tunnel that has ended.
 * @param {HttpProxyOptions} [options]
 */
export async function startHttpProxy(t, { user, password, tls, forbids } = {}) {
  const destinations = new Map();
  const closed = queue();
  const proxy = new HttpProxyServer({
    port: 0,
    host: '127.0.0.1',
    ...(tls && { serverType: 'https', httpsOptions: tls }),
    prepareRequestFunction({ connectionId, hostname, port, ...request }) {
      if (forbids) throw new RequestError('not from here', 403);
      destinations.set(connectionId, `${hostname}:${port}`);
      const known = request.username === user && request.password === password;
      return { requestAuthentication: user !== undefined && !known };
    },
  });
  proxy.on('connectionClosed', ({ connectionId, stats }) => {
    const { trgTxBytes: sent, trgRxBytes: received } = stats;
    closed.put({ destination: destinations.get(connectionId), sent, received });
  });
  await proxy.listen();
  t.after(() => proxy.close(true));
  return { port: proxy.port, closed: closed.take };
}

/**
 * A proxy for SOCKS 4, 4a and 5 that relies on the loopback: each message of a client arrives in
 * one piece. `closed()` resolves with the next tunnel that has ended.
 * @param {{ user?: string, password?: string }} [options]
 */
export async function startSocksProxy(t, { user, password } = {}) {
  const closed = queue();
  const server = createServer(async (client) => {
    client.on('error', () => {});
    const hello = await next(client);
    const request = hello[0] === 4 ? socks4(hello) : await socks5(client, user, password);
    if (!request) {
      client.destroy();
      return;
    }
    const { host, port, granted, refused } = request;
    const target = connect(port, host);
    target.on('error', () => client.end(refused));
    target.on('connect', () => {
      client.write(granted);
      client.pipe(target).pipe(client);
      client.on('close', () => target.destroy());
    });
    target.on('close', () => {
      const { bytesWritten: sent, bytesRead: received } = target;
      closed.put({ destination: `${host}:${port}`, sent, received });
    });
  });
  return { port: await listen(t, server), closed: closed.take };
}

/** "SOCKS: A protocol for TCP proxy across firewalls", and its extension 4A. */
function socks4(hello) {
  const [, name] = hello.toString('latin1', 8).split('\0');
  const [a, b, c, d] = hello.subarray(4, 8);
  return {
    host: a === 0 && b === 0 && c === 0 ? name : [a, b, c, d].join('.'),
    port: hello.readUInt16BE(2),
    granted: Buffer.from([0, 90, 0, 0, 0, 0, 0, 0]),
    refused: Buffer.from([0, 91, 0, 0, 0, 0, 0, 0]),
  };
}

/** RFC 1928, and RFC 1929 for user and password. */
async function socks5(client, user, password) {
  client.write(Buffer.from([5, user === undefined ? 0 : 2]));
  if (user !== undefined) {
    const login = (await next(client)).toString('latin1', 1);
    const sized = (part) => String.fromCharCode(part.length) + part;
    const known = login === sized(user) + sized(password);
    client.write(Buffer.from([1, known ? 0 : 1]));
    if (!known) return undefined;
  }
  const request = await next(client);
  const isName = request[3] === 3;
  const answer = (code) => Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
  return {
    host: isName ? request.toString('latin1', 5, 5 + request[4]) : request.subarray(4, 8).join('.'),
    port: request.readUInt16BE(request.length - 2),
    granted: answer(0),
    refused: answer(5),
  };
}

async function next(socket) {
  const [data] = await once(socket, 'data');
  return data;
}

/** Values that may arrive before or after they are awaited. */
function queue() {
  const values = [];
  const takers = [];
  return {
    put(value) {
      const taker = takers.shift();
      if (taker) taker(value);
      else values.push(value);
    },
    take: () =>
      values.length > 0
        ? Promise.resolve(values.shift())
        : new Promise((resolve) => takers.push(resolve)),
  };
}
