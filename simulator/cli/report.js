/** The report of a run: JSON for programs, one HTML file for people. */
import { writeFile } from 'node:fs/promises';

import { page } from './report-page.js';

/** What a run was, and what it measured. */
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

/** Writes NAME.json and NAME.html. */
export async function writeReport(name, report) {
  await writeFile(`${name}.json`, `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(`${name}.html`, page(report));
}
