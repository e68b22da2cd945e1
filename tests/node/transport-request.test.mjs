import assert from 'node:assert/strict';
import { once } from 'node:events';

import { reasonOf } from '../../pkg-template/request.js';
import { createTransport, request } from '../../pkg-template/transport.node.js';
import { TOKEN, assertNoSecret, test } from './transport/calls.mjs';
import { startServer, startSilentServer } from './transport/servers.mjs';

for (const [kind, options] of [
  ['without options', {}],
  ['with options', { cipher: 'DEFAULT' }],
]) {
  const transport = createTransport(options);

  test(`a request ${kind} sends method, headers and body, and returns the response`, async (t) => {
    const server = await startServer(t);
    const headers = { Authorization: TOKEN, 'Content-Type': 'application/json' };
    const message = { method: 'POST', headers, body: '{"é":1}', timeoutMs: 30_000 };
    const { status, body } = await request(`${server.url('http')}teapot`, message, transport);
    assert.equal(status, 418);
    const seen = JSON.parse(body);
    assert.equal(seen.method, 'POST');
    assert.equal(seen.url, '/teapot');
    assert.equal(seen.body, '{"é":1}');
    assert.equal(seen.headers.authorization, TOKEN);
    assert.equal(seen.headers['content-type'], 'application/json');
    assert.equal(seen.headers['content-length'], '8');
  });

  test(`a request ${kind} times out`, async (t) => {
    const { port } = await startSilentServer(t);
    const message = { method: 'GET', timeoutMs: 1 };
    const answer = request(`http://127.0.0.1:${port}/`, message, transport);
    await assert.rejects(answer, { name: 'TimeoutError', message: /1 ms/ });
  });

  test(`a request ${kind} can be cancelled`, async (t) => {
    const { server, port } = await startSilentServer(t);
    const controller = new AbortController();
    const message = { method: 'GET', timeoutMs: 30_000, signal: controller.signal };
    const answer = request(`http://127.0.0.1:${port}/`, message, transport);
    const [connection] = await once(server, 'connection');
    controller.abort(new Error('a reason of its own'));
    await assert.rejects(answer, { name: 'AbortError' });
    await once(connection.resume(), 'close');

    const late = request(`http://127.0.0.1:${port}/`, message, transport);
    await assert.rejects(late, { name: 'AbortError' });
  });

  test(`a request ${kind} that fails says why, without its headers`, async (t) => {
    const { server, port } = await startSilentServer(t);
    server.close();
    await once(server, 'close');
    const message = { method: 'GET', headers: { Authorization: TOKEN } };
    for (const host of ['localhost', '127.0.0.1']) {
      await assert.rejects(request(`http://${host}:${port}/`, message, transport), (error) => {
        assert.match(error.message, new RegExp(`connect ECONNREFUSED .*:${port}`));
        assert.equal(error.name, 'Error');
        assertNoSecret(error);
        return true;
      });
    }
    const broken = { method: 'GET', headers: { Authorization: `${TOKEN}\n${TOKEN}` } };
    await assert.rejects(request(`http://127.0.0.1:${port}/`, broken, transport), (error) => {
      assertNoSecret(error);
      return true;
    });
  });
}

test('if each address of a name fails, the reason names each', () => {
  const failures = [new Error('connect ECONNREFUSED ::1:1'), new Error('connect EACCES 1.2.3.4:1')];
  const reason = reasonOf(new AggregateError(failures));
  assert.equal(reason, 'connect ECONNREFUSED ::1:1; connect EACCES 1.2.3.4:1');
});
