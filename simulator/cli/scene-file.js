import { readFile } from 'node:fs/promises';

import { parseScene } from '../src/scene.js';
import { CommandError } from './usage.js';

const EXAMPLES = ['thermostat', 'vehicles', 'machine'];

/** The scene of a file, or one of the examples by its name. */
export async function readScene(name) {
  const isExample = EXAMPLES.includes(name);
  const place = isExample ? new URL(`../scenes/${name}.json`, import.meta.url) : name;
  const text = await readFile(place, 'utf8').catch((error) => {
    const examples = EXAMPLES.join(', ');
    throw new CommandError(
      `${name} cannot be read (${error.code}): give the file of a scene, or one of ${examples}`,
    );
  });
  try {
    return parseScene(text);
  } catch (error) {
    throw new CommandError(`${name}: ${error.message}`, { cause: error });
  }
}
