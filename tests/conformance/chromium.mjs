/** Runs the rows in a page of headless Chromium, and in a worker of another. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import fastifyStatic from '@fastify/static';
import fastify from 'fastify';
import { chromium } from 'playwright-core';

import { findBrowser } from '../../scripts/lib/browser.mjs';

const UNLOADED = '/unloaded/pkg/';
const root = fileURLToPath(new URL('../..', import.meta.url));

export async function openChromium(t) {
  await findBrowser();
  const browser = await chromium.launch({
    executablePath: process.env.CHROME,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      // The hub's certificate is of an authority that no browser knows.
      '--ignore-certificate-errors',
    ],
  });
  t.after(() => browser.close());
  return browser;
}

/** @typedef {(id: string, result: object) => void} Report */

/** @param {Report} report */
export async function runInPage(browser, hubUrl, report, servers, t) {
  const page = await openPage(browser, hubUrl, report, t);
  await page.evaluate(async (servers) => {
    const { runInBrowser } = await import('/tests/conformance/browser.js');
    await runInBrowser(window.reportCell, servers);
  }, servers);
}

/** @param {Report} report */
export async function runInWorker(browser, hubUrl, report, servers, t) {
  const page = await openPage(browser, hubUrl, report, t);
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

/** An empty page, from the server that also leads to the hub. */
async function openPage(browser, hubUrl, report, t) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.exposeBinding('reportCell', (_, id, result) => report(id, result));
  await page.goto(`${await serve(hubUrl, t)}/tests/conformance/`);
  return page;
}

/** Serves the repository, and the hub below `/hub`: pages may call their own origin only. */
async function serve(hubUrl, t) {
  const server = fastify({ forceCloseConnections: true });
  server.register(fastifyStatic, { root });
  // The same files once more, so that a page can have the package twice: loaded, and not yet.
  const packageAlone = { root: join(root, 'pkg'), prefix: UNLOADED };
  server.register(fastifyStatic, { ...packageAlone, decorateReply: false });
  server.get('/tests/conformance/', (_, reply) => {
    reply.type('text/html').send('<!doctype html><title>Conformance</title>');
  });
  server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'string' }, async (_, body) => body);
    scope.all('/hub/*', (request, reply) => forward(hubUrl, request, reply));
  });
  t.after(() => server.close());
  return server.listen({ host: '127.0.0.1', port: 0 });
}

async function forward(hubUrl, { raw, method, headers, body }, reply) {
  const type = headers['content-type'];
  const answer = await fetch(`${hubUrl}${raw.url.slice('/hub'.length)}`, {
    method,
    body,
    headers: { ...(type && { 'content-type': type }) },
  });
  reply.code(answer.status).type(answer.headers.get('content-type') ?? 'text/plain');
  return answer.text();
}
