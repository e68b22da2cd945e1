import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';

import fastifyStatic from '@fastify/static';
import axe from 'axe-core';
import fastify from 'fastify';

import { simulatorFolder } from '../../../scripts/build-www.mjs';
import {
  openPage,
  openSimulator,
  openTab,
  openWithDevice,
  test,
  waitForState,
} from './support.mjs';

const DEVICE_TABS = [
  'Overview',
  'Telemetry',
  'Sent',
  'Twin',
  'Methods',
  'Messages',
  'Files',
  'Wire log',
];
const FLEET_TABS = ['Overview', 'Scene', 'Sent', 'Actions', 'Wire log'];
/** Two dozen views, each checked by axe. */
const ALL_VIEWS_MILLISECONDS = 180_000;

/** The narrowest that there is: WCAG asks that nothing scrolls sideways at 320. */
const PHONE = { width: 320, height: 720 };

/** Everything that the page can show, one after the other, each with contents. */
async function* views({ page, device }) {
  yield 'the first page';
  for (const summary of await page.locator('summary').all()) await summary.click();
  await page.getByLabel(/^Connection strings, one/).fill('HostName=h;DeviceId=d\nno string');
  await page.getByText('2 lines skipped').waitFor();
  yield 'a list of devices';
  for (const way of ['SAS token', 'Key', 'Connection string']) {
    await page.getByLabel(way, { exact: true }).check();
    yield `adding by ${way}`;
  }
  await page.getByRole('button', { name: 'Add 1 device' }).click();
  await waitForState(page, 'connected');
  await device.waitForTelemetry(2);
  await device.sendMessage({ body: 'hello', properties: { colour: 'red' } });
  await device.invokeMethod('reboot', { delay: 1 });
  await device.patchDesired({ targetTemperature: 24 });
  for (const tab of DEVICE_TABS) {
    await openTab(page, tab);
    if (tab === 'Telemetry') await page.getByLabel('Template').fill('{"wrong": "{{wrong}}"}');
    yield `a device: ${tab}`;
  }
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await page.locator('.view-head .state').filter({ hasText: 'stopped' }).waitFor();
  yield 'a stopped device';
  if (await page.getByRole('button', { name: 'Devices', exact: true }).isVisible()) {
    await page.getByRole('button', { name: 'Devices', exact: true }).click();
    yield 'the list';
  }
  await page.getByRole('button', { name: /^All devices/ }).click();
  for (const tab of FLEET_TABS) {
    await openTab(page, tab);
    yield `all devices: ${tab}`;
  }
  await openTab(page, 'Actions');
  await page.getByLabel('New tag').fill('north');
  await page.getByRole('button', { name: 'Tag', exact: true }).click();
  await page.getByRole('button', { name: 'Delay PUBACK' }).click();
  await page.getByText('More faults and their settings').click();
  await page.getByRole('list', { name: 'Faults that are on' }).waitFor();
  yield 'faults and tags';
  await openTab(page, 'Scene');
  await page.getByRole('button', { name: 'JSON', exact: true }).click();
  await page.getByLabel('The whole scene').fill('{"version": 2}');
  await page.getByText('2 mistakes').waitFor();
  for (const summary of await page.locator('.scene-docs summary').all()) await summary.click();
  yield 'the JSON of the scene';
  await page.getByLabel('Vehicle fleet').check();
  await openTab(page, 'Overview');
  await page.getByRole('button', { name: 'Map' }).click();
  yield 'the map';
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: 'Commands' }).waitFor();
  yield 'the palette';
  await page.keyboard.press('Escape');
  // In its field, the character would be text.
  await page.getByRole('dialog', { name: 'Commands' }).waitFor({ state: 'detached' });
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  yield 'the shortcuts';
}

async function openAll(t, options) {
  const simulator = await openSimulator(t, options);
  return { ...simulator, device: simulator.backEnd('thermostat-1') };
}

const COLOURS = {
  light: { colorScheme: 'light', forcedColors: 'none' },
  forced: { colorScheme: 'light', forcedColors: 'active' },
  dark: { colorScheme: 'dark', forcedColors: 'none' },
};

test(
  'axe finds nothing in any view: in light, dark and forced colours',
  async (t) => {
    const simulator = await openAll(t, COLOURS.light);
    const { page } = simulator;
    await page.evaluate(axe.source);
    for await (const view of views(simulator)) {
      for (const [name, colours] of Object.entries(COLOURS)) {
        await emulateColours(page, colours);
        await runAxe(page, `${view}, ${name}`);
      }
      await emulateColours(page, COLOURS.light);
    }
  },
  ALL_VIEWS_MILLISECONDS,
);

