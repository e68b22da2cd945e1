/** A file with the connection string of a device per line. */
import { createClient, idOf } from '../src/identity.js';
import { readText } from './text-file.js';
import { CommandError } from './usage.js';

/**
 * Reads the file. A line that is not a connection string, or repeats a device, is an error that
 * names the line, before anything connects.
 * @returns {Promise<string[]>}
 */
export async function readConnectionStrings(file) {
  const text = await readText(file).catch((error) => {
    throw new CommandError(`${file} cannot be read: ${error.code}`);
  });
  const lineOf = new Map();
  const found = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const connectionString = line.trim();
    if (connectionString === '' || connectionString.startsWith('#')) continue;
    const place = `${file}, line ${index + 1}`;
    await check(connectionString, place);
    const id = idOf({ connectionString });
    if (lineOf.has(id))
      throw new CommandError(`${place}: ${id} is already in line ${lineOf.get(id)}`);
    lineOf.set(id, index + 1);
    found.push(connectionString);
  }
  if (found.length === 0) throw new CommandError(`${file} contains no connection string`);
  return found;
}

/** The client checks connection strings, and its errors contain no key. */
async function check(connectionString, place) {
  try {
    await createClient({ connectionString }, { autoConnect: false }).shutdown();
  } catch (error) {
    throw new CommandError(`${place}: ${error.message}`, { cause: error });
  }
}
