/** `iothub-simulator merge`: combines the reports of all shards into that of one fleet. */
import * as v from 'valibot';

import { HELP } from './help.js';
import { checkLimits, LIMIT_OPTIONS, readLimits } from './limits.js';
import { mergeHistograms, readHistogram } from './measurements.js';
import { ShardReport } from './report-schema.js';
import { readText } from './text-file.js';
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
  const text = await readText(file).catch((error) => {
    throw new CommandError(`${file} cannot be read: ${error.code}`);
  });
  return checkReport(text, file);
}

/** The report of a shard with its decoded histogram, or its error. */
export function checkReport(text, file) {
  const wrong = (what) => new CommandError(`${file} is not a report of run --report: ${what}`);
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong('it is not JSON, or incomplete');
  }
  const { success, output, issues } = v.safeParse(ShardReport, value);
  if (!success) throw wrong(`${v.getDotPath(issues[0]) ?? 'it'} is missing or invalid`);
  const histogram = readHistogram(output.histogram);
  if (histogram?.totalCount !== output.totals.acknowledged) throw wrong('histogram is damaged');
  return { ...output, histogram };
}

/** The reports of the shards of one fleet, each once. */
export function mergeReports(reports) {
  const [first] = reports;
  const { count } = first.shard;
  const isSame = ({ title, seed, devices, shard }) =>
    [title, seed, devices, shard.count].join() ===
    [first.title, first.seed, first.devices, count].join();
  if (!reports.every(isSame)) {
    throw new CommandError(
      'the reports differ in scene, seed, number of devices or number of shards',
    );
  }
  const found = reports.map(({ shard }) => shard.index);
  for (let index = 0; index < count; index += 1) {
    const times = found.filter((one) => one === index).length;
    if (times !== 1) throw new CommandError(`shard ${index} of ${count} has ${times} reports`);
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
