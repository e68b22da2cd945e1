/**
 * `node tests/simulator/screenshots.mjs`: creates the pictures in docs/simulator, after a build.
 */
import { fileURLToPath } from 'node:url';

import { startHub } from 'iothub-local';
import { chromium } from 'playwright-core';

import { requireChromium } from '../../scripts/lib/browser.mjs';
import { servePage } from '../../scripts/start/page-server.mjs';

const FOLDER = fileURLToPath(new URL('../../docs/simulator/', import.meta.url));
const viewport = { width: 1280, height: 800 };

const hub = await startHub();
const server = await servePage({ hub });
const browser = await chromium.launch({
  executablePath: requireChromium(),
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
try {
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({ viewport, colorScheme });
    await page.goto(server.url);
    await showFleet(page);
    await page.screenshot({ path: `${FOLDER}fleet-${viewport.width}-${colorScheme}.png` });
    await page.close();
  }
} finally {
  await browser.close();
  await server.close();
  await hub.close();
}

async function showFleet(page) {
  await page.getByLabel('Vehicle fleet').check();
  await page.getByRole('button', { name: 'Add the scene’s 22' }).click();
  // The lines of the charts need some time.
  await acknowledged(page, 500);
}

function acknowledged(page, least) {
  const isReached = (least) => {
    const items = [...document.querySelectorAll('.totals > div')];
    const item = items.find(({ innerText }) => innerText.startsWith('Acknowledged'));
    return Number(item?.querySelector('dd').innerText.replace(',', '')) >= least;
  };
  return page.waitForFunction(isReached, least, { timeout: 120_000 });
}
