/**
 * `npm run scale`: measures what a device costs, a client of its own or one of the simulator, and
 * whether the cost per device stays the same with many devices.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { Failure, runAsProgram, say } from '../../scripts/lib/run.mjs';
import { fitLine } from './line.js';
import { ENVIRONMENTS, measure } from './measure.js';
import { measureFleet } from './simulator.js';

const HELP = `npm run scale -- [options]

Connects devices to a hub, in one process of Node.js and in Chromium, of which each sends 110 bytes
once a second. Then runs fleets of iothub-simulator, of which each device sends every ten seconds and
answers methods. Prints what they cost, and how many messages are at the hub. Build first.

  --devices LIST   how many, one measurement each (100,250,500,1000; none for no measurement)
  --fleets LIST    how many of the simulator (1000,2500,5000,10000; none)
  --seconds N      how long each measurement takes (20)
  --json FILE      where the figures go, too
  --help           this text`;

const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '100,250,500,1000' },
    fleets: { type: 'string', default: '1000,2500,5000,10000' },
    seconds: { type: 'string', default: '20' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
});

await runAsProgram(async () => {
  if (values.help) return console.log(HELP);
  const [sizes, fleetSizes] = [values.devices, values.fleets].map(numbersOf);
  const seconds = Number(values.seconds);
  if (![...sizes, ...fleetSizes, seconds].every((number) => number > 0)) throw new Failure(HELP);

  const clients = sizes.length > 0 ? await measureClients(sizes, seconds) : {};
  const fleets = fleetSizes.length > 0 ? await measureFleets(fleetSizes, seconds) : {};
  if (values.json) {
    writeFileSync(values.json, `${JSON.stringify({ ...clients, fleets }, null, 2)}\n`);
  }
  const all = [...(clients.costs ?? []), ...(fleets.costs ?? [])];
  if (all.some(({ lost }) => lost > 0)) throw new Failure('Messages were lost.');
});

const numbersOf = (list) => (list === 'none' ? [] : list.split(',').map(Number));

async function measureClients(sizes, seconds) {
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
  return { costs, lines };
}

async function measureFleets(sizes, seconds) {
  const costs = [];
  for (const devices of [1, ...sizes]) {
    say(`a fleet of ${devices} in iothub-simulator`);
    costs.push(await measureFleet({ devices, seconds }));
  }
  const [{ resident: ofOne }] = costs;
  console.table(
    costs.map(({ cpu, resident, devices, rate, ...messages }) => ({
      devices,
      'CPU, ms/s': round(cpu * 1000),
      'resident, MB': round(resident / 1e6),
      'more than one, KB/device':
        devices > 1 ? round((resident - ofOne) / (devices - 1) / 1000) : '',
      'messages/device/s': round(rate, 3),
      ...messages,
    })),
  );
  const line = (name) => fitLine(costs.map((cost) => [cost.devices, cost[name]]));
  const lines = { cpu: line('cpu'), resident: line('resident') };
  console.log(
    `One more device: CPU ${round(lines.cpu.slope * 1e6)} µs/s (R² ${round(lines.cpu.r2, 3)}), ` +
      `resident ${round(lines.resident.slope / 1000)} KB (${round(lines.resident.r2, 3)})`,
  );
  return { costs, lines };
}

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
