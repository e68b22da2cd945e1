/**
 * Telemetry in IndexedDB, in Firefox: what `tests/outbox/browser` shows in Chromium. There a tool
 * cannot end the process of one tab, so the whole browser ends, and starts again with its profile.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test as nodeTest } from 'node:test';
import { fileURLToPath } from 'node:url';

import fastifyStatic from '@fastify/static';
import fastify from 'fastify';
import { startHub } from 'iothub-local';
import puppeteer from 'puppeteer-core';

import { findFirefox } from '../../scripts/lib/browser.mjs';
import { BackEnd } from '../../scripts/start/back-end.mjs';
import { NOWHERE, createClient, numbers } from '../outbox/browser/page.mjs';

/** In KiB: what all sites together may store. */
const QUOTA = 8_192;

const executablePath = findFirefox();
const skip = !executablePath && 'it could not be installed (`npm run setup` says why)';

const hub = await startHub();
const server = fastify({ forceCloseConnections: true });
server.register(fastifyStatic, { root: fileURLToPath(new URL('../..', import.meta.url)) });
const origin = await server.listen({ host: '127.0.0.1', port: 0 });
after(() => Promise.all([server.close(), hub.close()]));

const launch = (extraPrefsFirefox, userDataDir) =>
  puppeteer.launch({ browser: 'firefox', executablePath, extraPrefsFirefox, userDataDir });

/** Started by the first test that needs it. */
let shared;
after(async () => (await shared)?.close());

let created = 0;

/** A test gets a device, and tabs in the shared Firefox, or in one with its own preferences. */
function test(name, work, preferences) {
  nodeTest(`Firefox: ${name}`, { skip, timeout: 120_000 }, async (t) => {
    created += 1;
    const backEnd = await BackEnd.createDevice(hub, `firefox-${created}`);
    const browser = await (preferences ? launch(preferences) : (shared ??= launch()));
    const context = await browser.createBrowserContext();
    t.after(() => (preferences ? browser.close() : context.close()));
    const openTab = async (options = {}) => {
      const tab = await context.newPage();
      await tab.goto(`${origin}/package.json`);
      await createClient(tab, backEnd, options);
      return tab;
    };
    await work({ backEnd, openTab });
  });
}

/** What the hub has, each once, in the order of its first arrival. */
async function arrived(backEnd, count) {
  const messages = await backEnd.waitForTelemetry(count);
  return [...new Set(messages.map(({ text }) => text))];
}

test('one tab connects; when it is closed, another does', async ({ backEnd, openTab }) => {
  const owner = await openTab();
  await owner.evaluate(() => window.client.connect());
  const other = await openTab();
  await other.evaluate(() => window.client.sendMessage('0'));
  const refused = await other.evaluate(() => window.outcome(window.client.connect()));
  assert.match(refused, /NoConnectionError: the page http.* has the outbox of this device/);
  await backEnd.setFaults({ withhold: ['puback'] });
  await other.evaluate(() => void (window.sent = window.outcome(window.client.sendMessage('1'))));
  await backEnd.waitForTelemetry(2);
  await owner.close();
  await backEnd.setFaults({ clear: true });
  assert.equal(await other.evaluate(() => window.sent), 'done');
  await other.evaluate(() => window.client.connect());
  assert.deepEqual(await arrived(backEnd, 3), ['0', '1']);
});

test(
  'a full quota refuses, what was stored stays, and room is used again',
  async ({ backEnd, openTab }) => {
    const tab = await openTab({ endpoint: NOWHERE });
    const { refused, count } = await tab.evaluate(async () => {
      for (let count = 0; ; count += 1) {
        const bytes = crypto.getRandomValues(new Uint8Array(60_000));
        const text = `${count} ${Array.from(bytes, (byte) => byte.toString(16)).join('')}`;
        const outcome = await window.outcome(window.client.enqueue(text));
        if (outcome !== 'done' || count === 1_000) return { refused: outcome, count };
      }
    });
    assert.match(refused, /the store could not take the message: the storage quota/);
    await tab.close();
    const next = await openTab();
    await next.evaluate(() => window.client.outbox.drained());
    await next.evaluate(() => window.client.sendMessage('again'));
    const seen = await arrived(backEnd, count + 1);
    assert.deepEqual(
      seen.map((text) => text.split(' ')[0]),
      [...numbers(count), 'again'],
    );
  },
  { 'dom.quotaManager.temporaryStorage.fixedLimit': QUOTA },
);

