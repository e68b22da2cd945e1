/** `node tests/simulator/screenshots.mjs`: remakes the pictures in docs/simulator, after a build. */
import { fileURLToPath } from 'node:url';

import { startHub } from 'iothub-local';
import { chromium } from 'playwright-core';

import { findBrowser } from '../../scripts/lib/browser.mjs';
import { BackEnd } from '../../scripts/start/back-end.mjs';
import { servePage } from '../../scripts/start/page-server.mjs';

const FOLDER = fileURLToPath(new URL('../../docs/simulator/', import.meta.url));

/** Names of pictures, with the width and height of the window and what is shown. */
const PICTURES = [
  ['start', 1280, 860, showNothing],
  ['fleet', 1280, 800, showFleet],
  ['editor', 1280, 860, (page) => showDevice(page, 'Telemetry')],
  ['twin', 768, 1000, showTwin],
  ['recovery', 768, 860, showRecovery],
  ['device', 375, 760, (page) => showDevice(page, 'Overview')],
  ['start-phone', 375, 760, showNothing],
];

await findBrowser();
const hub = await startHub();
const server = await servePage({ hub });
const browser = await chromium.launch({
  executablePath: process.env.CHROME,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
try {
  for (const [name, width, height, show] of PICTURES) {
    for (const colorScheme of ['light', 'dark']) {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme });
      await page.goto(server.url);
      await page.getByRole('heading', { name: 'Simulate a device' }).waitFor();
      await show(page);
      await page.screenshot({ path: `${FOLDER}${name}-${width}-${colorScheme}.png` });
      await page.close();
    }
  }
} finally {
  await browser.close();
  await server.close();
  await hub.close();
}

async function showNothing() {}

/** Lines need their time to become lines. */
function acknowledged(page, least) {
  const isReached = (least) => {
    const items = [...document.querySelectorAll('.totals > div')];
    const item = items.find(({ innerText }) => innerText.startsWith('Acknowledged'));
    return Number(item?.querySelector('dd').innerText.replace(',', '')) >= least;
  };
  return page.waitForFunction(isReached, least, { timeout: 120_000 });
}

async function showFleet(page) {
  await page.getByLabel('Vehicle fleet').check();
  await page.getByRole('button', { name: 'Add the scene’s 22' }).click();
  await acknowledged(page, 500);
}

async function addDevice(page) {
  await page.getByRole('button', { name: 'Add 1 device' }).click();
  await acknowledged(page, 9);
  const id = await page.locator('.view-head h2').innerText();
  return new BackEnd(hub, { deviceId: id });
}

async function showDevice(page, tab) {
  await addDevice(page);
  await page.getByRole('tab', { name: tab }).click();
  await page.locator('.plot, .preview').first().waitFor();
}

async function showTwin(page) {
  const device = await addDevice(page);
  await page.getByRole('tab', { name: 'Twin' }).click();
  await device.patchDesired({ targetTemperature: 23.5, schedule: { from: '06:30', to: '22:00' } });
  await page.getByLabel('Reported properties').getByText('22:00').waitFor();
}

async function showRecovery(page) {
  const device = await addDevice(page);
  await page.getByRole('button', { name: 'Reset connection' }).click();
  await device.waitForPackets('connect', 'in', 2);
  await page.getByRole('tab', { name: 'Wire log' }).click();
  await page.getByRole('listitem').filter({ hasText: 'socket closed' }).waitFor();
}
