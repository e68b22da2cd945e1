/** The command `iothub-simulator`: which of its commands to run, and how it ends. */
import { readFileSync } from 'node:fs';

import { listen, send, twin, upload } from './device-commands.js';
import { HELP } from './help.js';
import { merge } from './merge.js';
import { replay } from './replay.js';
import { clean, run, scene } from './run.js';
import { CommandError, EXIT, UsageError } from './usage.js';

const commands = { run, replay, scene, clean, merge, send, listen, twin, upload };

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
export async function main([name, ...args]) {
  if (name === undefined || name === '--help' || name === 'help') {
    console.log(HELP);
    return name === undefined ? EXIT.usage : EXIT.ok;
  }
  if (name === '--version') {
    const manifest = new URL('../package.json', import.meta.url);
    console.log(JSON.parse(readFileSync(manifest, 'utf8')).version);
    return EXIT.ok;
  }
  try {
    if (!Object.hasOwn(commands, name)) throw new UsageError(`unknown command "${name}"`);
    return await commands[name](args);
  } catch (error) {
    return tell(error);
  }
}

function tell(error) {
  if (error instanceof UsageError) {
    console.error(`iothub-simulator: ${error.message}\nTry iothub-simulator --help.`);
    return EXIT.usage;
  }
  console.error(`iothub-simulator: ${error.message}`);
  if (!isExplained(error)) console.error(error.stack);
  return EXIT.failed;
}

/** Whether the message is enough: an error of the command, the client, or the file system. */
const isExplained = (error) =>
  error instanceof CommandError ||
  error.cause !== undefined ||
  error.syscall !== undefined ||
  CLIENT_ERRORS.has(error.name);

const CLIENT_ERRORS = new Set([
  'ClientError',
  'ConnectionDroppedError',
  'ConnectionFailedError',
  'CredentialError',
  'NoConnectionError',
  'OperationTimeout',
  'OperationCancelled',
  'ServiceError',
  'RangeError',
  'TypeError',
]);
