/**
 * Tabs that are hidden, frozen and put aside as those of users are: Playwright would tell its own
 * pages that they are visible and focused, whatever happens to them.
 */
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';

import { browser, createDevice, serveRepository } from './support.mjs';

const PATIENCE_MILLISECONDS = 20_000;

/** Only an event ends a wait as long as this. */
const AN_HOUR = 3600;

/** A document to open in a tab. Any will do: the tests bring the script. */
export const documentOf = (origin) => `${origin}/package.json`;

/** Connects a client in a tab; what it tells is in `told`. */
export function connect(tab, { connectionString, endpoint }, options = {}) {
  const identity = { connectionString, endpoint, connectionRetryInterval: AN_HOUR, ...options };
  return tab.evaluate(async ({ connectionString, ...options }) => {
    const { IoTHubDeviceClient } = await import('/pkg/index.browser.js');
    const client = IoTHubDeviceClient.createFromConnectionString(connectionString, options);
    const told = [];
    client.onConnectionStateChange = ({ connected, cause }) =>
      told.push(cause ? `${cause.name}: ${cause.message}` : `connected: ${connected}`);
    client.onBackgroundException = () => {};
    Object.assign(window, { client, told });
    await client.connect();
  }, identity);
}

/** Connects a client in a worker of a tab; its state is in `state`. */
export function connectWorker(tab, { connectionString, endpoint }) {
  const identity = { connectionString, endpoint, connectionRetryInterval: AN_HOUR };
  return tab.evaluate(
    (identity) =>
      new Promise((resolve, reject) => {
        const worker = new Worker('/tests/browser/worker.js', { type: 'module' });
        worker.onerror = (event) => reject(new Error(event.message || 'the worker did not load'));
        worker.onmessage = ({ data: { state } }) => {
          window.state = state;
          if (state === 'ready') worker.postMessage(identity);
          if (state === 'connected') resolve();
        };
      }),
    identity,
  );
}

/** A tab with a connected client. */
export async function openConnected(t, options) {
  const backEnd = await createDevice();
  const origin = await serveRepository(t);
  const profile = await openProfile(t);
  const tab = await profile.openTab(documentOf(origin));
  await connect(tab, backEnd, options);
  return { backEnd, origin, profile, tab };
}

/** Opens tabs that share one profile, which ends with the test; so do uncaught errors in them. */
export async function openProfile(t) {
  const devTools = await browser.newBrowserCDPSession();
  const { browserContextId } = await devTools.send('Target.createBrowserContext');
  const uncaught = [];
  t.after(async () => {
    await devTools.send('Target.disposeBrowserContext', { browserContextId });
    assert.deepEqual(uncaught, []);
  });
  return {
    async openTab(url) {
      const { targetId } = await devTools.send('Target.createTarget', { url, browserContextId });
      const { sessionId } = await devTools.send('Target.attachToTarget', {
        targetId,
        flatten: false,
      });
      const tab = new Tab(devTools, targetId, sessionId, uncaught);
      await tab.send('Runtime.enable');
      await tab.waitFor(() => document.readyState === 'complete' && location.href !== 'about:blank');
      return tab;
    },
  };
}

class Tab {
  #devTools;
  #targetId;
  #sessionId;
  #answers = new Map();
  #milestones = new Set();

  constructor(devTools, targetId, sessionId, uncaught) {
    this.#devTools = devTools;
    this.#targetId = targetId;
    this.#sessionId = sessionId;
    devTools.on('Target.receivedMessageFromTarget', (event) => {
      if (event.sessionId !== sessionId) return;
      const { id, method, params, ...answer } = JSON.parse(event.message);
      if (method === 'Runtime.exceptionThrown') uncaught.push(params.exceptionDetails);
      if (method === 'Page.lifecycleEvent') this.#milestones.add(params.name);
      this.#answers.get(id)?.(answer);
    });
  }

  /** A command of the DevTools protocol to this tab. */
  async send(method, params = {}) {
    const id = this.#answers.size + 1;
    const answered = new Promise((resolve) => this.#answers.set(id, resolve));
    const message = JSON.stringify({ id, method, params });
    await this.#devTools.send('Target.sendMessageToTarget', {
      sessionId: this.#sessionId,
      message,
    });
    const { result, error } = await answered;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** What a function gives in the page, or what its Promise does. */
  async evaluate(work, argument) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression: `(${work})(${JSON.stringify(argument)})`,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception.description);
    return result.value;
  }

  /** Waits until a function gives something true in the page, and gives that. */
  waitFor(condition, argument, patience) {
    const check = () => this.evaluate(condition, argument);
    return until(check, `it did not become true: ${condition}`, patience);
  }

  /**
   * Waits until the page has shown its content and asks for nothing more. Until then it counts as
   * loading, and Chromium spares its timers for longer.
   */
  async settled() {
    await this.send('Page.enable');
    await this.send('Page.setLifecycleEventsEnabled', { enabled: true });
    await until(() => this.#milestones.has('firstMeaningfulPaint'), 'the page never settled');
  }

  /** Brings it to the front, and so hides the others. */
  show() {
    return this.#devTools.send('Target.activateTarget', { targetId: this.#targetId });
  }

  /** Its network goes or comes; sockets that were opened before the first call live on. */
  async setOffline(offline) {
    await this.send('Network.enable');
    const conditions = { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
    return this.send('Network.emulateNetworkConditions', conditions);
  }

  /** @param {'frozen' | 'active'} state */
  setLifecycleState(state) {
    return this.send('Page.setWebLifecycleState', { state });
  }

  async goBack() {
    const { currentIndex, entries } = await this.send('Page.getNavigationHistory');
    return this.send('Page.navigateToHistoryEntry', { entryId: entries[currentIndex - 1].id });
  }
}

async function until(check, sentence, patience = PATIENCE_MILLISECONDS) {
  const end = performance.now() + patience;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (performance.now() > end) throw new Error(sentence);
    await setTimeout(50);
  }
}
