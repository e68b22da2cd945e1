import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import {
  abortSocket,
  createTransport,
  openSocket,
  request,
} from '../../pkg-template/transport.node.js';
import { X509 } from '../../pkg-template/x509.js';
import {
  CREDENTIALS,
  LOCAL,
  PASSWORD,
  PASS_PHRASE,
  PAYLOAD,
  assertNoSecret,
  assertRefused,
  assertTypeError,
  authority,
  device,
  exchange,
  open,
  serverTls,
  stranger,
  test,
  trusting,
} from './transport/calls.mjs';
import { encryptKey } from './transport/certificates.mjs';
import { startHttpProxy, startSocksProxy } from './transport/proxies.mjs';
import { startServer, startSilentServer } from './transport/servers.mjs';

const login = { user: 'user', password: PASSWORD };

for (const [scheme, start, credentials, host] of [
  ['http', startHttpProxy, undefined, 'localhost'],
  ['http', startHttpProxy, login, '127.0.0.1'],
  ['socks4', startSocksProxy, undefined, '127.0.0.1'],
  ['socks4a', startSocksProxy, undefined, 'localhost'],
  ['socks5', startSocksProxy, undefined, '127.0.0.1'],
  ['socks5', startSocksProxy, login, '127.0.0.1'],
  ['socks5h', startSocksProxy, login, 'localhost'],
]) {
  const how = credentials ? 'with user and password' : 'without a password';
  for (const [kind, tls] of [['with TLS', serverTls], ['without TLS']]) {
    test(`a ${scheme}: proxy ${how} carries all bytes ${kind}`, async (t) => {
      const proxy = await start(t, credentials);
      const server = await startServer(t, tls);
      const url = `${scheme}://${credentials ? CREDENTIALS : ''}127.0.0.1:${proxy.port}`;
      await exchange(t, server, host, { ...trusting, proxy: url });
      await assertCarried(proxy, `${host}:${server.port}`);
    });
  }
}

