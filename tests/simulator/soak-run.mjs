/**
 * Many devices of the simulator: measures how smoothly the page is drawn, hides the tab for a
 * while, and compares both ends.
 */
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import { BackEnd, callHub } from '../../scripts/start/back-end.mjs';
import { servePage } from '../../scripts/start/page-server.mjs';
import { sceneToLink } from '../../simulator/src/scene-link.js';
import { launchBrowser } from '../browser/launch.mjs';
import { Profile } from '../browser/profile.mjs';
import { findMemories, measurePage } from '../leaks/page-memory.mjs';

const CONNECT_MILLISECONDS = 120_000;

/** Memory needs time to settle: the first half minute does not count. */
const SETTLING_SECONDS = 30;

/** The button that appears when the worker has loaded. */
const ADD_DEVICES = 'Add the scene';

/** For how long frames are counted before the tab is hidden, at most. */
const VISIBLE_SECONDS = 10;

/**
 * @param {object} options
 * @param {number} options.devices 2 to 1,000; each sends a message a second
 * @param {number} options.seconds how long the tab is hidden
 * @param {(line: string) => void} options.say
 * @returns {Promise<{sent: number, acknowledged: number, failed: number, atHub: number,
 *   lost: number, duplicates: number, perSecond: number, memory: object[]}>}
 */
export async function runFleet({ devices, seconds, say }) {
  const thread = new Worker(new URL('../conformance/hub-thread.mjs', import.meta.url));
  const hub = await accessOf(thread);
  const server = await servePage({ hub });
  const browser = await launchBrowser();
  try {
    const profile = await Profile.open(browser);
    const tab = await profile.openTab(await sceneToLink(sceneOf(devices), `${server.url}/`));
    await tab.settled();
    const worker = await tab.worker();
    await tab.waitFor((text) => document.body.textContent.includes(text), ADD_DEVICES);
    await press(tab, ADD_DEVICES);
    await waitForConnected(hub, devices);
    // The module is loaded with the first device.
    const memories = await findMemories(worker);
    say(`${devices} devices are connected`);
    say(await measureFrames(tab, Math.min(seconds, VISIBLE_SECONDS)));
    say(`the tab is hidden for ${seconds} seconds`);
    await hide(tab, profile, server.url);
    const began = Date.now();
    const memory = await watchMemory(worker, memories, seconds, say);
    const ended = Date.now();
    await press(tab, 'Stop all');
    await waitForConnected(hub, 0);
    const totals = await totalsOf(tab);
    if (profile.uncaught.length > 0) throw new Error(JSON.stringify(profile.uncaught));
    return { ...totals, ...(await compare(hub, devices, began, ended)), memory };
  } finally {
    await browser.close();
    await server.close();
    await thread.terminate();
  }
}

async function accessOf(thread) {
  const [{ url, authorization }] = await once(thread, 'message');
  const access = { url, authorization: () => authorization };
  const { hostname, endpoint } = await callHub(access, 'GET', '/local/hub');
  return { ...access, hostname, endpoint };
}

function sceneOf(count) {
  const telemetry = {
    template: '{"number": "{{counter}}", "temperature": "{{walk 20 25 0.5}}"}',
    periodMs: 1000,
    jitter: 0.5,
    properties: {},
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    isOn: true,
  };
  const twin = { reported: { began: '{{time}}' }, followsDesired: true };
  const behaviour = { telemetry, twin, methods: [] };
  return { version: 1, title: 'Soak', kinds: [{ name: 'device', count, behaviour }] };
}

/** Clicks the button whose text begins with this, as soon as it appears. */
function press(tab, text) {
  return tab.waitFor((text) => {
    const buttons = [...document.querySelectorAll('button')];
    const button = buttons.find((button) => button.textContent.trim().startsWith(text));
    button?.click();
    return Boolean(button);
  }, text);
}

async function waitForConnected(hub, count) {
  const end = Date.now() + CONNECT_MILLISECONDS;
  for (;;) {
    const path = '/statistics/service?api-version=2021-04-12';
    const { connectedDeviceCount } = await callHub(hub, 'GET', path);
    if (connectedDeviceCount === count) return;
    if (Date.now() > end) throw new Error(`${connectedDeviceCount} of ${count} are connected`);
    await setTimeout(200);
  }
}

