/** Chromium and Firefox, and pages in them that do the job. */
import puppeteer from 'puppeteer-core';

import { findChromium, findFirefox, requireChromium } from '../../scripts/lib/browser.mjs';

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** `{name, open(), missing}`; `missing` says why a browser is not available. */
export const browsers = [
  {
    name: 'Chromium',
    open: () => puppeteer.launch({ executablePath: requireChromium(), args: CHROMIUM_FLAGS }),
    missing: findChromium() ? undefined : 'it could not be installed (`npm run setup` says why)',
  },
  {
    name: 'Firefox',
    open: () => puppeteer.launch({ browser: 'firefox', executablePath: findFirefox() }),
    missing: findFirefox() ? undefined : 'it could not be installed (`npm run setup` says why)',
  },
];

/** Opens a page in a fresh profile until the outcome arrives; fails with the page's errors. */
export async function visit(browser, url, outcome) {
  const context = await browser.createBrowserContext();
  try {
    const page = await context.newPage();
    const complaint = new Promise((_, reject) => {
      page.on('pageerror', reject);
      page.on('console', (message) => {
        if (message.type() === 'error') reject(new Error(`console: ${message.text()}`));
      });
    });
    await Promise.race([page.goto(url).then(() => outcome), complaint]);
  } finally {
    await context.close();
  }
}
