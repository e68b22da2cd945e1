/** What `run` and `replay` have in common: a fleet from its first connection to its report. */
import { FleetRun } from './fleet-run.js';
import { defaultThreads } from './fleet-threads.js';
import { checkLimits } from './limits.js';
import { createProgress } from './progress.js';
import { openRecording } from './recording.js';
import { checkFolder, makeReport, writeReport } from './report.js';
import { EXIT, wholeNumber } from './usage.js';

/** The options of both commands, in addition to those of identities and limits. */
export const JOB_OPTIONS = {
  prefix: { type: 'string' },
  ramp: { type: 'string', default: '100/s' },
  yes: { type: 'boolean' },
  threads: { type: 'string' },
  record: { type: 'string' },
  report: { type: 'string' },
  json: { type: 'boolean' },
};

/**
 * @param {import('./identities.js').Identities} identities
 * @param {object} job
 * @param {import('../src/scene.js').Scene} job.scene
 * @param {number} job.devices of the whole fleet
 * @param {import('../src/plan.js').PlannedDevice[]} job.planned
 * @param {{index: number, count: number}} job.shard
 * @param {number} job.wantedPerSecond
 * @param {number} [job.durationMs]
 * @param {import('./fleet-run.js').Play} [job.play]
 * @param {{threads?: string, record?: string, report?: string, json?: boolean,
 *   limits: object}} options
 * @returns {Promise<number>} the exit code
 */
export async function runJob(identities, job, options) {
  const { record, report: reportName, json, limits } = options;
  const threads = wholeNumber('--threads', options.threads, 1) ?? defaultThreads();
  const { scene, devices, planned, shard, wantedPerSecond, durationMs, play } = job;
  if (reportName) await checkFolder(reportName);
  const stopping = new AbortController();
  const stopListening = onInterrupt(() => stopping.abort());
  const recording = record && (await openRecording(record));
  const progress = createProgress({ isJson: json, title: scene.title, wantedPerSecond });
  try {
    progress.tell('devices', { devices, hostname: identities.hostname });
    await identities.prepare(planned);
    const fleetRun = new FleetRun({ scene, planned, identities, recording, threads, play });
    const result = await fleetRun.run({
      durationMs,
      signal: stopping.signal,
      tell: (state) => progress.show(state),
    });
    const report = makeReport({ scene, devices, shard, wantedPerSecond, ...result });
    report.limits = checkLimits(limits, report);
    progress.end(report);
    if (reportName) await writeReport(reportName, report);
    return report.limits.every(({ isKept }) => isKept) ? EXIT.ok : EXIT.threshold;
  } finally {
    await recording?.close();
    stopListening();
  }
}

/**
 * The first Ctrl-C, or a closed pipe, ends the run with its report; the second ends the process.
 */
function onInterrupt(stop) {
  const interrupted = () => {
    process.once('SIGINT', () => process.exit(130));
    stop();
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  // The reader of the output has ended, such as `head`: created devices must still be deleted. The
  // listener stays, because each further line fails, too.
  process.stdout.on('error', stop);
  return () => {
    process.removeListener('SIGINT', interrupted);
    process.removeListener('SIGTERM', interrupted);
  };
}
