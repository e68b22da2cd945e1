/** A file that records the created devices, so that they can be found if the process is killed. */
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';

import { CommandError } from './usage.js';

/** Each line is one call of the registry: the hub, and the ids that it created. */
export class MadeDevices {
  #file;

  constructor(file) {
    this.#file = file;
  }

  async add(hostname, ids) {
    if (ids.length > 0) await appendFile(this.#file, `${JSON.stringify({ hostname, ids })}\n`);
  }

  /** The devices that were created at a hub. */
  async at(hostname) {
    const lines = await this.#lines();
    return lines.filter((line) => line.hostname === hostname).flatMap(({ ids }) => ids);
  }

  /** Removes the devices that were deleted at a hub. */
  async forget(hostname, ids) {
    const gone = new Set(ids);
    const left = (await this.#lines())
      .map((line) =>
        line.hostname === hostname
          ? { ...line, ids: line.ids.filter((id) => !gone.has(id)) }
          : line,
      )
      .filter((line) => line.ids.length > 0);
    if (left.length === 0) return rm(this.#file, { force: true });
    await writeFile(this.#file, left.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  async #lines() {
    const text = await readFile(this.#file, 'utf8').catch((error) => {
      if (error.code === 'ENOENT') return '';
      throw new CommandError(`${this.#file} cannot be read: ${error.code}`);
    });
    try {
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    } catch {
      throw new CommandError(`${this.#file} is not a record of created devices`);
    }
  }
}
