/** Tabs of one browser profile, with a device whose client has a store in IndexedDB. */
import assert from 'node:assert/strict';
import { once } from 'node:events';

import { browser, createDevice, serveRepository } from '../../browser/support.mjs';
import { createClient } from './page.mjs';

export { browser, createDevice, serveRepository, test } from '../../browser/support.mjs';
export { NOWHERE, numbers } from './page.mjs';

/** Any document works: the tests inject the script. */
const DOCUMENT = '/package.json';

/** A device, and a profile in which tabs are opened. */
export async function openProfile(t, { init, arg } = {}) {
  const backEnd = await createDevice();
  const origin = await serveRepository(t);
  const context = await browser.newContext();
  t.after(() => context.close());
  if (init) await context.addInitScript(init, arg);
  return {
    backEnd,
    origin,
    context,
    /** Opens a tab with a client, which is `client` in it. */
    async openTab(options = {}) {
      const tab = await context.newPage();
      await tab.goto(`${origin}${DOCUMENT}`);
      await createClient(tab, backEnd, options);
      return tab;
    },
  };
}

/** Kills the process of a tab. */
export async function crash(tab) {
  const crashed = once(tab, 'crash');
  const devTools = await tab.context().newCDPSession(tab);
  devTools.send('Page.crash').catch(() => {});
  await crashed;
}

/** What the hub has, each once, in the order of its first arrival. */
export async function arrived(backEnd, count) {
  const messages = await backEnd.waitForTelemetry(count);
  return [...new Set(messages.map(({ text }) => text))];
}

export function assertSorted(texts) {
  const found = texts.map(Number);
  assert.deepEqual(
    found,
    [...found].sort((a, b) => a - b),
  );
}