test(
  'on a phone axe finds nothing, nothing is wider than the screen, and buttons are large enough',
  async (t) => {
    const simulator = await openAll(t, { viewport: PHONE });
    await simulator.page.evaluate(axe.source);
    for await (const view of views(simulator)) {
      await runAxe(simulator.page, view);
      const { excess, small } = await simulator.page.evaluate(() => ({
        excess: document.documentElement.scrollWidth - innerWidth,
        small: [...document.querySelectorAll('button:not(.chip, .link), select')]
          .filter((element) => element.checkVisibility() && element.offsetHeight < 44)
          .map((element) => element.outerHTML),
      }));
      assert.ok(excess <= 0, `${view} is wider by ${excess}`);
      assert.deepEqual(small, [], view);
    }
  },
  ALL_VIEWS_MILLISECONDS,
);

async function emulateColours(page, colours) {
  await page.emulateMedia(colours);
  const theme = page.locator(`:root[data-theme=${colours.colorScheme}]`);
  await theme.waitFor({ state: 'attached' });
}

async function runAxe(page, view) {
  const complaints = await page.evaluate(async () => {
    const { violations } = await window.axe.run();
    return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
  });
  assert.deepEqual(complaints, [], view);
}

test('a phone shows the list or the selected device, with a way back', async (t) => {
  const { page } = await openWithDevice(t, { viewport: PHONE });
  const list = page.getByRole('navigation', { name: 'Devices' });
  assert.equal(await list.isVisible(), false);
  await page.getByRole('button', { name: 'Devices', exact: true }).click();
  assert.equal(await list.isVisible(), true);
  await list.getByRole('button', { name: /^thermostat-1/ }).click();
  await page.getByRole('heading', { name: 'thermostat-1' }).waitFor();
});

test('on a phone, the notice about a removed device covers nothing at the end of the page', async (t) => {
  const { page } = await openWithDevice(t, { viewport: PHONE });
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByText('Removed thermostat-1.').waitFor();
  const covered = await page.evaluate(() => {
    scrollTo(0, document.documentElement.scrollHeight);
    const boxOf = (selector) => document.querySelector(selector).getBoundingClientRect();
    return boxOf('main').bottom - boxOf('.toast').top;
  });
  assert.ok(covered <= 0, `${covered} pixels of the page`);
});

test('the theme is the system’s until the user changes it, and then stays', async (t) => {
  const { page } = await openSimulator(t, { colorScheme: 'dark' });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  await page.getByRole('button', { name: 'Switch to the light theme' }).click();
  const light = await ground();
  assert.notEqual(light, dark);
  await page.reload();
  await page.getByRole('button', { name: 'Switch to the dark theme' }).click();
  assert.equal(await ground(), dark);
  assert.deepEqual(await page.evaluate(() => ({ ...localStorage })), {});
});

