import { fileURLToPath } from 'node:url';

import fastifyStatic from '@fastify/static';
import fastify from 'fastify';
import { chromium } from 'playwright-core';

import { requireChromium } from '../../scripts/lib/browser.mjs';
import { findMemories, measurePage } from '../../tests/leaks/page-memory.mjs';

/** Chromium gives a page 255 WebSockets; any more fail for lack of resources. */
const DEVICES_OF_A_PAGE = 250;

/**
 * Opens as many pages as the devices need.
 * @returns {Promise<import('./measure.js').Clients>}
 */
export async function openChromium(devices) {
  const server = await serveRepository();
  const browser = await chromium.launch({
    executablePath: requireChromium(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  });
  const pages = [];
  for (let start = 0; start < devices; start += DEVICES_OF_A_PAGE) {
    pages.push(await openPage(browser, server.url));
  }
  const onEach = (work, ofPage = () => undefined) =>
    Promise.all(pages.map(({ page }, index) => page.evaluate(work, ofPage(index))));
  const devTools = await browser.newBrowserCDPSession();

  return {
    pages: pages.length,
    connect: (identities) =>
      onEach(
        (some) => window.fleet.connect(some),
        (page) => identities.slice(page * DEVICES_OF_A_PAGE, (page + 1) * DEVICES_OF_A_PAGE),
      ),
    start: () => onEach(() => window.fleet.start()),
    accepted: async () => sum(await onEach(() => window.fleet.accepted())),
    stop: async () => (await onEach(() => window.fleet.stop())).flat(),
    cpu: () => measureCpu(devTools),
    async memory() {
      const measured = await Promise.all(
        pages.map(async ({ devTools }) => measurePage(devTools, await findMemories(devTools))),
      );
      return {
        heap: sum(measured.map(({ heap }) => heap)),
        wasm: sum(measured.map(({ wasm }) => wasm)),
      };
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

async function serveRepository() {
  const server = fastify({ forceCloseConnections: true });
  server.register(fastifyStatic, { root: fileURLToPath(new URL('../..', import.meta.url)) });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return { url, close: () => server.close() };
}

/** In a separate profile, which has its own limit of sockets. */
async function openPage(browser, url) {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${url}/tests/browser/empty.html`);
  await page.evaluate(async () => {
    const { IoTHubDeviceClient } = await import('/pkg/index.browser.js');
    const { Fleet } = await import('/benches/scale/fleet.js');
    window.fleet = new Fleet(IoTHubDeviceClient);
  });
  return { page, devTools: await page.context().newCDPSession(page) };
}

/** The process of a page runs its scripts; another one serves its sockets. */
async function measureCpu(devTools) {
  const { processInfo } = await devTools.send('SystemInfo.getProcessInfo');
  const time = (processes) => sum(processes.map(({ cpuTime }) => cpuTime));
  return {
    process: time(processInfo.filter(({ type }) => type === 'renderer')),
    browser: time(processInfo),
  };
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