test('a database that is deleted while in use is recreated', async (tools) => {
  const { backEnd, openTab } = tools;
  const tab = await openTab();
  const errors = await tab.evaluate(async () => {
    await window.client.sendMessage('before');
    const [{ name }] = await indexedDB.databases();
    await new Promise((resolve) => (indexedDB.deleteDatabase(name).onsuccess = resolve));
    await window.client.sendMessage('after');
    return window.errors;
  });
  assert.match(errors.join(), /was deleted/);
  assert.deepEqual(await arrived(backEnd, 2), ['before', 'after']);
});

test('a database of a later version is an error that says so', async ({ openTab }) => {
  const tab = await openTab();
  await tab.evaluate(async () => {
    await window.client.enqueue('x');
    const [{ name }] = await indexedDB.databases();
    await window.client.shutdown();
    const open = indexedDB.open(name, 7);
    await new Promise((resolve) => (open.onsuccess = resolve));
    open.result.close();
  });
  const next = await openTab();
  const error = await next.evaluate(() => window.outcome(window.client.enqueue('y')));
  assert.match(error, /the store could not be opened: .* was created by a later version/);
});

test('a clock that is set back drops nothing early, and keeps the order', async (tools) => {
  const { backEnd, openTab } = tools;
  const tab = await openTab({ store: { maxAge: 60 }, autoConnect: false });
  await tab.evaluate(async () => {
    for (let number = 0; number < 10; number += 1) await window.client.enqueue(String(number));
    const { now } = Date;
    Date.now = () => now() - 1_800_000;
    for (let number = 10; number < 20; number += 1) await window.client.enqueue(String(number));
    await window.client.connect();
    await window.client.outbox.drained();
  });
  assert.deepEqual(await arrived(backEnd, 20), numbers(20));
});

/** A copy of a profile, without its lock, and without what puppeteer changes when it is in use. */
async function nextProfile(folder, profile) {
  const next = await mkdtemp(join(folder, 'profile-'));
  const filter = (path) => !/(lock|(user|prefs)\.js(\.puppeteer)?)$/.test(path);
  if (profile) await cp(profile, next, { recursive: true, filter });
  return next;
}

nodeTest('Firefox: what was accepted outlives kill -9', { skip, timeout: 300_000 }, async (t) => {
  const backEnd = await BackEnd.createDevice(hub, 'killed');
  const folder = await mkdtemp(join(tmpdir(), 'firefox-'));
  let profile;
  const accepted = new Set();
  let browser;
  t.after(async () => {
    await browser.close();
    await rm(folder, { recursive: true, force: true });
  });
  const openTab = async (options) => {
    profile = await nextProfile(folder, profile);
    browser = await launch({}, profile);
    const tab = await browser.newPage();
    await tab.goto(`${origin}/package.json`);
    await createClient(tab, backEnd, options);
    return tab;
  };
  for (const [kill, options] of [{}, { endpoint: NOWHERE }].entries()) {
    const tab = await openTab(options);
    await tab.evaluate((first) => {
      window.accepted = [];
      const enqueueAll = async () => {
        for (let number = first; ; number += 1) {
          await window.client.enqueue(String(number));
          window.accepted.push(number);
        }
      };
      enqueueAll();
    }, kill * 10_000);
    await tab.waitForFunction(() => window.accepted.length >= 30);
    for (const number of await tab.evaluate(() => window.accepted)) accepted.add(number);
    const ended = once(browser.process(), 'exit');
    browser.process().kill('SIGKILL');
    await ended;
  }
  const last = await openTab({});
  await last.evaluate(() => window.client.outbox.drained());
  const seen = (await arrived(backEnd, accepted.size)).map(Number);
  assert.deepEqual(
    seen,
    [...seen].sort((a, b) => a - b),
  );
  assert.deepEqual(
    [...accepted].filter((number) => !seen.includes(number)),
    [],
  );
});