test('tabs can be used with the arrow keys, Home and End', async (t) => {
  const { page } = await openWithDevice(t);
  await page.getByRole('tab', { name: 'Overview' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.getByLabel('Template').waitFor();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  const tab = page.getByRole('tab', { name: 'Wire log' });
  assert.equal(await tab.getAttribute('aria-selected'), 'true');
  assert.equal(await tab.evaluate((element) => element === document.activeElement), true);
  await page.keyboard.press('Home');
  await page.getByRole('tab', { name: 'Overview', selected: true }).waitFor();
  await page.keyboard.press('End');
  await page.getByRole('tab', { name: 'Wire log', selected: true }).waitFor();
});

test('the palette finds a device or a command, by letters and arrow keys', async (t) => {
  const { page } = await openWithDevice(t);
  await page.getByRole('button', { name: /^All devices/ }).click();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Find a device or a command' }).fill('thermo');
  await page.getByRole('option', { name: 'thermostat-1', selected: true }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'thermostat-1' }).waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Find a device or a command' }).fill('1 twin');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.getByRole('tab', { name: 'Twin', selected: true }).waitFor();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

test('single characters are shortcuts outside of fields, unless they are turned off', async (t) => {
  const { page } = await openWithDevice(t);
  const filter = page.getByRole('searchbox', { name: 'Filter devices' });
  const hasFocus = () => filter.evaluate((element) => element === document.activeElement);
  await page.keyboard.press('/');
  assert.ok(await hasFocus());
  await page.keyboard.press('?');
  assert.equal(await filter.inputValue(), '?');
  await filter.fill('');
  await filter.blur();
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await help.getByLabel('Use the single-character shortcuts').uncheck();
  await help.getByRole('button', { name: 'Close' }).click();
  await help.waitFor({ state: 'detached' });
  await page.reload();
  await page.getByRole('heading', { name: 'thermostat-1' }).waitFor();
  await page.keyboard.press('/');
  assert.equal(await hasFocus(), false);
});

test('focus moves from a button to the view that it opens, for keyboard and screen reader', async (t) => {
  const { page } = await openWithDevice(t);
  await page.waitForFunction(() => document.activeElement.matches('main'));
  await page.keyboard.press('Tab');
  const stop = page.getByRole('button', { name: 'Stop', exact: true });
  assert.equal(await stop.evaluate((element) => element === document.activeElement), true);
});

test('screen readers announce how many devices are connected, once that is stable', async (t) => {
  const { page } = await openSimulator(t);
  await page.getByLabel('Number of devices').fill('5');
  await page.getByRole('button', { name: 'Add 5 devices' }).click();
  const told = page.getByRole('status').filter({ hasText: '5 of 5 devices connected' });
  await told.waitFor({ state: 'attached' });
});

test('the page runs its own scripts and WebAssembly and nothing else, on any server', async (t) => {
  const { url, page } = await openSimulator(t);
  const header = (await fetch(url)).headers.get('content-security-policy');
  const meta = await page.locator('meta[http-equiv]').getAttribute('content');
  for (const policy of [header, meta]) {
    const directives = policy.split('; ');
    assert.ok(directives.includes("default-src 'none'"));
    assert.ok(directives.includes("script-src 'self' 'wasm-unsafe-eval'"));
    assert.ok(directives.includes("style-src 'self'"));
    // Relays of file uploads and storage accounts may be anywhere.
    const [connect] = directives.filter((directive) => directive.startsWith('connect-src '));
    assert.ok(connect.split(' ').includes('https:'), connect);
  }
  assert.ok(header.includes("frame-ancestors 'none'"));
});

test('the page is served under no other host name', async (t) => {
  const { url } = await openSimulator(t);
  const statuses = { 'example.com': 400, 'localhost.example.com': 400, localhost: 200 };
  for (const [host, status] of Object.entries(statuses)) {
    const [response] = await once(get(`${url}/local-hub.json`, { headers: { host } }), 'response');
    response.resume();
    assert.equal(response.statusCode, status, host);
  }
});

/** The simulator on a static server, in a folder there. */
async function serveFolder(t, prepare) {
  const server = fastify({ forceCloseConnections: true });
  server.register(fastifyStatic, { root: simulatorFolder, prefix: '/some/folder/' });
  prepare(server);
  t.after(() => server.close());
  return `${await server.listen({ host: '127.0.0.1', port: 0 })}/some/folder/`;
}

test('a server that responds to every request with a page counts as one without a hub', async (t) => {
  const url = await serveFolder(t, (server) => {
    server.setNotFoundHandler((_, reply) => reply.type('text/html').send('<!doctype html>'));
  });
  const page = await openPage(t, url);
  await page.getByText('No hub at hand?').waitFor();
});

test('a page without fleet.js says what to do', async (t) => {
  const url = await serveFolder(t, (server) => {
    server.addHook('onRequest', async (request, reply) => {
      if (request.url.endsWith('fleet.js')) await reply.code(404).send();
    });
  });
  const isExpected = (complaint) => /404/.test(complaint);
  const page = await openPage(t, url, { isExpected });
  const alert = page.getByRole('alert').filter({ hasText: 'The simulator cannot start' });
  await alert.filter({ hasText: 'Reload the page' }).waitFor();
});

test('in a browser that stores nothing, the page still has a theme', async (t) => {
  const { page } = await openSimulator(t, { colorScheme: 'light' });
  await page.addInitScript(() => {
    const get = () => {
      throw new DOMException('denied', 'SecurityError');
    };
    Object.defineProperty(window, 'localStorage', { get });
  });
  await page.reload();
  await page.getByRole('button', { name: 'Switch to the dark theme' }).click();
  await page.getByRole('button', { name: 'Switch to the light theme' }).waitFor();
});

test('as static files in any folder, it connects a device and offers no local hub', async (t) => {
  const { hub } = await openSimulator(t);
  const url = await serveFolder(t, () => {});
  const page = await openPage(t, url);
  await page.getByText('No hub at hand?').waitFor();
  assert.equal(await page.getByRole('heading', { name: 'Local hub' }).count(), 0);

  const headers = { authorization: hub.authorization() };
  const created = await fetch(`${hub.url}/local/devices/static`, { method: 'PUT', headers });
  const { connectionString, endpoint } = await created.json();
  await page.getByText('Another endpoint or relay').click();
  await page.getByLabel('WebSocket endpoint, of a hub on this machine').fill(endpoint);
  await page.getByLabel('Connection string of the device').fill(connectionString);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await waitForState(page, 'connected');
});
