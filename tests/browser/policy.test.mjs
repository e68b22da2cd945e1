/** The package in pages with a strict Content-Security-Policy. */
import assert from 'node:assert/strict';

import { createDevice, openPage, serveRepository, test } from './support.mjs';

/** The strictest policy under which WebAssembly runs and the device reaches its hub. */
async function openStrictPage(t, backEnd, options) {
  const hub = new URL(backEnd.endpoint).host;
  const root = await serveRepository(t, {
    'content-security-policy':
      "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:; " +
      `connect-src 'self' ws://${hub} http://${hub}`,
  });
  return openPage(t, `${root}/tests/browser/empty.html`, options);
}

// At the end of each test, openPage checks that there was no violation.
test('the whole package works without a violation of the policy', async (t) => {
  const backEnd = await createDevice();
  const page = await openStrictPage(t, backEnd);
  const { connectionString, endpoint } = backEnd;
  await page.evaluate(
    async (identity) => {
      const { IoTHubDeviceClient, MethodResponse } = await import('/pkg/index.browser.js');
      const client = IoTHubDeviceClient.createFromConnectionString(identity.connectionString, {
        endpoint: identity.endpoint,
        trace: () => {},
      });
      const received = [];
      client.onMessageReceived = (message) => received.push(message.text());
      client.onTwinDesiredPropertiesPatchReceived = (patch) => received.push(patch);
      client.onMethodRequestReceived = (request) =>
        MethodResponse.createFromMethodRequest(request, 200, request.payload);
      await client.connect();
      await client.sendMessage({ from: 'a strict page' });
      await client.patchTwinReportedProperties({ strict: true });
      Object.assign(window, { client, received });
    },
    { connectionString, endpoint },
  );
  await backEnd.waitForTelemetry();
  await backEnd.sendMessage({ body: 'hello' });
  await page.waitForFunction(() => window.received.includes('hello'));
  assert.deepEqual(await backEnd.invokeMethod('m', { a: 1 }), { status: 200, payload: { a: 1 } });
  assert.equal((await backEnd.twin()).properties.reported.strict, true);

  const failures = await page.evaluate(async () => {
    const { client } = window;
    const { hostName, containerName, blobName, sasToken, correlationId } =
      await client.getStorageInfoForBlob('b');
    const url = `http://${hostName}/${containerName}/${blobName}${sasToken}`;
    const headers = { 'x-ms-blob-type': 'BlockBlob' };
    const { ok, status } = await fetch(url, { method: 'PUT', headers, body: 'content' });
    await client.notifyBlobUploadStatus(correlationId, ok, status, 'stored');
    await client.getTwin();
    await client.shutdown();
    return client.connect().catch(({ name }) => name);
  });
  assert.equal(failures, 'ClientError');
});

test('a page with the policy turns no text into code, and reports attempts', async (t) => {
  const isExpected = (complaint) => /eval/.test(complaint);
  const page = await openStrictPage(t, await createDevice(), { isExpected });
  const blocked = await page.evaluate(
    () =>
      new Promise((resolve) => {
        addEventListener('securitypolicyviolation', ({ blockedURI }) => resolve(blockedURI));
        // In a separate task, because the policy does not apply to code that the test itself
        // evaluates.
        setTimeout(() => resolve(globalThis.eval('"it ran"')));
      }),
  );
  assert.equal(blocked, 'eval');
});
