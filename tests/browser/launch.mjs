import { chromium } from 'playwright-core';

import { requireChromium } from '../../scripts/lib/browser.mjs';

/** A headless Chromium that puts pages aside and throttles them as it does with those of users. */
export function launchBrowser() {
  return chromium.launch({
    executablePath: requireChromium(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
    ignoreDefaultArgs: [
      '--disable-back-forward-cache',
      '--disable-background-timer-throttling',
      '--disable-backgrounding-occluded-windows',
      '--disable-renderer-backgrounding',
    ],
  });
}
