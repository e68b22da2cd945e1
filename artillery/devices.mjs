/** The devices of one worker of Artillery, all in one fleet. */
import { dirname, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { devicePlan, Fleet } from 'iothub-simulator';
import { duration, openIdentities, readScene, readShard } from 'iothub-simulator/node';

/**
 * @param {object} script of Artillery, of this worker
 * @param {object} options `config.engines.iothub`: those of `iothub-simulator run`
 */
export async function openDevices(script, options, env = process.env) {
  const folder = dirname(script._scriptPath ?? '.');
  const inFolder = (name) => name && resolve(folder, name);
  const { scene: name = 'thermostat', seed, prefix = 'sim-', group } = options;
  const connectionStrings = inFolder(options['connection-strings']);
  if (Boolean(group) === Boolean(connectionStrings)) {
    throw new Error('config.engines.iothub takes one of group and connection-strings');
  }
  // Artillery's workers in a cloud each run the whole script; only this sets them apart.
  const { WORKER_ID: cloudWorker } = env;
  if (cloudWorker && connectionStrings) {
    throw new Error('workers in a cloud would all take the same connection-strings: use group');
  }
  const scene = await readScene([/[./\\]/.test(name) ? inFolder(name) : name]);
  const { target } = script.config;
  const identities = await openIdentities({
    ...(group ? { group: true } : { 'connection-strings': connectionStrings }),
    'provisioning-host': options['provisioning-host'],
    endpoint: /^wss?:/.test(target) ? target : undefined,
  });
  const own = { prefix: cloudWorker ? `${prefix}${cloudWorker}-` : prefix };
  return new Devices({
    scene: seed === undefined ? scene : { ...scene, seed: Number(seed) },
    planOf: devicePlan(scene, own),
    identities,
    indexOf: indexes(script, options, env),
  });
}

/**
 * Which devices of the whole fleet this worker has: a part of those of its machine. `shards` are
 * machines that run the same script; on each of them, Artillery divides the phases.
 */
function indexes({ config }, options, env) {
  const { shards, 'shard-index': shardIndex } = options;
  const text = (value) => (value === undefined ? undefined : String(value));
  const shard = readShard({ shards: text(shards), 'shard-index': text(shardIndex) }, env);
  const { worker = 1, totalWorkers = 1 } = config.phases?.[0] ?? {};
  return (number) => shard.index + shard.count * (worker - 1 + totalWorkers * number);
}

class Devices {
  #planOf;
  #identities;
  #indexOf;
  #fleet;
  /** Where the metrics of a device go, by its id. */
  #emitters = new Map();
  #number = 0;

  constructor({ scene, planOf, identities, indexOf }) {
    this.#planOf = planOf;
    this.#identities = identities;
    this.#indexOf = indexOf;
    this.#fleet = new Fleet({ keepsDetails: false, observer: this.#observer() });
    this.#fleet.setScene(scene);
  }

  /** The next device of this worker, whose metrics go to `ee`. */
  async next(ee) {
    const planned = this.#planOf(this.#indexOf(this.#number));
    const { most = Infinity } = this.#identities;
    if (planned.index >= most) throw new Error(`connection-strings has only ${most} devices`);
    this.#number += 1;
    const identity = this.#identities.identityOf(planned);
    const { ids } = await this.#fleet.add([identity], planned.kind);
    this.#emitters.set(ids[0], ee);
    return { run: (time) => this.#run(ids, time), end: () => this.#end(ids) };
  }

  /** The device connects, does what its scene says for that time, and disconnects. */
  async #run(ids, time) {
    const text = String(time);
    const milliseconds = duration('run', /^\d+$/.test(text) ? `${text}s` : text);
    const [id] = ids;
    await this.#fleet.start(ids);
    if (this.#fleet.row(id).state !== 'connected') throw new Error(`${id} did not connect`);
    this.#emitters.get(id).emit('counter', 'iothub.connected', 1);
    await setTimeout(milliseconds);
    await this.#fleet.stop(ids);
  }

  async #end(ids) {
    const [id] = ids;
    const { sent, acknowledged } = this.#fleet.row(id);
    // Zero, too, so that a condition on it has a value.
    this.#emitters.get(id).emit('counter', 'iothub.lost', sent - acknowledged);
    await this.#fleet.remove(ids);
    this.#emitters.delete(id);
  }

  #observer() {
    const to = (id) => this.#emitters.get(id);
    return {
      sent(id) {
        to(id).emit('counter', 'iothub.sent', 1);
        to(id).emit('rate', 'iothub.send_rate');
      },
      acknowledged(id, milliseconds) {
        to(id).emit('counter', 'iothub.acknowledged', 1);
        to(id).emit('histogram', 'iothub.latency', milliseconds);
      },
      failed: (id, error) => to(id).emit('error', error.name),
    };
  }
}
