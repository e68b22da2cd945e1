/** What is measured, for which contenders, and the targets. */

/** The npm package of each contender that has one. `before` exists only with `--before`. */
export const CONTENDERS = {
  ours: { label: 'this client' },
  before: { label: 'before' },
  raw: { label: 'floor' },
  u8: { label: 'u8-mqtt', package: 'node_modules/u8-mqtt' },
  mqttjs: { label: 'MQTT.js', package: 'node_modules/mqtt' },
  paho: { label: 'Paho', package: 'node_modules/paho-mqtt' },
  azure: { label: 'Azure SDK', package: 'tests/official/nodejs/node_modules/azure-iot-device' },
};

export const PEERS = Object.keys(CONTENDERS).filter((name) => CONTENDERS[name].package);
const CLIENTS = ['ours', ...PEERS];
const ALL = ['ours', 'raw', ...PEERS];

export const RUNTIMES = { node: 'Node.js', chromium: 'Chromium' };

/** `factor` is what a value is divided by before it is shown. */
export const METRICS = {
  rate: { unit: 'a second', moreIsBetter: true, digits: 0 },
  cpu: { unit: 'µs of CPU each', digits: 1 },
  import: { unit: 'ms', digits: 0 },
  connect: { unit: 'ms', digits: 0 },
  memory: { unit: 'KB each', digits: 1, factor: 1000 },
  size: { unit: 'KB', digits: 1, factor: 1000 },
};

/**
 * @typedef {object} Row
 * @property {string} name for `--only`
 * @property {string} title
 * @property {string} [work] a function of work.js; without it, the size of the bundle counts
 * @property {object} [settings] arguments of that function
 * @property {(keyof typeof METRICS)[]} metrics
 * @property {string[]} contenders; `before` does what `ours` does
 * @property {string[]} [runtimes] default: both
 * @property {number} [devices] how many, default 1
 * @property {'hub'} [server] Mosquitto does not respond to twin requests, and is slow to accept
 *   connections
 */

/** The telemetry to send. */
const MESSAGES = [
  { name: '110', title: '110 bytes', bytes: 110 },
  { name: '4000', title: '4000 bytes', bytes: 4000 },
  {
    name: '110-properties',
    title: '110 bytes and four properties',
    bytes: 110,
    properties: 4,
  },
  {
    name: '110-json',
    title: '110 bytes, JSON, content type, encoding and two properties',
    bytes: 110,
    isJson: true,
    properties: 2,
  },
];

/** @type {Row[]} */
export const ROWS = [
  ...MESSAGES.flatMap((message) =>
    [1, 100, 1000].map((inFlight) => telemetryRow({ inFlight, ...message })),
  ),
  {
    name: 'c2d',
    title: 'cloud-to-device messages received',
    work: 'receive',
    settings: { perSecond: 40_000 },
    metrics: ['rate', 'cpu'],
    contenders: CLIENTS,
  },
  {
    name: 'twin',
    title: 'twin asked for and received',
    work: 'twin',
    metrics: ['rate', 'cpu'],
    contenders: ['ours', 'azure'],
    server: 'hub',
  },
  {
    name: 'start',
    title: 'from nothing to the first PUBACK',
    work: 'start',
    metrics: ['import', 'connect'],
    contenders: ALL,
    server: 'hub',
  },
  ...[1, 100, 1000].map(idleRow),
  {
    name: 'size',
    title: 'what a page downloads, with brotli',
    metrics: ['size'],
    contenders: CLIENTS,
    runtimes: ['chromium'],
  },
];

/** @returns {Row} */
function telemetryRow({ name, title, ...settings }) {
  return {
    name: `telemetry-${settings.inFlight}-${name}`,
    title: `telemetry, ${settings.inFlight} in flight, ${title}`,
    work: 'telemetry',
    settings,
    metrics: ['rate', 'cpu'],
    contenders: ALL,
  };
}

/** @returns {Row} */
function idleRow(devices) {
  return {
    name: `idle-${devices}`,
    title: `memory of ${devices} idle ${devices === 1 ? 'client' : 'clients'}`,
    work: 'idle',
    metrics: ['memory'],
    contenders: ALL,
    // Chromium opens no more than 255 WebSockets.
    runtimes: devices > 255 ? ['node'] : undefined,
    devices,
    server: 'hub',
  };
}

/**
 * The targets of this client: `limits` are factors relative to another contender, or to the best
 * one; `atMost` is a value.
 */
export const BARS = [
  {
    runtime: 'node',
    row: 'telemetry-100-110',
    metric: 'cpu',
    limits: { raw: 1, u8: 0.35, mqttjs: 0.2, azure: 0.1 },
  },
  { runtime: 'node', row: 'telemetry-100-110-properties', metric: 'cpu', limits: { raw: 1 } },
  { runtime: 'node', row: 'telemetry-1000-110-properties', metric: 'cpu', limits: { raw: 1 } },
  { runtime: 'node', row: 'telemetry-1-110', metric: 'rate', limits: { raw: 0.85, best: 1 } },
  { runtime: 'chromium', row: 'telemetry-100-110', metric: 'rate', limits: { best: 2 } },
  { runtime: 'chromium', row: 'telemetry-1-110', metric: 'rate', limits: { best: 1 } },
  { runtime: 'node', row: 'c2d', metric: 'cpu', limits: { mqttjs: 0.4 } },
  { runtime: 'node', row: 'idle-1000', metric: 'memory', limits: { u8: 0.5 } },
  { runtime: 'node', row: 'start', metric: 'import', limits: { mqttjs: 1 } },
  { runtime: 'node', row: 'start', metric: 'connect', limits: { mqttjs: 1 } },
  { runtime: 'chromium', row: 'start', metric: 'import', limits: { mqttjs: 1 } },
  { runtime: 'chromium', row: 'start', metric: 'connect', limits: { mqttjs: 1 } },
  { runtime: 'chromium', row: 'size', metric: 'size', atMost: 81_500 },
];
