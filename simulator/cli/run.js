/** `iothub-simulator run` and `clean`. */
import { planDevices, rateOf, sizeOf } from '../src/plan.js';
import { sceneToText } from '../src/scene.js';
import { FleetRun } from './fleet-run.js';
import { HELP } from './help.js';
import { deleteMade, IDENTITY_OPTIONS, openIdentities } from './identities.js';
import { checkLimits, LIMIT_OPTIONS, readLimits } from './limits.js';
import { createProgress } from './progress.js';
import { openRecording } from './recording.js';
import { checkFolder, makeReport, writeReport } from './report.js';
import { readScene } from './scene-file.js';
import { readShard, SHARD_OPTIONS } from './shard.js';
import {
  CommandError,
  duration,
  EXIT,
  ratePerSecond,
  readOptions,
  UsageError,
  webSocketUrl,
  wholeNumber,
} from './usage.js';

const SECONDS_OF_A_DAY = 86_400;
const LARGEST_SEED = 4_294_967_295;

const OPTIONS = {
  ...IDENTITY_OPTIONS,
  ...LIMIT_OPTIONS,
  ...SHARD_OPTIONS,
  devices: { type: 'string' },
  prefix: { type: 'string', default: 'sim-' },
  seed: { type: 'string' },
  ramp: { type: 'string', default: '100/s' },
  duration: { type: 'string' },
  yes: { type: 'boolean' },
  record: { type: 'string' },
  report: { type: 'string' },
  json: { type: 'boolean' },
};

/** Runs a fleet by a scene. */
export async function run(args) {
  const { values, positionals } = readOptions(args, OPTIONS, ['SCENE...']);
  if (values.help) return help();
  const options = readRunOptions(values);
  const chosen = await sceneOf(positionals, options.seed);
  const identities = await openIdentities(values);
  try {
    return await runWith(identities, chosen, { ...values, ...options });
  } finally {
    await identities.close();
  }
}

/** Prints the scene of DTDL models, to be edited. */
export async function scene(args) {
  const { values, positionals } = readOptions(args, {}, ['MODEL...']);
  if (values.help) return help();
  process.stdout.write(sceneToText(await readScene(positionals)));
  return EXIT.ok;
}

/** Deletes what runs have made. */
export async function clean(args) {
  const { endpoint } = OPTIONS;
  const { values, positionals } = readOptions(args, { endpoint }, ['FILE?']);
  if (values.help) return help();
  const [file = OPTIONS.made.default] = positionals;
  const url = webSocketUrl('--endpoint', values.endpoint);
  console.log(JSON.stringify(await deleteMade({ endpoint: url, file })));
  return EXIT.ok;
}

function help() {
  console.log(HELP);
  return EXIT.ok;
}

function readRunOptions(values) {
  const seed = wholeNumber('--seed', values.seed);
  if (seed > LARGEST_SEED) throw new UsageError(`--seed takes at most ${LARGEST_SEED}`);
  if (!/^[A-Za-z0-9._-]{0,64}$/.test(values.prefix)) {
    throw new UsageError('--prefix takes up to 64 of A-Z a-z 0-9 . _ -');
  }
  return {
    seed,
    limits: readLimits(values),
    shard: readShard(values),
    devices: wholeNumber('--devices', values.devices, 1),
    perSecond: ratePerSecond('--ramp', values.ramp),
    durationMs: duration('--duration', values.duration),
  };
}

async function sceneOf(names, seed) {
  const scene = await readScene(names);
  return seed === undefined ? scene : { ...scene, seed };
}

async function runWith(identities, scene, options) {
  const devices = options.devices ?? identities.most ?? sizeOf(scene);
  if (devices > identities.most) {
    throw new UsageError(`--devices ${devices} is more than the ${identities.most} of the file`);
  }
  if (options.report) await checkFolder(options.report);
  const planned = planDevices(scene, { ...options, devices });
  const wantedPerSecond = rateOf(scene, planned);
  if (!identities.isLocal) askForYes(identities.hostname, wantedPerSecond, options.yes);

  const stopping = new AbortController();
  const stopListening = onInterrupt(() => stopping.abort());
  const recording = await openRecording(options.record);
  const progress = createProgress({ isJson: options.json, title: scene.title, wantedPerSecond });
  try {
    progress.tell('devices', { devices, hostname: identities.hostname });
    await identities.prepare(planned);
    const fleetRun = new FleetRun({ scene, planned, identities, recording });
    const result = await fleetRun.run({
      durationMs: options.durationMs,
      signal: stopping.signal,
      tell: (state) => progress.show(state),
    });
    const report = makeReport({
      scene,
      devices,
      shard: options.shard,
      wantedPerSecond,
      ...result,
    });
    report.limits = checkLimits(options.limits, report);
    progress.end(report);
    if (options.report) await writeReport(options.report, report);
    return report.limits.every(({ isKept }) => isKept) ? EXIT.ok : EXIT.threshold;
  } finally {
    await recording.close();
    stopListening();
  }
}

function askForYes(hostname, perSecond, isYes) {
  const daily = Math.round(perSecond * SECONDS_OF_A_DAY).toLocaleString('en');
  console.error(
    `${hostname} is no hub of this machine. This fleet sends ${perSecond.toFixed(1)} messages a ` +
      `second: ${daily} a day, if it runs that long. A hub counts each 4 KB as one.`,
  );
  if (!isYes) throw new CommandError('give --yes if that is what you want');
}

/** The first Ctrl-C, or the end of a pipe, ends the run with its report; the second the process. */
function onInterrupt(stop) {
  const interrupted = () => {
    process.once('SIGINT', () => process.exit(130));
    stop();
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  // A reader that has gone, such as `head`: what was made is to be deleted all the same. The listener
  // stays, because each further line fails, too.
  process.stdout.on('error', stop);
  return () => {
    process.removeListener('SIGINT', interrupted);
    process.removeListener('SIGTERM', interrupted);
  };
}
