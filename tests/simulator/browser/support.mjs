/** Shared by the tests of the simulator's page. */
import { startHub } from 'iothub-local';

import { BackEnd } from '../../../scripts/start/back-end.mjs';
import { servePage } from '../../../scripts/start/page-server.mjs';
import { openPage, sharePage } from '../../browser/support.mjs';

export { openPage, test } from '../../browser/support.mjs';

/** Chromium itself prints a lost WebSocket on the console. */
export const isLostSocket = (complaint) => complaint.startsWith('WebSocket connection to');

/**
 * The page of `npm start` with a local hub of its own. A test that changes the browser's profile, or
 * adds scripts to the page, names a profile, and gets a fresh one.
 */
export async function openSimulator(t, { isExpected, ...profile } = {}) {
  const hub = await startHub();
  const server = await servePage({ hub });
  const isPlain = Object.keys(profile).length === 0;
  // The page is closed first: it would report a missing hub.
  const page = isPlain
    ? await sharePage(t, server.url, isExpected)
    : await openPage(t, server.url, { isExpected, ...profile });
  t.after(() => server.close());
  t.after(() => hub.close());
  await page.getByRole('heading', { name: 'Simulate a device' }).waitFor();
  const backEnd = (deviceId) => new BackEnd(hub, { deviceId });
  return { hub, page, url: server.url, backEnd };
}

/** The same with one device, thermostat-1, which is connected and shown. */
export async function openWithDevice(t, options) {
  const simulator = await openSimulator(t, options);
  await simulator.page.getByRole('button', { name: 'Add 1 device' }).click();
  await waitForState(simulator.page, 'connected');
  return { ...simulator, device: simulator.backEnd('thermostat-1') };
}

/** Chooses a tab of what is shown. */
export const openTab = (page, name) => page.getByRole('tab', { name }).click();

/** Waits until the device that is shown is in a state. */
export const waitForState = (page, state) =>
  page.locator('.view-head .state').filter({ hasText: state }).waitFor();

/** The row of a device in the list. */
export const rowOf = (page, id) =>
  page.getByRole('navigation').getByRole('listitem').filter({ hasText: id });

/** What a back end does at the local hub, by its title. */
export const hubSide = (page, title) =>
  page.getByRole('region', { name: `At the local hub: ${title}` });

/** Waits until a chart has at least this many pixels of about the accent colour: its first line. */
export async function waitForLine(page, chart, least = 100) {
  const canvas = await chart.locator('canvas').elementHandle();
  const isDrawn = ([canvas, least]) => {
    const style = getComputedStyle(document.documentElement);
    const accent = style.getPropertyValue('--accent').match(/\d+/g).map(Number);
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      const isNear = accent.every((part, index) => Math.abs(data[at + index] - part) < 20);
      if (isNear && data[at + 3] > 0) count += 1;
    }
    return count >= least;
  };
  await page.waitForFunction(isDrawn, [canvas, least]);
}
