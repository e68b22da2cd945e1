import { chromium } from 'playwright-core';

import { requireChromium } from '../../scripts/lib/browser.mjs';

/** A headless Chromium that freezes, caches and throttles pages as it does for users. */
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