test('an https: proxy is trusted by the settings of Node.js, not those of the hub', async (t) => {
  const proxyTls = await stranger.issue('a proxy', LOCAL);
  const proxy = await startHttpProxy(t, { ...login, tls: proxyTls });
  const server = await startServer(t, serverTls);
  const url = `https://${CREDENTIALS}localhost:${proxy.port}`;
  const options = { ...trusting, proxy: url };
  await assertRefused(t, server, options, /proxy https:\/\/localhost.*certificate/);

  // Node.js reads the extra authorities when it starts.
  const folder = await mkdtemp(join(tmpdir(), 'authority-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'extra.pem');
  await writeFile(file, stranger.pem);
  const variables = { NODE_EXTRA_CA_CERTS: file };
  const { stdout } = await getInChild(server.url('http'), options, variables);
  assert.equal(stdout.trim(), '200');
});

test('the error names a proxy that is down', async (t) => {
  const server = await startServer(t, serverTls);
  const { server: gone, port } = await startSilentServer(t);
  gone.close();
  await once(gone, 'close');
  for (const scheme of ['http', 'socks5']) {
    const proxy = `${scheme}://${CREDENTIALS}127.0.0.1:${port}`;
    const message = new RegExp(`proxy ${scheme}://127.0.0.1:${port} .*ECONNREFUSED`);
    await assertRefused(t, server, { ...trusting, proxy }, message);
  }
});

test('the error names a proxy that requires another password', async (t) => {
  const server = await startServer(t, serverTls);
  const known = { user: 'user', password: 'another' };
  const http = await startHttpProxy(t, known);
  const socks = await startSocksProxy(t, known);
  for (const [url, pattern] of [
    [`http://${CREDENTIALS}127.0.0.1:${http.port}`, /proxy http:.* 407.*option proxy/],
    [`http://127.0.0.1:${http.port}`, /proxy http:.* 407.*option proxy/],
    [`socks5://${CREDENTIALS}127.0.0.1:${socks.port}`, /proxy socks5:.*Authentication failed/],
  ]) {
    await assertRefused(t, server, { ...trusting, proxy: url }, pattern, '127.0.0.1');
  }
});

test('errors distinguish an unreachable host from a proxy that is down', async (t) => {
  const { server: gone, port } = await startSilentServer(t);
  gone.close();
  await once(gone, 'close');
  const server = { url: (scheme) => `${scheme}://127.0.0.1:${port}/` };
  const forbidding = `http://127.0.0.1:${(await startHttpProxy(t, { forbids: true })).port}`;
  await assertRefused(t, server, { proxy: forbidding }, /may not reach the host \(status 403\)/);
  const http = `http://127.0.0.1:${(await startHttpProxy(t)).port}`;
  await assertRefused(t, server, { proxy: http }, /proxy http:.*ended/);
  const socks = `socks5://127.0.0.1:${(await startSocksProxy(t)).port}`;
  await assertRefused(t, server, { proxy: socks }, /proxy socks5:.*ConnectionRefused/);
});

test('aborting a socket or request that waits for a silent proxy closes its tunnel', async (t) => {
  const { server, port } = await startSilentServer(t);
  const transport = createTransport({ proxy: `http://127.0.0.1:${port}` });

  const socket = openSocket('wss://hub.example/', transport);
  const [first] = await once(server, 'connection');
  abortSocket(socket);
  await once(first.resume(), 'close');

  const controller = new AbortController();
  const options = { method: 'GET', signal: controller.signal };
  const answer = request('https://hub.example/', options, transport);
  const [second] = await once(server, 'connection');
  controller.abort();
  await assert.rejects(answer, { name: 'AbortError' });
  await once(second.resume(), 'close');
});

test('a socket can be aborted in the TLS handshake behind a proxy', async (t) => {
  const { server, port } = await startSilentServer(t);
  const proxy = await startHttpProxy(t);
  const transport = createTransport({ proxy: `http://127.0.0.1:${proxy.port}` });
  const socket = openSocket(`wss://127.0.0.1:${port}/`, transport);
  const [connection] = await once(server, 'connection');
  await once(connection, 'data');
  abortSocket(socket);
  await proxy.closed();
});

test('the certificate of an IP address is checked against that address behind proxies', async (t) => {
  const named = await startServer(t, await authority.issue('x', { dns: LOCAL.dns }));
  const numbered = await startServer(t, await authority.issue('x', { ip: LOCAL.ip }));
  for (const [scheme, { port }] of [
    ['http', await startHttpProxy(t)],
    ['socks5', await startSocksProxy(t)],
  ]) {
    const options = { ...trusting, proxy: `${scheme}://127.0.0.1:${port}` };
    await exchange(t, numbered, '127.0.0.1', options);
    await assertRefused(t, named, options, /altnames/, '127.0.0.1');
  }
});

test('the server sees the client certificate through a proxy', async (t) => {
  const server = await startServer(t, { ...serverTls, ca: authority.pem });
  const x509 = new X509(device.cert, device.key);
  const proxy = `http://127.0.0.1:${(await startHttpProxy(t)).port}`;
  await open(t, server.url('ws'), { ...trusting, x509, proxy });
  assert.equal(server.last().client, 'the device');
});

test('no error or log shows a key, a passphrase or a password', async (t) => {
  const server = await startServer(t, serverTls);
  const key = encryptKey(device.key, PASS_PHRASE);
  for (const x509 of [new X509(device.cert, device.key), new X509(device.cert, key, PASS_PHRASE)]) {
    assertNoSecret(x509);
    assert.equal(String(x509), '[object Object]');
    for (const [scheme, start] of [
      ['http', startHttpProxy],
      ['socks5', startSocksProxy],
    ]) {
      const { port } = await start(t, login);
      const proxy = `${scheme}://${CREDENTIALS}127.0.0.1:${port}`;
      const transport = createTransport({ ...trusting, x509, proxy });
      assertNoSecret(transport);
      const socket = openSocket(server.url('ws', '127.0.0.1'), transport);
      t.after(() => abortSocket(socket));
      assertNoSecret(socket);
      await once(socket, 'open');
      assertNoSecret(socket);
    }
  }
});

test('the logs of the libraries do not show a password', async (t) => {
  const server = await startServer(t, serverTls);
  const http = await startHttpProxy(t, login);
  const socks = await startSocksProxy(t, login);
  for (const proxy of [
    `http://${CREDENTIALS}127.0.0.1:${http.port}`,
    `socks5://${CREDENTIALS}127.0.0.1:${socks.port}`,
  ]) {
    const url = server.url('http', '127.0.0.1');
    const { stdout, stderr } = await getInChild(url, { ...trusting, proxy }, { DEBUG: '*' });
    assert.equal(stdout.trim(), '200');
    assert.match(stderr, /proxy-agent/);
    assertNoSecret(stderr);
  }
});

test('wrong values of proxy are a TypeError that does not repeat them', () => {
  for (const proxy of [
    '',
    null,
    8080,
    new URL('http://127.0.0.1'),
    'proxy.example:8080',
    `${CREDENTIALS}proxy.example:8080`,
    `ftp://${CREDENTIALS}proxy.example`,
    `http://user:${PASSWORD}@proxy.example`,
    `http://user:12/${PASSWORD}@proxy.example`,
    `http://${CREDENTIALS}proxy.example/path`,
    `http://${CREDENTIALS}proxy.example:99999`,
    'socks5://',
  ]) {
    assertTypeError(() => createTransport({ proxy }), /option proxy must be a URL.*socks5:/);
  }
  assertTypeError(() => createTransport({ proxy: 'http://u:%zz@proxy' }), /proxy.*encoded/);
  assertTypeError(() => createTransport({ proxy: `socks4://${CREDENTIALS}proxy` }), /SOCKS 4/);
});

/** The next two tunnels led to the server and carried the payload, each way. */
async function assertCarried(proxy, destination) {
  for (const tunnel of [await proxy.closed(), await proxy.closed()]) {
    assert.equal(tunnel.destination, destination);
    assert.ok(tunnel.sent > PAYLOAD.length, `${tunnel.sent} bytes sent`);
    assert.ok(tunnel.received > PAYLOAD.length, `${tunnel.received} bytes received`);
  }
}

/** Makes a request in a separate process, which prints the status. */
function getInChild(url, options, variables) {
  const module = new URL('../../pkg-template/transport.node.js', import.meta.url);
  const script = `
    import { createTransport, request } from ${JSON.stringify(module)};
    const transport = createTransport(${JSON.stringify(options)});
    console.log((await request('${url}', { method: 'GET' }, transport)).status);`;
  const args = ['--input-type=module', '--eval', script];
  return promisify(execFile)(process.execPath, args, { env: { ...process.env, ...variables } });
}
