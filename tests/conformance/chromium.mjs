/** Runs the rows in a page of headless Chromium, and in a worker of another. */
import { fileURLToPath } from 'node:url';

import fastifyStatic from '@fastify/static';
import fastify from 'fastify';
import { chromium } from 'playwright-core';

import { requireChromium } from '../../scripts/lib/browser.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

export async function openChromium(t) {
  const browser = await chromium.launch({
    executablePath: requireChromium(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      // The hub's certificate is from an authority that no browser knows.
      '--ignore-certificate-errors',
    ],
  });
  t.after(() => browser.close());
  return browser;
}

/** @typedef {(id: string, result: object) => void} Report */

/** @param {Report} report */
export async function runInPage(browser, servers, report, t) {
  const page = await openPage(browser, report, t);
  await page.evaluate(async (servers) => {
    const { runInBrowser } = await import('/tests/conformance/browser.js');
    await runInBrowser(window.reportCell, servers);
  }, servers);
}

/** @param {Report} report */
export async function runInWorker(browser, servers, report, t) {
  const page = await openPage(browser, report, t);
  await page.evaluate(
    (servers) =>
      new Promise((resolve, reject) => {
        const options = { type: 'module', name: JSON.stringify(servers) };
        const worker = new Worker('/tests/conformance/worker.js', options);
        worker.onerror = ({ message }) => reject(new Error(message || 'the worker did not load'));
        worker.onmessage = ({ data: { id, result, isDone } }) => {
          if (isDone) resolve();
          else window.reportCell(id, result);
        };
      }),
    servers,
  );
}

/** An empty page. */
async function openPage(browser, report, t) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.exposeBinding('reportCell', (_, id, result) => report(id, result));
  await page.goto(`${await serve(t)}/tests/conformance/`);
  return page;
}

/** Serves the repository. */
async function serve(t) {
  const server = fastify({ forceCloseConnections: true });
  server.register(fastifyStatic, { root });
  server.get('/tests/conformance/', (_, reply) => {
    reply.type('text/html').send('<!doctype html><title>Conformance</title>');
  });
  t.after(() => server.close());
  return server.listen({ host: '127.0.0.1', port: 0 });
}
