import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';

import { createTransport } from '../../pkg-template/transport.node.js';
import { X509 } from '../../pkg-template/x509.js';
import {
  CREDENTIALS,
  PASSWORD,
  PASS_PHRASE,
  PAYLOAD,
  assertRefused,
  assertTypeError,
  authority,
  device,
  echo,
  exchange,
  get,
  open,
  serverTls,
  stranger,
  test,
  trusting,
} from './transport/calls.mjs';
import { encryptKey } from './transport/certificates.mjs';
import { startHttpProxy } from './transport/proxies.mjs';
import { startServer } from './transport/servers.mjs';

test('without options, sockets and requests use the defaults of the platform', async (t) => {
  const server = await startServer(t);
  const socket = await open(t, server.url('ws'));
  assert.equal(socket.protocol, 'mqtt');
  assert.equal(socket.extensions, '');
  assert.deepEqual(await echo(socket, PAYLOAD), PAYLOAD);
  assert.equal((await get(server.url('http'))).status, 200);
});

test('the caller may change the bytes as soon as send has returned', async (t) => {
  const server = await startServer(t);
  const socket = await open(t, server.url('ws'));
  // npm `ws` copies what it masks; with a mask of zeros, of which it takes one in four thousand
  // million, it writes the bytes themselves, as fast as the network takes them.
  socket._sender._generateMask = (mask) => mask.fill(0);
  const bytes = Buffer.alloc(16_000_000, 'x');
  const echoed = echo(socket, bytes);
  bytes.fill('y');
  assert.ok((await echoed).every((byte) => byte === 120));
});

test('a server of an unknown authority is refused', async (t) => {
  const server = await startServer(t, serverTls);
  const words = /certificate.*serverVerificationCert.*NODE_EXTRA_CA_CERTS/;
  await assertRefused(t, server, undefined, words);
  const others = { serverVerificationCert: stranger.pem };
  await assertRefused(t, server, others, words);
});

test('no setting of Node.js turns off the checks of the certificate', async (t) => {
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  t.after(() => delete process.env.NODE_TLS_REJECT_UNAUTHORIZED);
  const server = await startServer(t, serverTls);
  await assertRefused(t, server, undefined, /certificate/);
  const elsewhere = await startServer(
    t,
    await authority.issue('x', { dns: ['elsewhere.example'] }),
  );
  await assertRefused(t, elsewhere, trusting, /altnames/);
});

test('serverVerificationCert is trusted, alone and among others', async (t) => {
  const server = await startServer(t, serverTls);
  await exchange(t, server, 'localhost', trusting);
  const several = `# Authorities\n${stranger.pem}\r\n${authority.pem}`;
  await exchange(t, server, '127.0.0.1', { serverVerificationCert: several });
});

test('a server under another name is refused, through a proxy too', async (t) => {
  const elsewhere = await authority.issue('x', { dns: ['elsewhere.example'] });
  const server = await startServer(t, elsewhere);
  await assertRefused(t, server, trusting, /altnames/);
  const proxy = `http://127.0.0.1:${(await startHttpProxy(t)).port}`;
  await assertRefused(t, server, { ...trusting, proxy }, /altnames/);
});

test('the server sees the client certificate, whose key may be encrypted', async (t) => {
  const server = await startServer(t, { ...serverTls, ca: authority.pem });
  const encrypted = new X509(device.cert, encryptKey(device.key, PASS_PHRASE), PASS_PHRASE);
  for (const x509 of [new X509(device.cert, device.key), encrypted]) {
    await open(t, server.url('ws'), { ...trusting, x509 });
    assert.equal(server.last().client, 'the device');
    await get(server.url('http'), { ...trusting, x509 });
    assert.equal(server.last().client, 'the device');
  }
  await get(server.url('http'), trusting);
  assert.equal(server.last().client, undefined);
});

test('a certificate can come from files', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'certificate-'));
  t.after(() => rm(folder, { recursive: true }));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await writeFile(cert, device.cert);
  await writeFile(key, encryptKey(device.key, PASS_PHRASE));
  const server = await startServer(t, { ...serverTls, ca: authority.pem });
  const x509 = X509.fromFiles(cert, pathToFileURL(key), PASS_PHRASE);
  await open(t, server.url('ws'), { ...trusting, x509 });
  assert.equal(server.last().client, 'the device');
  assert.throws(() => X509.fromFiles(join(folder, 'none.pem'), key), /ENOENT.*none\.pem/);
  assertTypeError(() => X509.fromFiles(0, 0), /paths/);
});

