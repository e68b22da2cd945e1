import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checkServerIdentity, connect } from 'node:tls';
import { CertificateAuthority } from '../src/certificates.js';
import { startHub } from '../src/index.js';
import { TestHub } from './support/hub.js';
import { MqttClient } from './support/mqtt-client.js';
import { connectPacket, RawClient } from './support/raw-client.js';
import { within } from './support/within.js';

const hub = new TestHub({ https: true });

const secure = () => ({ hostname: hub.hostname, endpoint: hub.started.secureEndpoint });
const portOf = (url) => Number(new URL(url).port);

async function handshake(options) {
  const port = portOf(hub.started.secureUrl);
  const socket = connect({ host: '127.0.0.1', port, ca: hub.started.ca, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

/** One HTTPS call: status and body. */
async function callSecurely(url, { method = 'GET', body, headers, ...options } = {}) {
  const call = request(url, { method, headers, ca: hub.started.ca, agent: false, ...options });
  call.end(body);
  const [response] = await once(call, 'response');
  return { status: response.statusCode, body: Buffer.concat(await response.toArray()) };
}

test('a hub that stops ends clients that have said nothing yet, with and without TLS', async () => {
  const stopping = await startHub({ https: true });
  const ports = [stopping.url, stopping.secureUrl].map(portOf);
  const sockets = ports.map((port) =>
    connectTcp({ host: '127.0.0.1', port }).on('error', () => {}),
  );
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  const ends = sockets.map((socket) => within(once(socket, 'close'), 'the end of a socket'));
  await stopping.close();
  await Promise.all(ends);
});

describe('wss', () => {
  test('connects a device that trusts the CA of the hub', async () => {
    const device = await hub.createDevice();
    assert.equal(device.secureEndpoint, hub.started.secureEndpoint);
    assert.match(device.secureEndpoint, /^wss:\/\/localhost:\d+\/\$iothub\/websocket$/);
    const client = await MqttClient.connect(secure(), device, { ca: hub.started.ca });
    await client.publish(`devices/${device.deviceId}/messages/events/`, 'x');
    assert.equal((await hub.telemetry(device))[0].text, 'x');
    await client.end();
  });

  test('and ws lead to the same hub', async () => {
    const device = await hub.createDevice();
    const first = await MqttClient.connect(hub, device);
    const second = await MqttClient.connect(secure(), device, { ca: hub.started.ca });
    await first.closed;
    const { connections } = await hub.local(device, 'GET', '/connections');
    assert.deepEqual(
      connections.map((connection) => connection.secure),
      [false, true],
    );
    await second.end();
  });

  test('fails for a client that does not trust the CA', async () => {
    const url = hub.started.secureEndpoint;
    await assert.rejects(RawClient.open(hub, { url }), /certificate/);
  });

  test('is closed with the hub', async () => {
    const other = await startHub({ https: true });
    const { port } = new URL(other.secureUrl);
    const client = await RawClient.open(other, { url: other.secureEndpoint, ca: other.ca });
    await other.close();
    await client.closed;
    await assert.rejects(once(connect({ host: '127.0.0.1', port }), 'secureConnect'), {
      code: 'ECONNREFUSED',
    });
  });

  test('can be reset', async () => {
    const device = await hub.createDevice();
    const { ca, secureEndpoint: url } = hub.started;
    const client = await RawClient.open(hub, { url, ca });
    client.send(connectPacket(hub, device));
    await client.next();
    await hub.local(device, 'POST', '/disconnect?how=reset');
    assert.equal((await client.socketError).code, 'ECONNRESET');
    await client.closed;
  });

  test('uses the requested port, and fails if it is in use', async () => {
    const port = portOf(hub.started.secureUrl);
    await assert.rejects(startHub({ https: port }), { code: 'EADDRINUSE', port });
  });

  test('does not exist unless it is requested', async () => {
    const plain = await startHub();
    assert.equal(plain.ca, undefined);
    assert.equal(plain.secureEndpoint, undefined);
    await plain.close();
  });
});

describe('the server certificate', () => {
  test('is valid for the address that the hub listens on, too', async () => {
    const authority = await CertificateAuthority.open();
    const { cert } = await authority.issueForServer('192.0.2.7');
    assert.equal(new X509Certificate(cert).checkIP('192.0.2.7'), '192.0.2.7');
  });

  for (const servername of ['localhost', '127.0.0.1', '::1']) {
    test(`is valid for ${servername}`, async () => {
      const socket = await handshake({
        checkServerIdentity: (host, certificate) => checkServerIdentity(servername, certificate),
      });
      assert.equal(socket.authorized, true);
      socket.destroy();
    });
  }

  test('is not valid for another host', async () => {
    await assert.rejects(handshake({ servername: 'example.com' }), {
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  test('comes with TLS 1.2 and ciphers of the service', async () => {
    const cipher = 'ECDHE-RSA-AES256-GCM-SHA384';
    const socket = await handshake({ ciphers: cipher });
    assert.equal(socket.getProtocol(), 'TLSv1.2');
    assert.equal(socket.getCipher().name, cipher);
    socket.destroy();
  });
});

describe('a client certificate', () => {
  const open = async (query, options) => {
    const device = await hub.createDevice();
    const endpoint = `${hub.started.secureEndpoint}${query}`;
    const client = await MqttClient.connect({ hostname: hub.hostname, endpoint }, device, {
      ca: hub.started.ca,
      ...options,
    });
    await client.end();
    const [connection] = (await hub.local(device, 'GET', '/connections')).connections;
    return connection;
  };

  test('is requested and seen, unless the URL says no', async () => {
    const { cert, key } = await hub.started.issueCertificate('anyone');
    const asked = await open('', { cert, key });
    assert.equal(asked.clientCertificate, true);
    const spared = await open('?iothub-no-client-cert=true', { cert, key });
    assert.equal(spared.clientCertificate, false);
    assert.equal(spared.url, '/$iothub/websocket?iothub-no-client-cert=true');
  });

  test('is optional', async () => {
    assert.equal((await open('')).clientCertificate, false);
  });
});

describe('https', () => {
  test('is closed with the hub, calls that wait too', async () => {
    const other = await startHub({ https: true, devices: ['d'] });
    const port = portOf(other.secureUrl);
    const socket = connect({ host: '127.0.0.1', port, ca: other.ca });
    const head = 'HTTP/1.1\r\nHost: localhost\r\n\r\n';
    // The second call arrived with the first, and has not been answered.
    socket.write(`GET /local/hub ${head}GET /local/devices/d/telemetry?timeout=600 ${head}`);
    await once(socket, 'data');
    const ended = once(socket, 'close');
    await other.close();
    await within(ended, 'the end of the connection');
  });

  test('serves what http does', async () => {
    const device = await hub.createDevice();
    const url = `${hub.started.secureUrl}/local/devices/${device.deviceId}`;
    const { status, body } = await callSecurely(url, { headers: hub.authorize() });
    assert.equal(status, 200);
    assert.equal(JSON.parse(body).connected, false);
  });

  test('accepts uploads with a certificate instead of a token', async () => {
    const device = await hub.createDevice('device', {
      authentication: { type: 'certificateAuthority' },
    });
    const { secureUrl } = hub.started;
    const call = (credentials) =>
      callSecurely(`${secureUrl}/devices/${device.deviceId}/files?api-version=2021-04-12`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"blobName":"f"}',
        ...credentials,
      });
    assert.equal((await call({})).status, 401);
    assert.equal((await call(await hub.started.issueCertificate('other'))).status, 401);
    const answer = await call(await hub.started.issueCertificate(device.deviceId));
    assert.equal(answer.status, 200);
    const { hostName, containerName, blobName, sasToken } = JSON.parse(answer.body);
    assert.equal(hostName, new URL(secureUrl).host);
    const blobUrl = `https://${hostName}/${containerName}/${blobName}${sasToken}`;
    const headers = { 'x-ms-blob-type': 'BlockBlob' };
    assert.equal((await callSecurely(blobUrl, { method: 'PUT', headers, body: 'b' })).status, 201);
    assert.equal((await callSecurely(blobUrl)).body.toString(), 'b');
  });
});

test('GET /local/hub returns everything that clients of the hub need', async () => {
  const { url, endpoint, secureUrl, secureEndpoint, hostname, policies, ca } = hub.started;
  assert.deepEqual(await hub.json('GET', '/local/hub'), {
    hostname,
    url,
    endpoint,
    secureUrl,
    secureEndpoint,
    policies,
    ca,
  });
});

test('a directory keeps the CA across restarts, with its key readable by the owner only', async (t) => {
  const directory = join(await mkdtemp(join(tmpdir(), 'iothub-local-')), 'ca');
  t.after(() => rm(directory, { recursive: true }));
  const authorities = [];
  for (let start = 0; start < 2; start++) {
    const other = await startHub({ https: true, caDirectory: directory });
    authorities.push(other.ca);
    const client = await RawClient.open(other, {
      url: other.secureEndpoint,
      ca: await readFile(join(directory, 'ca.pem')),
    });
    await client.close();
    await other.close();
  }
  assert.equal(authorities[0], authorities[1]);
  assert.notEqual(authorities[0], hub.started.ca);
  assert.equal((await stat(join(directory, 'ca.key.pem'))).mode & 0o077, 0);
});
