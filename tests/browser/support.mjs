/** Shared by the browser tests: one headless Chromium and one hub for each test file. */
import assert from 'node:assert/strict';
import { after, test as nodeTest } from 'node:test';
import { fileURLToPath } from 'node:url';

import fastifyStatic from '@fastify/static';
import fastify from 'fastify';
import { startHub } from 'iothub-local';

import { BackEnd } from '../../scripts/start/back-end.mjs';
import { launchBrowser } from './launch.mjs';

const TEST_MILLISECONDS = 270_000;
const WAIT_MILLISECONDS = 20_000;

export const browser = await launchBrowser();
const hub = await startHub();
after(async () => {
  await browser.close();
  await hub.close();
});

export function test(name, work, timeout = TEST_MILLISECONDS) {
  nodeTest(name, { timeout }, work);
}

let created = 0;

/** A new device at the hub. */
export function createDevice() {
  created += 1;
  return BackEnd.createDevice(hub, `page-${created}`);
}

/** Serves the whole repository as any static server would, with the built package installed. */
export async function serveRepository(t, headers = {}) {
  const server = fastify({ forceCloseConnections: true });
  server.addHook('onSend', async (_request, reply) => void reply.headers(headers));
  const root = fileURLToPath(new URL('../..', import.meta.url));
  server.register(fastifyStatic, { root, index: 'index.html' });
  t.after(() => server.close());
  return server.listen({ host: '127.0.0.1', port: 0 });
}

/**
 * Opens an address in a fresh browser profile. At the end of the test, fails if the page had an
 * error on its console or violated its Content-Security-Policy; `isExpected` excuses errors that a
 * test provokes. Other options are those of the profile.
 */
export async function openPage(t, url, { isExpected, ...profile } = {}) {
  const { page, complaints } = await createPage(profile);
  t.after(async () => {
    await page.context().close();
    assertNone(complaints, isExpected);
  });
  await page.goto(url);
  return page;
}

let shared;

/**
 * Opens an address in one page for all tests of a file, which takes a third of the CPU time of a
 * fresh profile. What a page stores belongs to its origin, so give each test a server of its own.
 */
export async function sharePage(t, url, isExpected) {
  shared ??= await createPage();
  const { page, complaints } = shared;
  t.after(async () => {
    // The page may ask whether to leave.
    page.removeAllListeners('dialog');
    page.once('dialog', (dialog) => dialog.accept());
    await page.goto('about:blank');
    page.removeAllListeners('dialog');
    assertNone(complaints.splice(0), isExpected);
  });
  await page.goto(url);
  return page;
}

async function createPage(profile) {
  const context = await browser.newContext(profile);
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MILLISECONDS);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.stack}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.exposeBinding('reportViolation', (_, text) => complaints.push(text));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      window.reportViolation(`policy violation: ${violatedDirective} ${blockedURI}`);
    });
  });
  return { page, complaints };
}

function assertNone(complaints, isExpected = () => false) {
  assert.deepEqual(
    complaints.filter((complaint) => !isExpected(complaint)),
    [],
  );
}
