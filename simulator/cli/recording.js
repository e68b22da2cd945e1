/**
 * Recordings of what was sent: a line of JSON for each message, in the order of their times, as
 * `recordedLine` says.
 */
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';

import { recordedLine } from '../src/recorded.js';
import { valueOfCell } from '../src/csv.js';
import { readCsv } from './csv.js';
import { CommandError } from './usage.js';

/**
 * @typedef {object} Recording
 * @property {(id: string, message: import('../src/device-telemetry.js').SentMessage, now: number)
 *   => void} add
 * @property {() => Promise<void>} close
 */

/**
 * Opens the file, and replaces an existing one.
 * @param {string} file
 * @returns {Promise<Recording>}
 */
export async function openRecording(file) {
  const stream = createWriteStream(file);
  await once(stream, 'open');
  return {
    add(deviceId, message, now) {
      stream.write(`${JSON.stringify(recordedLine(deviceId, message, now))}\n`);
    },
    async close() {
      stream.end();
      await finished(stream);
    },
  };
}

/**
 * Reads a recording, or a CSV file whose name ends with `.csv`: each record is a message whose body
 * contains all columns except those for time and device.
 * @param {string} file
 * @param {{timeColumn: string, deviceColumn: string}} columns of a CSV file; without a column for
 *   the device, all records belong to the device `device`
 * @returns {AsyncGenerator<{time: number, deviceId: string,
 *   message: import('../src/device-telemetry.js').SentMessage}>} in the order of `time`, milliseconds
 * @throws {CommandError} names the line
 */
export async function* readRecording(file, columns) {
  const isCsv = /\.csv$/i.test(file);
  const lines = isCsv ? readCsv(file) : readJsonLines(file);
  const read = isCsv ? (record) => readRecord(record, columns) : readLine;
  let before = -Infinity;
  for await (const { line, record } of lines) {
    const entry = within(`${file}, line ${line}`, () => {
      const found = read(record);
      if (found.time < before) throw new Error('its time is before that of the previous line');
      return found;
    });
    before = entry.time;
    yield entry;
  }
}

function within(place, read) {
  try {
    return read();
  } catch (error) {
    throw new CommandError(`${place}: ${error.message}`, { cause: error });
  }
}

async function* readJsonLines(file) {
  let line = 0;
  for await (const record of createInterface({ input: createReadStream(file) })) {
    line += 1;
    if (record.trim() !== '') yield { line, record };
  }
}

function readLine(source) {
  const line = objectOf(source);
  const { body, contentType = 'application/json', contentEncoding = 'utf-8' } = line;
  const {
    deviceId,
    properties = {},
    text = body === undefined ? body : JSON.stringify(body),
  } = line;
  if (typeof deviceId !== 'string' || deviceId === '') throw new Error('it has no deviceId');
  if (typeof text !== 'string') throw new Error('it has no body, and no text');
  const texts = Object.entries({ ...properties, contentType, contentEncoding });
  const [wrong] = texts.find(([, value]) => typeof value !== 'string') ?? [];
  if (wrong !== undefined) throw new Error(`${wrong} is not text`);
  const message = { text, properties, contentType, contentEncoding };
  return { time: timeOf(line.time, 'time'), deviceId, message };
}

function objectOf(source) {
  let value;
  try {
    value = JSON.parse(source.replace(/^\uFEFF/, ''));
  } catch {
    throw new Error('it is not JSON');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new Error('it is not a JSON object');
}

function readRecord(record, { timeColumn, deviceColumn }) {
  if (!Object.hasOwn(record, timeColumn)) {
    const known = Object.keys(record).join(', ');
    throw new Error(
      `there is no column "${timeColumn}", only ${known}; choose one with --time-column`,
    );
  }
  const { [timeColumn]: time, [deviceColumn]: deviceId = 'device', ...cells } = record;
  if (deviceId === '') throw new Error(`the column "${deviceColumn}" is empty`);
  const body = Object.fromEntries(
    Object.entries(cells).map(([name, cell]) => [name, valueOfCell(cell)]),
  );
  const message = {
    text: JSON.stringify(body),
    properties: {},
    contentType: 'application/json',
    contentEncoding: 'utf-8',
  };
  return { time: timeOf(valueOfCell(time), timeColumn), deviceId, message };
}

/** Milliseconds of a time in ISO 8601, or of a number of seconds. */
function timeOf(value, name) {
  const milliseconds = typeof value === 'number' ? value * 1000 : Date.parse(value ?? '');
  if (Number.isFinite(milliseconds)) return milliseconds;
  const found = value === undefined || value === null ? 'missing' : `"${value}"`;
  throw new Error(`${name} is ${found}: use a time such as 2026-11-29T08:30:00Z, or seconds`);
}
