import assert from 'node:assert/strict';

import { createDevice, openPage, serveRepository, test } from './support.mjs';

test('the example without a bundler connects, sends and shows what arrives', async (t) => {
  const backEnd = await createDevice();
  const page = await openPage(t, `${await serveRepository(t)}/examples/browser/`);
  await page.getByLabel('Connection string').fill(backEnd.connectionString);
  await page.getByLabel('Endpoint').fill(backEnd.endpoint);
  await page.getByRole('button', { name: 'Connect' }).click();
  const [seen] = await backEnd.waitForTelemetry();
  assert.equal(typeof JSON.parse(seen.text).temperature, 'number');

  await backEnd.sendMessage({ body: 'Grüße' });
  await page.getByRole('log').filter({ hasText: 'message: Grüße' }).waitFor();
  assert.deepEqual(await backEnd.invokeMethod('m', 1), { status: 200, payload: { done: true } });
});

test('the client works in a module worker', async (t) => {
  const backEnd = await createDevice();
  const root = await serveRepository(t);
  const page = await openPage(t, `${root}/examples/browser/`);
  const { connectionString, endpoint } = backEnd;
  await page.evaluate(
    (identity) =>
      new Promise((resolve, reject) => {
        const received = [];
        const worker = new Worker('/tests/browser/worker.js', { type: 'module' });
        worker.onerror = (event) => reject(new Error(event.message || 'the worker did not load'));
        worker.onmessage = ({ data }) => {
          received.push(data);
          if (data.state === 'ready') worker.postMessage(identity);
          if (data.state === 'connected') resolve();
        };
        Object.assign(window, { worker, received });
      }),
    { connectionString, endpoint },
  );
  const [seen] = await backEnd.waitForTelemetry();
  assert.equal(seen.text, 'from a worker');

  await backEnd.sendMessage({ body: 'to the worker' });
  await page.waitForFunction(() => window.received.at(-1).message === 'to the worker');
  const answer = await backEnd.invokeMethod('echo', { a: 1 });
  assert.deepEqual(answer, { status: 200, payload: { a: 1 } });
});

test('the client works in a service worker', async (t) => {
  const backEnd = await createDevice();
  const page = await openPage(t, `${await serveRepository(t)}/examples/browser/`);
  const { connectionString, endpoint } = backEnd;
  await page.evaluate(
    async (identity) => {
      await navigator.serviceWorker.register('/tests/browser/service-worker.js', {
        type: 'module',
        scope: '/tests/browser/',
      });
      const registration = await navigator.serviceWorker.getRegistration('/tests/browser/');
      const worker = registration.installing ?? registration.waiting ?? registration.active;
      worker.postMessage(identity);
    },
    { connectionString, endpoint },
  );
  const [seen] = await backEnd.waitForTelemetry();
  assert.match(seen.text, /^from a service worker, \d+\.\d+\.\d+$/);
});
