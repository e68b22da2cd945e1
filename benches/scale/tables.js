/** What `npm run scale` has measured, in Markdown. */
import { cpus } from 'node:os';

import { table } from '../report.js';
import { fitLine } from './line.js';

/** When, where and for how long it was measured. */
export function circumstances(seconds) {
  const day = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} × ${cpus()[0].model}, Node.js ${process.versions.node}`;
  return `${day}, ${machine}; each row was measured for ${seconds} seconds.`;
}

/** @param {import('./measure.js').Cost[]} costs */
export function clientTables(costs) {
  const head = ['', 'devices', 'pages', 'CPU, ms/s', 'whole browser', 'heap, KB each'];
  const rows = costs.map((cost) => [
    cost.environment,
    cost.devices,
    cost.pages ?? '',
    round(cost.cpu * 1000),
    cost.browserCpu === undefined ? '' : round(cost.browserCpu * 1000),
    round(cost.heap / cost.devices / 1000, 1),
    round(cost.wasm / cost.devices / 1000, 1),
    round(cost.rate, 3),
    cost.accepted,
    cost.atHub,
    cost.lost,
  ]);
  const messages = ['messages/s each', 'accepted', 'at the hub', 'lost'];
  const names = [...new Set(costs.map(({ environment }) => environment))];
  const more = names.map((name) => [
    name,
    ...growthOf(
      costs.filter(({ environment }) => environment === name),
      { cpu: 1e6, browserCpu: 1e6, heap: 1e-3, wasm: 1e-3 },
    ),
  ]);
  const moreHead = ['one more device', 'CPU, µs/s', 'whole browser', 'heap, KB', 'WebAssembly, KB'];
  return [
    table([[...head, 'WebAssembly, KB each', ...messages], ...rows]),
    table([moreHead, ...more]),
  ];
}

/**
 * @param {import('./simulator.js').FleetCost[]} costs the first is that of one device
 */
export function fleetTables([one, ...costs]) {
  const head = [
    'devices',
    'CPU, ms/s',
    'resident, MB',
    'more than one device, KB each',
    'messages/s each',
    'methods answered',
    'all back, s',
    'failed attempts',
    'acknowledged',
    'at the hub',
    'lost',
  ];
  const rows = [one, ...costs].map((cost) => [
    cost.devices,
    round(cost.cpu * 1000),
    round(cost.resident / 1e6, 1),
    cost === one ? '' : round((cost.resident - one.resident) / (cost.devices - 1) / 1000, 1),
    round(cost.rate, 3),
    `${cost.answered} of ${cost.called}`,
    round(cost.backSeconds, 1),
    cost.failedAttempts,
    cost.acknowledged,
    cost.atHub,
    cost.lost,
  ]);
  const [cpu, resident] = growthOf(costs, { cpu: 1e6, resident: 1e-3 });
  const more = ['one more device', `CPU, µs/s: ${cpu}`, `resident, KB: ${resident}`].join(', ');
  return [table([head, ...rows]), `${more} (R² in parentheses; without the row of one device).`];
}

/** How much each cost grows with a device, and how well a line fits. */
function growthOf(costs, units) {
  return Object.entries(units).map(([name, unit]) => {
    if (costs.length < 2 || costs[0][name] === undefined) return '';
    const { slope, r2 } = fitLine(costs.map((cost) => [cost.devices, cost[name]]));
    return `${round(slope * unit, 1)} (${round(r2, 3)})`;
  });
}

const round = (number, digits = 0) =>
  number.toLocaleString('en', { maximumFractionDigits: digits });
