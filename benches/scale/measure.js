/** Measures the cost of a number of devices that each send once a second. */
import { setTimeout as sleep } from 'node:timers/promises';

import { startHub } from 'iothub-local';

import { BackEnd } from '../../scripts/start/back-end.mjs';
import { openChromium } from './chromium.js';
import { openNode } from './node.js';

/**
 * Devices in another process.
 * @typedef {object} Clients
 * @property {number} [pages] that contain them
 * @property {(identities: {connectionString: string, endpoint: string}[]) => Promise<void>} connect
 * @property {() => Promise<void>} start resolves when each has sent its first message
 * @property {() => Promise<number>} accepted how many messages are acknowledged
 * @property {() => Promise<number[]>} stop how many messages each sent; all are acknowledged
 * @property {() => Promise<{process: number, browser?: number}>} cpu seconds so far, of the
 *   devices' process and of the whole browser
 * @property {() => Promise<{heap: number, wasm: number}>} memory bytes, after a garbage collection
 * @property {() => unknown} close
 */

/** @type {Record<string, (devices: number) => Clients | Promise<Clients>>} */
export const ENVIRONMENTS = { 'Node.js': openNode, Chromium: openChromium };

/**
 * @typedef {object} Cost
 * @property {string} environment
 * @property {number} devices
 * @property {number} [pages]
 * @property {number} cpu of the devices' process, in seconds per second
 * @property {number} [browserCpu] of the whole browser
 * @property {number} heap bytes more than without a device
 * @property {number} wasm bytes, likewise
 * @property {number} rate messages per device and second
 * @property {number} accepted messages that were acknowledged
 * @property {number} atHub messages that the hub has
 * @property {number} lost of those that were acknowledged
 *
 * @param {{environment: string, devices: number, seconds: number}} job
 * @returns {Promise<Cost>}
 */
export async function measure({ environment, devices, seconds }) {
  // The hub is in this process, so that its costs are not counted.
  const hub = await startHub();
  const backEnds = [];
  for (let number = 1; number <= devices; number++) {
    backEnds.push(await BackEnd.createDevice(hub, `device-${number}`));
  }
  const clients = await ENVIRONMENTS[environment](devices);
  try {
    const empty = await clients.memory();
    await clients.connect(
      backEnds.map(({ connectionString, endpoint }) => ({ connectionString, endpoint })),
    );
    await clients.start();
    const { cpu, browserCpu, accepted } = await perSecond(clients, seconds);
    const sent = await clients.stop();
    const full = await clients.memory();
    return {
      environment,
      devices,
      pages: clients.pages,
      cpu,
      browserCpu,
      heap: full.heap - empty.heap,
      wasm: full.wasm - empty.wasm,
      rate: accepted / devices,
      ...(await compare(backEnds, sent)),
    };
  } finally {
    await clients.close();
    await hub.close();
  }
}

async function perSecond(clients, seconds) {
  const sample = async () => ({
    cpu: await timed(clients.cpu),
    accepted: await timed(clients.accepted),
  });
  const first = await sample();
  await sleep(seconds * 1000);
  const last = await sample();
  const rate = (name, of = (value) => value) =>
    (of(last[name].value) - of(first[name].value)) / (last[name].at - first[name].at);
  return {
    cpu: rate('cpu', ({ process }) => process),
    browserCpu: 'browser' in first.cpu.value ? rate('cpu', ({ browser }) => browser) : undefined,
    accepted: rate('accepted'),
  };
}

/** Each with its own time, because a busy browser may take seconds to respond. */
async function timed(read) {
  const value = await read();
  return { value, at: performance.now() / 1000 };
}

/** The body of a message is its number, counted by its device. */
async function compare(backEnds, sent) {
  const sum = { accepted: 0, atHub: 0, lost: 0 };
  for (const [index, backEnd] of backEnds.entries()) {
    const messages = await backEnd.telemetry();
    const numbers = new Set(messages.map(({ text }) => Number(text)));
    sum.accepted += sent[index];
    sum.atHub += messages.length;
    for (let number = 1; number <= sent[index]; number++) {
      if (!numbers.has(number)) sum.lost += 1;
    }
  }
  return sum;
}
