/**
 * Tabs that are hidden, frozen and cached like those of users: Playwright keeps its own pages
 * visible and focused.
 */
import { EventEmitter, once } from 'node:events';
import { setTimeout } from 'node:timers/promises';

const PATIENCE_MILLISECONDS = 20_000;

/** Tabs that share storage. */
export class Profile {
  /** Uncaught errors of its tabs. */
  uncaught = [];
  #devTools;
  #browserContextId;

  /** @param {import('playwright-core').Browser} browser */
  static async open(browser) {
    const devTools = await browser.newBrowserCDPSession();
    const { browserContextId } = await devTools.send('Target.createBrowserContext');
    return new Profile(devTools, browserContextId);
  }

  /** Use `open`. */
  constructor(devTools, browserContextId) {
    this.#devTools = devTools;
    this.#browserContextId = browserContextId;
  }

  async openTab(url) {
    const devTools = this.#devTools;
    const browserContextId = this.#browserContextId;
    const { targetId } = await devTools.send('Target.createTarget', { url, browserContextId });
    const attach = { targetId, flatten: false };
    const { sessionId } = await devTools.send('Target.attachToTarget', attach);
    const tab = new Tab(devTools, targetId, sessionId);
    tab.on('Runtime.exceptionThrown', (event) => this.uncaught.push(event.exceptionDetails));
    await tab.send('Runtime.enable');
    await tab.waitFor(() => document.readyState === 'complete' && location.href !== 'about:blank');
    return tab;
  }

  async close() {
    const browserContextId = this.#browserContextId;
    await this.#devTools.send('Target.disposeBrowserContext', { browserContextId });
  }
}

/** The DevTools protocol of a tab or of one of its workers; emits events by their names. */
class Session extends EventEmitter {
  #parent;
  #sessionId;
  #answers = new Map();
  /** Rejects when no further response can come. */
  #ended;

  constructor(parent, sessionId) {
    super();
    this.#parent = parent;
    this.#sessionId = sessionId;
    this.#ended = new Promise((_, reject) => {
      const end = () => reject(new Error('the tab or the browser has gone'));
      parent.on('close', end);
      parent.on('Target.detachedFromTarget', (event) => event.sessionId === sessionId && end());
    });
    this.#ended.catch(() => {});
    parent.on('Target.receivedMessageFromTarget', (event) => {
      if (event.sessionId !== sessionId) return;
      const { id, method, params, ...answer } = JSON.parse(event.message);
      if (method) this.emit(method, params);
      this.#answers.get(id)?.(answer);
    });
  }

  /** A command of the DevTools protocol. */
  async send(method, params = {}) {
    const id = this.#answers.size + 1;
    const answered = new Promise((resolve) => this.#answers.set(id, resolve));
    await this.#parent.send('Target.sendMessageToTarget', {
      sessionId: this.#sessionId,
      message: JSON.stringify({ id, method, params }),
    });
    const { result, error } = await Promise.race([answered, this.#ended]);
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }
}

class Tab extends Session {
  #devTools;
  #targetId;
  #milestones = new Set();

  constructor(devTools, targetId, sessionId) {
    super(devTools, sessionId);
    this.#devTools = devTools;
    this.#targetId = targetId;
    this.on('Page.lifecycleEvent', ({ name }) => this.#milestones.add(name));
  }

  /** Resolves with the worker of the page, as soon as there is one. */
  async worker() {
    const attached = once(this, 'Target.attachedToTarget');
    const options = { autoAttach: true, waitForDebuggerOnStart: false, flatten: false };
    await this.send('Target.setAutoAttach', options);
    const [{ sessionId }] = await attached;
    return new Session(this, sessionId);
  }

  /** Runs a function in the page. Resolves with its result. */
  async evaluate(work, argument) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression: `(${work})(${JSON.stringify(argument)})`,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception.description);
    return result.value;
  }

  /** Waits until a function returns something truthy in the page. Resolves with that. */
  waitFor(condition, argument, patience) {
    const check = () => this.evaluate(condition, argument);
    return until(check, `it did not become true: ${condition}`, patience);
  }

  /**
   * Waits until the page has shown its content and sends no more requests. Until then it counts as
   * loading, and Chromium throttles its timers later.
   */
  async settled() {
    await this.send('Page.enable');
    await this.send('Page.setLifecycleEventsEnabled', { enabled: true });
    // Chromium waits for a quiet moment, which a busy machine may not have for long.
    const isSettled = () => this.#milestones.has('firstMeaningfulPaint');
    await until(isSettled, 'the page never settled', 90_000);
  }

  /** Brings the tab to the front, which hides the others. */
  show() {
    return this.#devTools.send('Target.activateTarget', { targetId: this.#targetId });
  }

  /**
   * Takes the network away or restores it. Sockets that were opened before the first call stay
   * open.
   */
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
