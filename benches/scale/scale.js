/**
 * `npm run scale`: measures what a device costs, and whether the cost per device stays the same
 * with many devices.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { Failure, runAsProgram, say } from '../../scripts/lib/run.mjs';
import { fitLine } from './line.js';
import { ENVIRONMENTS, measure } from './measure.js';

const HELP = `npm run scale -- [options]

Connects devices to a hub, in one process of Node.js and in Chromium, of which each sends 110 bytes
once a second. Prints what they cost, and how many messages are at the hub. Build first.

  --devices LIST   how many, one measurement each (100,250,500,1000)
  --seconds N      how long each measurement takes (20)
  --json FILE      where the figures go, too
  --help           this text`;

const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '100,250,500,1000' },
    seconds: { type: 'string', default: '20' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
});

await runAsProgram(async () => {
  if (values.help) return console.log(HELP);
  const sizes = values.devices.split(',').map(Number);
  const seconds = Number(values.seconds);
  if (![...sizes, seconds].every((number) => number > 0)) throw new Failure(HELP);

  const costs = [];
  for (const environment of Object.keys(ENVIRONMENTS)) {
    for (const devices of sizes) {
      say(`${devices} devices in ${environment}`);
      costs.push(await measure({ environment, devices, seconds }));
    }
  }
  console.table(costs.map(describe));
  const lines = perDevice(costs);
  console.log('What one more device costs, and how well a line fits (R²):');
  console.table(lines.map(describeLines));
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ costs, lines }, null, 2)}\n`);
  if (costs.some(({ lost }) => lost > 0)) throw new Failure('Messages were lost.');
});

/** How each cost grows with the number of devices. */
function perDevice(costs) {
  return Object.keys(ENVIRONMENTS).map((environment) => {
    const own = costs.filter((cost) => cost.environment === environment);
    const line = (name) => fitLine(own.map((cost) => [cost.devices, cost[name]]));
    const browser = own[0].browserCpu !== undefined && { browserCpu: line('browserCpu') };
    return { environment, cpu: line('cpu'), ...browser, heap: line('heap'), wasm: line('wasm') };
  });
}

function describe({ environment, devices, pages, cpu, browserCpu, heap, wasm, rate, ...messages }) {
  return {
    environment,
    devices,
    pages,
    'CPU, ms/s': Math.round(cpu * 1000),
    'whole browser': browserCpu && Math.round(browserCpu * 1000),
    'heap, KB/device': round(heap / devices / 1000),
    'wasm, KB/device': round(wasm / devices / 1000),
    'messages/device/s': round(rate, 3),
    ...messages,
  };
}

function describeLines({ environment, cpu, browserCpu, heap, wasm }) {
  const text = (unit, { slope, r2 }) => `${round(slope * unit)} (${round(r2, 3)})`;
  return {
    environment,
    'CPU, µs/s': text(1e6, cpu),
    'whole browser': browserCpu && text(1e6, browserCpu),
    'heap, KB': text(1e-3, heap),
    'wasm, KB': text(1e-3, wasm),
  };
}

function round(number, digits = 1) {
  return Number(number.toFixed(digits));
}
