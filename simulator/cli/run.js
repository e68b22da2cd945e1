/** `iothub-simulator run` and `clean`. */
import { planDevices, rateOf, sizeOf } from '../src/plan.js';
import { sceneToText } from '../src/scene.js';
import { readColumns } from './csv.js';
import { HELP } from './help.js';
import { deleteMade, IDENTITY_OPTIONS, openIdentities } from './identities.js';
import { JOB_OPTIONS, runJob } from './job.js';
import { LIMIT_OPTIONS, readLimits } from './limits.js';
import { readScene } from './scene-file.js';
import { readShard, SHARD_OPTIONS } from './shard.js';
import {
  checkPrefix,
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

export const OPTIONS = {
  ...IDENTITY_OPTIONS,
  ...LIMIT_OPTIONS,
  ...SHARD_OPTIONS,
  ...JOB_OPTIONS,
  columns: { type: 'string' },
  devices: { type: 'string' },
  seed: { type: 'string' },
  duration: { type: 'string' },
};

/** Runs a fleet by a scene. */
export async function run(args) {
  const { values, positionals } = readOptions(args, OPTIONS, ['SCENE...']);
  if (values.help) return help();
  const options = readRunOptions(values);
  const chosen = await sceneOf(positionals, values.columns, options.seed);
  const identities = await openIdentities(values);
  try {
    return await runWith(identities, chosen, { ...values, ...options });
  } finally {
    await identities.close();
  }
}

/** Prints a scene, such as that of DTDL models, for editing. */
export async function scene(args) {
  const { columns } = OPTIONS;
  const { values, positionals } = readOptions(args, { columns }, ['SCENE...']);
  if (values.help) return help();
  process.stdout.write(sceneToText(await sceneOf(positionals, values.columns)));
  return EXIT.ok;
}

/** Deletes the devices that runs created. */
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
  checkPrefix(values.prefix);
  return {
    seed,
    limits: readLimits(values),
    shard: readShard(values),
    devices: wholeNumber('--devices', values.devices, 1),
    perSecond: ratePerSecond('--ramp', values.ramp),
    durationMs: duration('--duration', values.duration),
  };
}

async function sceneOf(names, columnsFile, seed) {
  const columns = columnsFile === undefined ? undefined : await readColumns(columnsFile);
  const scene = await readScene(names, columns);
  return seed === undefined ? scene : { ...scene, seed };
}

async function runWith(identities, scene, options) {
  const devices = options.devices ?? identities.most ?? sizeOf(scene);
  if (devices > identities.most) {
    throw new UsageError(
      `--devices ${devices} is more than the ${identities.most} connection strings of the file`,
    );
  }
  const planned = planDevices(scene, { ...options, devices });
  const wantedPerSecond = rateOf(scene, planned);
  if (!identities.isLocal) askForYes(identities.hostname, wantedPerSecond, options.yes);
  const { shard, durationMs } = options;
  const job = { scene, devices, planned, shard, wantedPerSecond, durationMs };
  return runJob(identities, job, options);
}

function askForYes(hostname, perSecond, isYes) {
  const daily = Math.round(perSecond * SECONDS_OF_A_DAY).toLocaleString('en');
  console.error(
    `${hostname} is not a hub on this machine. This fleet sends ${perSecond.toFixed(1)} messages ` +
      `per second, or ${daily} per day. IoT Hub counts each 4 KB of a message as one.`,
  );
  if (!isYes) throw new CommandError('to go ahead, add --yes');
}
