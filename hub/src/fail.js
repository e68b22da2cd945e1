/** Ends the command with a message. */

/** @returns {never} */
export function fail(message, exitCode) {
  console.error(`iothub-local: ${message}`);
  process.exit(exitCode);
}
