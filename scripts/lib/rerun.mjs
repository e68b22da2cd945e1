/** The commands that run a failed test alone, as lines in a suite's output. */

const MARK = '↻ ';

/** @param {string[]} command */
export const rerunLine = (command) => `${MARK}${shell(command)}\n`;

/** The commands in an output, each once. */
export function rerunCommands(output) {
  const lines = output.split('\n').filter((line) => line.startsWith(MARK));
  return [...new Set(lines.map((line) => line.slice(MARK.length)))];
}

/** A command as you type it into a shell. */
export function shell(words) {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