/** How smoothly the visible page is drawn, in words. */
async function measureFrames(tab, seconds) {
  await tab.send('Performance.enable');
  const before = await taskSeconds(tab);
  const { count, median, p95, longTasks } = await tab.evaluate(async (seconds) => {
    const longTasks = [];
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longTasks.push(duration);
    });
    observer.observe({ type: 'longtask' });
    const nextFrame = () => new Promise(requestAnimationFrame);
    const intervals = [];
    let last = await nextFrame();
    for (const end = last + seconds * 1000; last < end;) {
      const now = await nextFrame();
      intervals.push(now - last);
      last = now;
    }
    observer.disconnect();
    intervals.sort((one, other) => one - other);
    const at = (share) => intervals[Math.floor(intervals.length * share)];
    return { count: intervals.length, median: at(0.5), p95: at(0.95), longTasks };
  }, seconds);
  const busy = ((await taskSeconds(tab)) - before) / seconds;
  const longest = Math.round(Math.max(0, ...longTasks));
  return (
    `the visible page: ${count} frames, ${median.toFixed(1)} ms apart (median), ` +
    `${p95.toFixed(1)} ms (p95); ${longTasks.length} tasks above 50 ms, at most ${longest} ms; ` +
    `the main thread is busy for ${(busy * 100).toFixed(0)} % of the time`
  );
}

/** For how long the main thread of the page has worked. */
async function taskSeconds(tab) {
  const { metrics } = await tab.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration').value;
}

async function hide(tab, profile, url) {
  const other = await profile.openTab(`${url}/local-hub.json`);
  await other.show();
  await tab.waitFor(() => document.hidden);
}

/** The worker's memory, measured about ten times during these seconds. */
async function watchMemory(worker, memories, seconds, say) {
  const end = Date.now() + seconds * 1000;
  const measured = [];
  const step = Math.max(1, seconds / 10) * 1000;
  for (;;) {
    const { heap, outside, wasm } = await measurePage(worker, memories);
    const passed = seconds - Math.round((end - Date.now()) / 1000);
    measured.push({ passed, heap, outside, wasm });
    const inMegabytes = [heap, outside, wasm].map((bytes) => (bytes / 1e6).toFixed(1));
    say(`after ${passed} s: heap, outside, WebAssembly of ${inMegabytes.join(', ')} MB`);
    const left = end - Date.now();
    if (left <= 0) return measured;
    await setTimeout(Math.min(step, left));
  }
}

/** What the page itself shows, once it knows the final counts. */
function totalsOf(tab) {
  return tab.waitFor(() => {
    const numberOf = (name) => {
      const terms = [...document.querySelectorAll('.totals dt')];
      const term = terms.find(({ textContent }) => textContent === name);
      return Number(term?.nextElementSibling.textContent.replaceAll(/\D/g, ''));
    };
    const [sent, acknowledged, failed] = ['Sent', 'Acknowledged', 'Failed'].map(numberOf);
    return sent > 0 && sent === acknowledged + failed && { sent, acknowledged, failed };
  });
}

/** Each device has counted its messages: gaps are lost ones. */
async function compare(hub, devices, began, ended) {
  const sum = { atHub: 0, lost: 0, duplicates: 0 };
  let within = 0;
  for (let number = 1; number <= devices; number += 1) {
    const messages = await new BackEnd(hub, { deviceId: `device-${number}` }).telemetry();
    const numbers = messages.map(({ text }) => JSON.parse(text).number);
    const different = new Set(numbers);
    sum.atHub += numbers.length;
    sum.lost += Math.max(...numbers) - different.size;
    sum.duplicates += numbers.length - different.size;
    const times = messages.map(({ enqueuedTime }) => Date.parse(enqueuedTime));
    within += times.filter((time) => time >= began && time < ended).length;
  }
  return { ...sum, perSecond: within / ((ended - began) / 1000) };
}

/** How much the worker's memory has grown after it had settled, in bytes. */
export function growth(memory) {
  const settled = memory.filter(({ passed }) => passed >= SETTLING_SECONDS);
  const [first, last] = [settled.at(0), settled.at(-1)];
  return first ? total(last) - total(first) : undefined;
}

const total = ({ heap, outside, wasm }) => heap + outside + wasm;
