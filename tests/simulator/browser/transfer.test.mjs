import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';

import { startHub } from 'iothub-local';

import { servePage } from '../../../scripts/start/page-server.mjs';
import { openPage, test } from './support.mjs';

const MOST_BYTES = 130_000;
const MODULE_BYTES = 66 * 1024;

/** A proxy in front of the server of the page: how many bytes the browser gets from it. */
async function countBytes(t, url) {
  const counted = { bytes: 0 };
  const { port, hostname } = new URL(url);
  const proxy = createServer((browser) => {
    const server = connect(Number(port), hostname);
    server.on('data', ({ length }) => (counted.bytes += length));
    for (const socket of [browser, server]) socket.on('error', () => {});
    browser.pipe(server).pipe(browser);
  });
  t.after(() => proxy.close());
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  counted.url = `http://127.0.0.1:${proxy.address().port}`;
  return counted;
}

test('the first view and the module take 130,000 bytes at most, with all headers', async (t) => {
  const hub = await startHub();
  const server = await servePage({ hub });
  const counted = await countBytes(t, server.url);
  const page = await openPage(t, counted.url);
  t.after(() => server.close());
  t.after(() => hub.close());
  await page.getByRole('button', { name: 'Add 1 device' }).waitFor();
  await page.locator('.scene-preview .json').waitFor();
  const firstView = counted.bytes;
  // It is loaded with the first device.
  await page.evaluate(() => fetch('iothub_device_client_bg.wasm').then((all) => all.blob()));
  t.diagnostic(`first view ${firstView} bytes, with the module ${counted.bytes}`);
  assert.ok(firstView > 30_000, `${firstView} bytes are not the whole page`);
  const module = counted.bytes - firstView;
  assert.ok(module > 30_000, 'the module is there already');
  assert.ok(module <= MODULE_BYTES, `${module} bytes`);
  assert.ok(counted.bytes <= MOST_BYTES, `${counted.bytes} bytes`);
});
