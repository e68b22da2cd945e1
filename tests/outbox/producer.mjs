/** A process that stores telemetry, and reports what was accepted, until it is killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { Inbox, within } from '../../scripts/start/waiting.mjs';

const PROGRAM = fileURLToPath(new URL('producer-process.mjs', import.meta.url));

export async function temporaryFolder(t) {
  const folder = await mkdtemp(join(tmpdir(), 'outbox-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export class Producer {
  /** The numbers of messages that `enqueue` accepted. */
  accepted = [];
  /** The numbers that were passed to `onMessageDropped`. */
  dropped = [];
  #child;
  #ended;
  #inbox = new Inbox('accepted message');
  #refused = new Inbox('refused message');

  /**
   * @param {object} options for the process, and `fileBlocks`: how large a file may grow, in KB
   */
  static async start(t, backEnd, location, { fileBlocks, ...options }) {
    const { connectionString, endpoint } = backEnd;
    const settings = JSON.stringify({ connectionString, endpoint, location, ...options });
    const command = [process.execPath, PROGRAM, settings];
    const limited = ['sh', '-c', `trap "" XFSZ; ulimit -f ${fileBlocks}; exec "$@"`, 'sh'];
    const [program, ...args] = fileBlocks ? [...limited, ...command] : command;
    const producer = new Producer(spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] }));
    t.after(() => producer.kill());
    return producer;
  }

  constructor(child) {
    this.#child = child;
    this.#ended = once(child, 'close');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [what, ...rest] = line.split(' ');
      if (what === 'accepted') {
        this.accepted.push(rest[0]);
        this.#inbox.put(rest[0]);
      } else if (what === 'dropped') {
        this.dropped.push(rest[0]);
      } else {
        this.#refused.put(rest.join(' '));
      }
    });
  }

  get pid() {
    return this.#child.pid;
  }

  /** Waits until `count` more were accepted. */
  async takes(count) {
    for (let i = 0; i < count; i += 1) await this.#inbox.take();
  }

  /** The error of the first that was refused. */
  refused() {
    return this.#refused.take(60);
  }

  /** Waits until it has ended, normally or because it killed itself. */
  async ended() {
    return within(60, this.#ended, 'the producer is still running');
  }

  async kill() {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
