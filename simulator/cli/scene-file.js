import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { readKinds } from '../src/behaviour.js';
import { isModel, sceneOfModels } from '../src/model-scene.js';
import { checkScene, parseScene } from '../src/scene.js';
import { readText } from './text-file.js';
import { CommandError } from './usage.js';

const EXAMPLES = ['thermostat', 'vehicles', 'machine', 'trackers'];

/**
 * The scene of a file, an example by its name, or the scene of DTDL models: files, or folders of
 * them. The parts of a model that a scene cannot express are listed.
 * @param {string[]} names
 * @param {Record<string, unknown[]>} [columns] for all kinds
 */
export async function readScene(names, columns) {
  const [name] = names;
  const isExample = names.length === 1 && EXAMPLES.includes(name);
  const places = isExample
    ? [new URL(`../scenes/${name}.json`, import.meta.url)]
    : (await Promise.all(names.map(filesOf))).flat();
  const documents = await Promise.all(
    places.map(async (place) => ({ name: String(place), text: await readText(place) })),
  );
  try {
    const scene = withColumns(sceneOf(documents), columns);
    // A mistake in a template stops a run before it creates devices.
    readKinds(scene);
    return scene;
  } catch (error) {
    throw new CommandError(`${names.join(', ')}: ${error.message}`, { cause: error });
  }
}

/** A kind's own columns take precedence. */
function withColumns(scene, columns) {
  if (columns === undefined) return scene;
  const kinds = scene.kinds.map((kind) => ({
    ...kind,
    behaviour: { ...kind.behaviour, columns: { ...columns, ...kind.behaviour.columns } },
  }));
  return checkScene({ ...scene, kinds });
}

function sceneOf(documents) {
  const [{ text } = {}] = documents;
  if (documents.length === 1 && !isModel(text)) return parseScene(text);
  const { scene, notes } = sceneOfModels(documents);
  for (const note of notes) console.error(note);
  return scene;
}

/** The file of that name, or all JSON files of the folder. */
async function filesOf(name) {
  try {
    if (!(await stat(name)).isDirectory()) return [name];
    const files = await readdir(name, { recursive: true });
    return files.filter((file) => file.endsWith('.json')).map((file) => join(name, file));
  } catch (error) {
    throw new CommandError(
      `${name} cannot be read (${error.code}): specify the file of a scene, DTDL models (files or ` +
        `folders), or one of ${EXAMPLES.join(', ')}`,
    );
  }
}
