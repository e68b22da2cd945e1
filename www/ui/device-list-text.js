/** A list of devices as text: connection strings, one in each line, or CSV with a header. */
import { parse } from 'csv-parse/browser/esm/sync';

import { idOf } from '../../simulator/src/device-id.js';
import { identityOf } from './identity.js';

/** Columns by their possible names in a header, in lower case without spaces. */
const COLUMNS = {
  connectionString: ['connectionstring', 'primaryconnectionstring', 'deviceconnectionstring'],
  sasToken: ['sastoken', 'token', 'sharedaccesssignature'],
  hostname: ['hostname', 'host', 'hub', 'iothub', 'iothubhostname'],
  deviceId: ['deviceid', 'id', 'device'],
  moduleId: ['moduleid', 'module'],
  key: ['key', 'primarykey', 'sharedaccesskey', 'symmetrickey'],
  kind: ['kind'],
  tags: ['tags', 'tag'],
};

/**
 * @typedef {object} ListedDevice
 * @property {number} line from 1
 * @property {string} id
 * @property {object} identity what `fleet.add` takes
 * @property {string} kind
 * @property {string[]} tags
 *
 * @typedef {{line: number, message: string}} Problem never with a key or a token in it
 *
 * @param {string} text
 * @param {object} options
 * @param {string[]} options.kinds of the scene
 * @param {string} options.kind of devices whose kind is in no column
 * @param {string} [options.endpoint] WebSocket URL of the hub of all devices
 * @param {string} [options.relay] of file uploads
 * @returns {{devices: ListedDevice[], problems: Problem[]}}
 */
export function readDeviceList(text, options) {
  const { rows, problems } = rowsOf(text);
  const columns = rows.length > 0 ? columnsOf(rows[0].cells) : undefined;
  const byId = new Map();
  for (const { line, cells } of columns ? rows.slice(1) : rows) {
    try {
      const device = { line, ...deviceOf(columns ? named(cells, columns) : alone(cells), options) };
      const same = byId.get(device.id);
      if (same) throw new Error(`${device.id} is already in line ${same.line}.`);
      byId.set(device.id, device);
    } catch (error) {
      problems.push({ line, message: error.message });
    }
  }
  return { devices: [...byId.values()], problems };
}

/** The lines that are neither empty nor comments, in their cells. */
function rowsOf(text) {
  const settings = {
    bom: true,
    comment: '#',
    comment_no_infix: true,
    delimiter: delimiterOf(text),
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    trim: true,
  };
  try {
    const records = parse(text, settings);
    return {
      rows: records.map(({ record, info }) => ({ cells: record, line: info.lines })),
      problems: [],
    };
  } catch (error) {
    const message = 'These quotes are not closed, so the list was not read.';
    return { rows: [], problems: [{ line: error.lines ?? 1, message }] };
  }
}

/** Connection strings contain semicolons, so only a header can say that they separate cells. */
function delimiterOf(text) {
  const first = text.split('\n').find((line) => line.trim() !== '' && !line.startsWith('#')) ?? '';
  if (first.includes('\t')) return '\t';
  return first.includes(';') && !/[,=]/.test(first) ? ';' : ',';
}

/** The meaning of each cell; `undefined` if the first line is not a header. */
function columnsOf(cells) {
  const names = cells.map((cell) => cell.toLowerCase().replaceAll(/[\s_-]/g, ''));
  const places = Object.entries(COLUMNS)
    .map(([name, known]) => [name, names.findIndex((one) => known.includes(one))])
    .filter(([, at]) => at >= 0);
  return places.length > 0 ? Object.fromEntries(places) : undefined;
}

const named = (cells, columns) =>
  Object.fromEntries(Object.entries(columns).map(([name, at]) => [name, cells[at] ?? '']));

/** Without a header, the text of a cell shows whether it is a connection string or a token. */
function alone(cells) {
  const sasToken = cells.find((cell) => cell.startsWith('SharedAccessSignature '));
  if (sasToken) return { sasToken };
  return { connectionString: cells.find((cell) => /(^|;)HostName=/i.test(cell)) ?? cells[0] };
}

function deviceOf(cells, { kinds, kind, endpoint = '', relay }) {
  const { sasToken = '', connectionString = '', hostname = '', deviceId = '', key = '' } = cells;
  const way = (connectionString && 'connectionString') || (sasToken && 'sasToken') || 'key';
  if (way === 'key') {
    const missing = Object.entries({ hostname, deviceId, key }).find(([, value]) => value === '');
    if (missing) throw new Error(`There is no connection string and no ${WORDS[missing[0]]}.`);
  }
  const fields = {
    hostname,
    deviceId,
    moduleId: '',
    key,
    ...cells,
    way,
    endpoint,
    httpEndpoint: '',
  };
  const identity = identityOf(fields, relay);
  const id = idFrom(identity);
  if (deviceId && id.split('/')[0] !== deviceId) {
    throw new Error(`The device id is ${deviceId}, but the connection string is for ${id}.`);
  }
  if (cells.kind && !kinds.includes(cells.kind)) {
    throw new Error(`The scene has no kind “${cells.kind}”, only ${kinds.join(', ')}.`);
  }
  const tags = (cells.tags ?? '').split(/[\s;,]+/).filter(Boolean);
  return { id, identity, kind: cells.kind || kind, tags };
}

const WORDS = { hostname: 'host name', deviceId: 'device id', key: 'key' };

function idFrom(identity) {
  try {
    return idOf(identity);
  } catch {
    throw new Error(
      'This is not a SAS token of a device: it must begin with SharedAccessSignature sr=….',
    );
  }
}
