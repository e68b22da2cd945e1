/** What was sent, as a file: a line of JSON for each message. */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';

/**
 * @typedef {object} Recording
 * @property {(id: string, message: import('../src/device.js').SentMessage, now: number) => void} add
 * @property {() => Promise<void>} close
 */

const NONE = { add() {}, async close() {} };

/**
 * Opens the file; one that is there is replaced.
 * @param {string} [file] without it nothing is recorded
 * @returns {Promise<Recording>}
 */
export async function openRecording(file) {
  if (file === undefined) return NONE;
  const stream = createWriteStream(file);
  await once(stream, 'open');
  return {
    add(id, { text, ...rest }, now) {
      const time = new Date(now).toISOString();
      stream.write(`${JSON.stringify({ time, deviceId: id, body: JSON.parse(text), ...rest })}\n`);
    },
    async close() {
      stream.end();
      await finished(stream);
    },
  };
}
