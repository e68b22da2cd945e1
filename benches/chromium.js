/** Contenders in headless Chromium, each job in a separate page and profile. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import fastify from 'fastify';
import { chromium } from 'playwright-core';
import { requireChromium } from '../scripts/lib/browser.mjs';
import { findMemories, measurePage } from '../tests/leaks/page-memory.mjs';
import { bundle, downloadSize } from './bundles.js';
import { DevTools } from './dev-tools.js';
import { freePort } from './servers.js';

export class Chromium {
  #folder = mkdtempSync(join(tmpdir(), 'benches-'));
  #server = fastify();
  #browser;
  #devTools;
  #origin;
  #port;
  /** What the page of the current job can request. */
  #answers;

  static async start(contenders) {
    const self = new Chromium();
    await bundle(contenders, self.#folder);
    await self.#serve();
    self.#port = await freePort();
    self.#browser = await chromium.launch({
      executablePath: requireChromium(),
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--disable-background-networking',
        `--remote-debugging-port=${self.#port}`,
      ],
    });
    const version = await fetch(`http://127.0.0.1:${self.#port}/json/version`);
    const { webSocketDebuggerUrl } = await version.json();
    self.#devTools = await DevTools.connect(webSocketDebuggerUrl);
    return self;
  }

  async #serve() {
    this.#server.register(fastifyStatic, { root: this.#folder });
    const page = '<!doctype html><script type="module" src="page.js"></script>';
    this.#server.get('/', (_, reply) => reply.type('text/html').send(page));
    this.#server.post('/ask/:what', ({ params, body }) => this.#answers[params.what](body));
    this.#origin = await this.#server.listen({ host: '127.0.0.1', port: 0 });
  }

  get version() {
    return this.#browser.version();
  }

  size(contender) {
    return downloadSize(contender, this.#folder);
  }

  /**
   * Does not use Playwright's pages: Playwright is notified of every WebSocket frame, which costs
   * more time than anything that is measured here.
   * @param {AbortSignal} signal ends the job
   */
  async run(job, publish, signal) {
    const { browserContextId } = await this.#devTools.send('Target.createBrowserContext');
    const page = { url: this.#origin, browserContextId };
    const target = this.#devTools.send('Target.createTarget', page);
    const end = new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('it took too long')));
      this.#answers = {
        job: () => job,
        memory: async () => this.#measureMemory((await target).targetId),
        publish: async ({ count }) => ({ published: await publish(count) }),
        end({ result, failure }) {
          if (result) resolve(result);
          else reject(new Error(failure));
          return {};
        },
      };
    });
    await target;
    return end.finally(() =>
      this.#devTools.send('Target.disposeBrowserContext', { browserContextId }),
    );
  }

  /** The memory that scripts use, after a garbage collection. */
  async #measureMemory(targetId) {
    const page = await DevTools.connect(`ws://127.0.0.1:${this.#port}/devtools/page/${targetId}`);
    const { heap, outside, wasm } = await measurePage(page, await findMemories(page));
    page.close();
    return { bytes: heap + outside + wasm };
  }

  async stop() {
    this.#devTools.close();
    await this.#browser.close();
    await this.#server.close();
    rmSync(this.#folder, { recursive: true });
  }
}
