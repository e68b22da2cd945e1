/** `iothub-simulator replay`: sends the messages in a file, at their recorded times or faster. */
import { basename } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { HELP } from './help.js';
import { IDENTITY_OPTIONS, openIdentities } from './identities.js';
import { JOB_OPTIONS, runJob } from './job.js';
import { LIMIT_OPTIONS, readLimits } from './limits.js';
import { readRecording } from './recording.js';
import { readShard, SHARD_OPTIONS } from './shard.js';
import {
  checkPrefix,
  CommandError,
  EXIT,
  ratePerSecond,
  readOptions,
  UsageError,
} from './usage.js';

/** How many messages may be unacknowledged: the file is read no faster than the hub can follow. */
const MOST_PENDING = 1000;

const OPTIONS = {
  ...IDENTITY_OPTIONS,
  ...LIMIT_OPTIONS,
  ...SHARD_OPTIONS,
  ...JOB_OPTIONS,
  speed: { type: 'string', default: '1' },
  'time-column': { type: 'string', default: 'time' },
  'device-column': { type: 'string', default: 'deviceId' },
};

const KIND = 'replayed';

export async function replay(args) {
  const { values, positionals } = readOptions(args, OPTIONS, ['FILE']);
  if (values.help) {
    console.log(HELP);
    return EXIT.ok;
  }
  const limits = readLimits(values);
  const speed = readSpeed(values.speed);
  const shard = readShard(values);
  const perSecond = ratePerSecond('--ramp', values.ramp);
  checkPrefix(values.prefix);
  const [file] = positionals;
  const read = () =>
    readRecording(file, {
      timeColumn: values['time-column'],
      deviceColumn: values['device-column'],
    });
  // The whole file is read before any device is created, to find invalid lines first.
  const { counts, lengthMs } = await survey(file, read());
  const ids = [...counts.keys()];
  const identities = await openIdentities(values);
  try {
    const planned = planOf(ids, { prefix: values.prefix, identities, perSecond }).filter(
      (_, at) => at % shard.count === shard.index,
    );
    const count = planned.reduce((sum, { recordedId }) => sum + counts.get(recordedId), 0);
    const wantedPerSecond = lengthMs === 0 ? count : (count * 1000 * speed) / lengthMs;
    if (!identities.isLocal) askForYes(identities.hostname, count, values.yes);
    const job = {
      scene: sceneOf(file),
      devices: ids.length,
      planned: planned.map(({ device }) => device),
      shard,
      wantedPerSecond,
      play: ({ send, signal }) => {
        const deviceOf = new Map(planned.map(({ recordedId, device }) => [recordedId, device]));
        const sendAs = (recordedId, message) => send(deviceOf.get(recordedId), message);
        const isOurs = (recordedId) => deviceOf.has(recordedId);
        return play(read(), { speed, isOurs, send: sendAs, signal });
      },
    };
    return await runJob(identities, job, { ...values, limits });
  } finally {
    await identities.close();
  }
}

function readSpeed(text) {
  const speed = Number(text);
  if (speed > 0 && speed <= 1e6) return speed;
  throw new UsageError(`--speed takes a number above 0, such as 10, not "${text}"`);
}

/** How many messages a recording has for each device, in order of appearance. */
async function survey(file, entries) {
  const counts = new Map();
  let [first, last] = [0, 0];
  for await (const { time, deviceId } of entries) {
    if (counts.size === 0) first = time;
    last = time;
    counts.set(deviceId, (counts.get(deviceId) ?? 0) + 1);
  }
  if (counts.size === 0) throw new CommandError(`${file} contains no messages`);
  return { counts, lengthMs: last - first };
}

/**
 * Which device sends the messages of which recorded device: the one with the same id, or with a
 * prefix a new one. With connection strings, the one with the recorded id, or else the next one
 * whose id is not in the recording.
 */
function planOf(ids, { prefix, identities, perSecond }) {
  if (ids.length > identities.most) {
    const count = identities.most;
    throw new CommandError(
      `the recording has ${ids.length} devices, but the file has only ${count} connection strings`,
    );
  }
  const given = identities.ids ?? [];
  const free = given.map((_, index) => index).filter((index) => !ids.includes(given[index]));
  return ids.map((recordedId, at) => {
    const same = given.indexOf(recordedId);
    const index = identities.ids === undefined ? at : same < 0 ? free.shift() : same;
    const deviceId = prefix === undefined ? recordedId : `${prefix}${at + 1}`;
    const startMs = (at * 1000) / perSecond;
    return { recordedId, device: { index, deviceId, kind: KIND, startMs } };
  });
}

const sceneOf = (file) => ({
  version: 2,
  title: `Replay of ${basename(file)}`.slice(0, 128),
  kinds: [
    {
      name: KIND,
      count: 1,
      behaviour: { telemetry: [], twin: { reported: {}, followsDesired: false }, methods: [] },
    },
  ],
});

/** Sends each message of this process's devices at its time; resolves when the last one is sent. */
async function play(entries, { speed, isOurs, send, signal }) {
  const begun = performance.now();
  let first;
  let pending = 0;
  let proceed = () => {};
  const settled = () => {
    pending -= 1;
    proceed();
  };
  for await (const { time, deviceId, message } of entries) {
    first ??= time;
    if (!isOurs(deviceId)) continue;
    const wait = (time - first) / speed - (performance.now() - begun);
    if (wait > 1) await setTimeout(wait, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    pending += 1;
    send(deviceId, message).then(settled, settled);
    if (pending >= MOST_PENDING) await new Promise((resolve) => (proceed = resolve));
  }
}

function askForYes(hostname, count, isYes) {
  console.error(
    `${hostname} is not a hub on this machine. There are ${count.toLocaleString('en')} messages ` +
      'to send. IoT Hub counts each 4 KB of a message as one.',
  );
  if (!isYes) throw new CommandError('to go ahead, add --yes');
}
