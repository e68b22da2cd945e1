/**
 * `npm run scale`: measures what a device costs, as a single client or in the simulator, and
 * whether the cost per device stays the same with many devices.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { Failure, runAsProgram, say } from '../../scripts/lib/run.mjs';
import { ENVIRONMENTS, measure } from './measure.js';
import { measureFleet } from './simulator.js';
import { circumstances, clientTables, fleetTables } from './tables.js';

const HELP = `npm run scale -- [options]

Connects devices to a hub, in one process of Node.js and in Chromium; each device sends 110 bytes
once a second. Then runs fleets of iothub-simulator, whose devices send every ten seconds and respond
to methods; at the end, the hub drops all connections. Prints tables in Markdown: what the devices
cost, and how many messages the hub has. Run "npm run build" first.

  --devices LIST   numbers of devices, one measurement each (100,250,500,1000; none to skip)
  --fleets LIST    numbers of simulated devices (1000,2500,5000,10000; none to skip)
  --seconds N      how long each measurement takes (20)
  --json FILE      also write the figures to this file
  --write          write the tables to docs/PERFORMANCE.md
  --help           print this`;

const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '100,250,500,1000' },
    fleets: { type: 'string', default: '1000,2500,5000,10000' },
    seconds: { type: 'string', default: '20' },
    json: { type: 'string' },
    write: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

await runAsProgram(async () => {
  if (values.help) return console.log(HELP);
  const [sizes, fleetSizes] = [values.devices, values.fleets].map(numbersOf);
  const seconds = Number(values.seconds);
  if (![...sizes, ...fleetSizes, seconds].every((number) => number > 0)) throw new Failure(HELP);

  const clients = await measureClients(sizes, seconds);
  const fleets = await measureFleets(fleetSizes, seconds);
  if (values.json) {
    writeFileSync(values.json, `${JSON.stringify({ clients, fleets }, null, 2)}\n`);
  }
  const sections = [
    ['scale-clients', clients, clientTables],
    ['scale-fleets', fleets, fleetTables],
  ].filter(([, costs]) => costs.length > 0);
  for (const [name, costs, tablesOf] of sections) {
    const text = [circumstances(seconds), ...tablesOf(costs)].join('\n\n');
    console.log(text);
    if (values.write) publish(name, text);
  }
  if ([...clients, ...fleets].some(({ lost }) => lost > 0)) {
    throw new Failure('Messages were lost.');
  }
});

function numbersOf(list) {
  return list === 'none' ? [] : list.split(',').map(Number);
}

async function measureClients(sizes, seconds) {
  const costs = [];
  for (const environment of Object.keys(ENVIRONMENTS)) {
    for (const devices of sizes) {
      say(`${devices} devices in ${environment}`);
      costs.push(await measure({ environment, devices, seconds }));
    }
  }
  return costs;
}

async function measureFleets(sizes, seconds) {
  const costs = [];
  for (const devices of sizes.length > 0 ? [1, ...sizes] : []) {
    say(`a fleet of ${devices} in iothub-simulator`);
    costs.push(await measureFleet({ devices, seconds }));
  }
  return costs;
}

/** Replaces a section of the documentation. */
function publish(name, text) {
  const file = new URL('../../docs/PERFORMANCE.md', import.meta.url);
  const page = readFileSync(file, 'utf8');
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const before = page.slice(0, page.indexOf(start) + start.length);
  writeFileSync(file, `${before}\n\n${text}\n\n${page.slice(page.indexOf(end))}`);
  say(`docs/PERFORMANCE.md has the section ${name}.`);
}