test('the server sees the cipher that was chosen', async (t) => {
  const server = await startServer(t, serverTls);
  for (const [cipher, expected] of [
    ['ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
    ['ECDHE-RSA-CHACHA20-POLY1305:!aNULL', 'ECDHE-RSA-CHACHA20-POLY1305'],
    [['TLS_CHACHA20_POLY1305_SHA256'], 'TLS_CHACHA20_POLY1305_SHA256'],
    [['ECDHE-ECDSA-AES128-SHA', 'ECDHE-RSA-AES128-GCM-SHA256'], 'ECDHE-RSA-AES128-GCM-SHA256'],
  ]) {
    await open(t, server.url('ws'), { ...trusting, cipher });
    assert.equal(server.last().cipher, expected);
    await get(server.url('http'), { ...trusting, cipher });
    assert.equal(server.last().cipher, expected);
  }
});

test('a cipher that the server does not support is refused', async (t) => {
  const server = await startServer(t, { ...serverTls, ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' });
  const cipher = 'ECDHE-RSA-AES256-GCM-SHA384';
  await assertRefused(t, server, { ...trusting, cipher }, /handshake failure/);
});

test('wrong values of serverVerificationCert are a TypeError', () => {
  const [begin, ...rest] = authority.pem.split('\n');
  const damaged = [begin, 'AAAA', ...rest].join('\n');
  const { raw } = new X509Certificate(authority.pem);
  for (const serverVerificationCert of ['', 'ca.pem', null, 1, raw, device.key, damaged]) {
    const create = () => createTransport({ serverVerificationCert });
    assertTypeError(create, /serverVerificationCert.*PEM/);
  }
});

test('wrong values of cipher are a TypeError', () => {
  for (const cipher of ['', 'NO-SUCH-CIPHER', [], [''], [1], null, 1, {}]) {
    assertTypeError(() => createTransport({ cipher }), /option cipher.*OpenSSL/);
  }
});

test('an invalid certificate, or one that does not match its key, is a TypeError', async () => {
  const other = await authority.issue('another device');
  const encrypted = encryptKey(device.key, PASS_PHRASE);
  for (const x509 of [
    new X509(device.cert, other.key),
    new X509(device.cert, encrypted, 'another pass phrase'),
    new X509(device.cert, encrypted),
    new X509(device.cert.replace(/\n...../, '\n'), device.key),
  ]) {
    assertTypeError(() => createTransport({ x509 }), /X509 do not match/);
  }
  for (const x509 of [null, 'cert', { ...device }]) {
    assertTypeError(() => createTransport({ x509 }), /new X509/);
  }
  assertTypeError(() => new X509(), /cert.*PEM/);
  assertTypeError(() => new X509(device.key, device.cert), /cert.*PEM/);
  assertTypeError(() => new X509(device.cert, PASSWORD), /key.*PEM/);
  assertTypeError(() => new X509(device.cert, device.key, 1), /passPhrase/);
  assertTypeError(() => X509.platform(), /browsers.*X509\.fromFiles/);
});

test('a page loads no code for Node.js or proxies, and errors say what it cannot do', async () => {
  const entry = new URL('../../pkg-template/transport.browser.js', import.meta.url);
  const names = ['request.js', 'signal.js', 'transport.browser.js', 'x509.js'];
  const bundle = await build({
    stdin: {
      contents: `export * from './transport.browser.js'; export { X509 } from './x509.js';`,
      resolveDir: fileURLToPath(new URL('.', entry)),
    },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
  });
  const inputs = Object.keys(bundle.metafile.inputs).filter((name) => name !== '<stdin>');
  assert.deepEqual(inputs.map((name) => name.split('/').at(-1)).sort(), names);

  const code = Buffer.from(bundle.outputFiles[0].contents).toString('base64');
  const page = await import(`data:text/javascript;base64,${code}`);
  const refuses = (options, pattern) =>
    assertTypeError(() => page.createTransport(options), pattern);
  refuses(trusting, /serverVerificationCert works in Node\.js only: .*store/);
  refuses({ cipher: 'DEFAULT' }, /cipher works in Node\.js only: .*leave the option out/);
  refuses({ proxy: `http://${CREDENTIALS}x` }, /proxy works in Node\.js only: .*set it in the/);
  refuses({ x509: new page.X509(device.cert, device.key) }, /page cannot choose.*X509\.platform/);
  refuses({ x509: {} }, /X509\.platform\(\)/);
  assertTypeError(() => page.X509.fromFiles('a', 'b'), /needs Node\.js.*X509\.platform\(\)/);
  assert.equal(page.createTransport({ x509: page.X509.platform() }), undefined);
  assert.equal(page.createTransport({}), undefined);
});
