/** Shared steps of the transport tests. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test as nodeTest } from 'node:test';
import { inspect } from 'node:util';

import {
  abortSocket,
  createTransport,
  openSocket,
  request,
} from '../../../pkg-template/transport.node.js';
import { createAuthority } from './certificates.mjs';

export const PASSWORD = 'p@ss/word';
export const PASS_PHRASE = 'the pass phrase';
export const CREDENTIALS = `user:${encodeURIComponent(PASSWORD)}@`;
export const TOKEN = 'SharedAccessSignature sr=hub&sig=secret';
export const PAYLOAD = Buffer.alloc(100_000, 'x');

export const authority = await createAuthority('the authority');
export const stranger = await createAuthority('a stranger');
export const LOCAL = { dns: ['localhost'], ip: ['127.0.0.1'] };
export const serverTls = await authority.issue('a server', LOCAL);
export const device = await authority.issue('the device');
export const trusting = { serverVerificationCert: authority.pem };

export const test = (name, work) => nodeTest(name, { timeout: 40_000 }, work);

/** Resolves with a socket that is open, rejects with the reason for which it is not. */
export async function open(t, url, options) {
  const socket = openSocket(url, createTransport(options ?? {}));
  t.after(() => abortSocket(socket));
  await once(socket, 'open');
  return socket;
}

export async function echo(socket, data) {
  socket.send(data);
  const [answer] = await once(socket, 'message');
  return answer;
}

export function get(url, options) {
  return request(url, { method: 'GET' }, createTransport(options ?? {}));
}

/** Sends the payload both ways by WebSocket and by HTTP. */
export async function exchange(t, server, host, options) {
  const transport = createTransport(options);
  const socket = openSocket(server.url('ws', host), transport);
  t.after(() => abortSocket(socket));
  await once(socket, 'open');
  assert.deepEqual(await echo(socket, PAYLOAD), PAYLOAD);
  const closed = once(socket, 'close');
  socket.close();
  await closed;

  const message = { method: 'POST', body: PAYLOAD.toString() };
  const answer = await request(server.url('http', host), message, transport);
  assert.equal(answer.status, 200);
  assert.equal(JSON.parse(answer.body).body, PAYLOAD.toString());
}

/** Neither a WebSocket nor a request gets through; both say why. */
export async function assertRefused(t, server, options, pattern, host) {
  for (const attempt of [
    () => open(t, server.url('ws', host), options),
    () => get(server.url('http', host), options),
  ]) {
    await assert.rejects(attempt, (error) => {
      assert.match(error.message, pattern);
      assertNoSecret(error);
      return true;
    });
  }
}

export function assertNoSecret(value) {
  const shown = inspect(value, { depth: null, showHidden: true }) + JSON.stringify(value, hide());
  const encoded = Buffer.from(`user:${PASSWORD}`).toString('base64');
  const key = device.key.split('\n')[1];
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), encoded, PASS_PHRASE, key, TOKEN]) {
    assert.ok(!shown.includes(secret), `a secret is shown: ${secret}`);
  }
}

/** Removes circular references of sockets, which JSON does not support. */
function hide() {
  const seen = new Set();
  return (_, value) => {
    if (typeof value === 'bigint' || seen.has(value)) return undefined;
    if (typeof value === 'object') seen.add(value);
    return value;
  };
}

export function assertTypeError(create, pattern) {
  assert.throws(create, (error) => {
    assert.equal(error.constructor, TypeError, error.stack);
    assert.match(error.message, pattern);
    assertNoSecret(error);
    return true;
  });
}
