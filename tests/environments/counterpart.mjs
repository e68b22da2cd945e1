/** The server's side of the job: the files for a page or a program, and the actions at the hub. */
import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';

import fastify from 'fastify';

import { Hub } from '../conformance/hub.js';

/** The hub as the job needs it. */
export const openHub = (hub) =>
  Hub.open({ url: hub.url, authorization: hub.authorization() }, () => {});

/**
 * Assigns a device to an environment, and receives its outcome. Environments use it one after the
 * other, from any origin.
 */
export class Counterpart {
  #server = fastify({ forceCloseConnections: true });
  #device;
  #takeOutcome;

  async start() {
    this.#server.addHook('onRequest', async (_, reply) => {
      reply.header('access-control-allow-origin', '*');
    });
    this.#server.removeAllContentTypeParsers();
    this.#server.addContentTypeParser('*', (_, body) => text(body));
    this.#server.get('/device', () => {
      const { connectionString, endpoint } = this.#device;
      return { connectionString, endpoint };
    });
    this.#server.post('/outcome', async ({ body }) => {
      this.#takeOutcome(JSON.parse(body));
      return {};
    });
    this.url = await this.#server.listen({ host: '127.0.0.1', port: 0 });
  }

  /**
   * Resolves with the outcome of the next client of this device.
   * @returns {Promise<object>}
   */
  outcomeOf(device) {
    this.#device = device;
    return new Promise((resolve) => {
      this.#takeOutcome = resolve;
    });
  }

  close() {
    return this.#server.close();
  }
}

/** The hub's part of the job, with what the hub must receive. */
export async function playTheHub(device) {
  const [{ text: body, properties }] = await device.telemetry();
  assert.deepEqual([JSON.parse(body), properties], [{ temperature: 21.5 }, { room: 'Küche' }]);
  await device.patchDesired({ interval: 5 });
  await device.sendMessage({ body: 'Guten Tag!' });
  const answer = await device.invokeMethod('switchLamp', { lamp: 'on' });
  assert.deepEqual(answer, { status: 200, payload: { seen: { lamp: 'on' } } });
  const [{ isSuccess, statusCode, blobUrl }] = await device.uploads();
  assert.deepEqual([isSuccess, statusCode], [true, 201]);
  assert.equal(await (await fetch(blobUrl)).text(), 'contents');

  await device.waitForPackets('disconnect', 'in');
  const { reported } = (await device.twin()).properties;
  assert.equal(reported.firmware, '1.4.2');
  const { connected, connections, pendingMessages } = await device.state();
  assert.deepEqual([connected, connections, pendingMessages], [false, 1, 0]);
}

/** The outcome that the device must report. */
export function assertDone({ error, ...outcome }, version) {
  assert.equal(error, undefined, error);
  assert.deepEqual(outcome, {
    version,
    desired: { interval: 5 },
    twin: {
      desired: { interval: 5, $version: 2 },
      reported: { firmware: '1.4.2', $version: 2 },
    },
    message: 'Guten Tag!',
    method: 'switchLamp',
  });
}
