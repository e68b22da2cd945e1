/** Contenders in headless Chromium, each in a page of its own for each job. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import fastify from 'fastify';
import { chromium } from 'playwright-core';
import { findBrowser } from '../scripts/lib/browser.mjs';
import { measurePage } from '../tests/leaks/page-memory.mjs';
import { bundle, downloadSize } from './bundles.js';

export class Chromium {
  #folder = mkdtempSync(join(tmpdir(), 'benches-'));
  #pages = fastify();
  #browser;
  #origin;

  static async start(contenders) {
    const self = new Chromium();
    await bundle(contenders, self.#folder);
    self.#pages.register(fastifyStatic, { root: self.#folder });
    self.#pages.get('/', (_, reply) => reply.type('text/html').send('<!doctype html>'));
    self.#origin = await self.#pages.listen({ host: '127.0.0.1', port: 0 });
    await findBrowser();
    self.#browser = await chromium.launch({
      executablePath: process.env.CHROME,
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
    });
    return self;
  }

  get version() {
    return this.#browser.version();
  }

  /** @param {AbortSignal} signal ends it */
  async run(job, publish, signal) {
    const context = await this.#browser.newContext();
    const end = () => context.close();
    signal.addEventListener('abort', end);
    try {
      const page = await context.newPage();
      const devTools = await context.newCDPSession(page);
      await page.exposeFunction('memory', () => measureMemory(devTools));
      await page.exposeFunction('publish', publish);
      await page.goto(this.#origin);
      return await page.evaluate(inPage, job);
    } finally {
      signal.removeEventListener('abort', end);
      await context.close();
    }
  }

  size(contender) {
    return downloadSize(contender, this.#folder);
  }

  async stop() {
    await this.#browser.close();
    await this.#pages.close();
    rmSync(this.#folder, { recursive: true });
  }
}

/** What happens in the page. */
async function inPage({ contender, work, settings, devices, seconds }) {
  const works = await import('/work.js');
  const begin = performance.now();
  const { open } = await import(`/contenders/${contender}.js`);
  const imported = performance.now() - begin;
  const runtime = { memory: window.memory, publish: window.publish };
  const result = await works[work]({ open, devices, seconds, runtime }, settings);
  return { import: imported, ...result };
}

/** What scripts hold, after a garbage collection. */
async function measureMemory(devTools) {
  const { heap, outside, wasm } = await measurePage(devTools);
  return heap + outside + wasm;
}
