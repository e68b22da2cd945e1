/** The report of a run: JSON for programs, one HTML file for people. */
import { access, constants, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

import { page } from './report-page.js';
import { CommandError } from './usage.js';

/** The options of a run, and its measurements. */
export function makeReport({ scene, devices, shard, wantedPerSecond, ...result }) {
  const { startedAt, durationMs, totals, measurements } = result;
  const { latencyMs, errors, points, encodedHistogram: histogram } = measurements;
  return {
    version: 1,
    title: scene.title,
    seed: scene.seed ?? 0,
    devices,
    shard,
    startedAt: startedAt.toISOString(),
    durationMs,
    wantedPerSecond,
    totals,
    latencyMs,
    errors,
    points,
    histogram,
  };
}

/** Checks that the report can be written, because a run may take hours. */
export async function checkFolder(name) {
  const folder = dirname(name);
  await access(folder, constants.W_OK).catch((error) => {
    throw new CommandError(`--report ${name}: ${folder} is not writable (${error.code})`);
  });
}

/** Writes NAME.json and NAME.html. */
export async function writeReport(name, report) {
  await writeFile(`${name}.json`, `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(`${name}.html`, page(report));
}
