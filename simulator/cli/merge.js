/** `iothub-simulator merge`: the reports of all shards as that of one fleet. */
import { readFile } from 'node:fs/promises';

import { HELP } from './help.js';
import { checkLimits, LIMIT_OPTIONS, readLimits } from './limits.js';
import { mergeHistograms } from './measurements.js';
import { CommandError, EXIT, readOptions } from './usage.js';

export async function merge(args) {
  const { values, positionals } = readOptions(args, LIMIT_OPTIONS, ['REPORT...']);
  if (values.help) {
    console.log(HELP);
    return EXIT.ok;
  }
  const limits = readLimits(values);
  const merged = mergeReports(await Promise.all(positionals.map(readReport)));
  merged.limits = checkLimits(limits, merged);
  console.log(JSON.stringify(merged, null, 2));
  return merged.limits.every(({ isKept }) => isKept) ? EXIT.ok : EXIT.threshold;
}

async function readReport(file) {
  try {
    const report = JSON.parse(await readFile(file, 'utf8'));
    if (report.version === 1 && report.shard) return report;
  } catch {
    // The same error as for JSON that is no report.
  }
  throw new CommandError(`${file} is no report that run --report has written`);
}

/** The reports of the shards of one fleet, each once. */
export function mergeReports(reports) {
  const [first] = reports;
  const { count } = first.shard;
  const isSame = ({ title, seed, devices, shard }) =>
    [title, seed, devices, shard.count].join() ===
    [first.title, first.seed, first.devices, count].join();
  if (!reports.every(isSame)) {
    throw new CommandError('the reports differ in scene, seed, devices or number of shards');
  }
  const found = reports.map(({ shard }) => shard.index);
  for (let index = 0; index < count; index += 1) {
    const times = found.filter((one) => one === index).length;
    if (times !== 1) throw new CommandError(`shard ${index} of ${count} is there ${times} times`);
  }
  const { latencyMs, encodedHistogram } = mergeHistograms(
    reports.map(({ histogram }) => histogram),
  );
  return {
    version: 1,
    title: first.title,
    seed: first.seed,
    devices: first.devices,
    startedAt: reports.map(({ startedAt }) => startedAt).sort()[0],
    durationMs: Math.max(...reports.map(({ durationMs }) => durationMs)),
    wantedPerSecond: reports.reduce((sum, { wantedPerSecond }) => sum + wantedPerSecond, 0),
    totals: sumsOf(reports.map(({ totals }) => totals)),
    latencyMs,
    errors: sumsOf(reports.map(({ errors }) => errors)),
    histogram: encodedHistogram,
  };
}

function sumsOf(counts) {
  const sums = {};
  for (const [name, count] of counts.flatMap(Object.entries)) {
    sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}
