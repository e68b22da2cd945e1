/** The jobs of the contenders, the same in Node.js and in pages. */

const PROPERTIES = [
  ['building', '43'],
  ['room', 'Sala 2.1'],
  ['floor', '2'],
  ['unit', 'celsius'],
];

/**
 * What the runtime can measure or do.
 * @typedef {object} Runtime
 * @property {() => number} [cpu] microseconds that the process has spent so far
 * @property {() => Promise<number>} memory bytes in use after a garbage collection
 * @property {(count: number) => Promise<void>} publish makes the server send messages to the first
 *   device
 *
 * @typedef {object} Job
 * @property {Function} open see contenders/contender.js
 * @property {import('./contenders/contender.js').Device[]} devices
 * @property {number} seconds
 * @property {Runtime} runtime
 */

/** Keeps messages in flight for some seconds. */
export async function telemetry({ open, devices, seconds, runtime }, settings) {
  const { inFlight, bytes, isJson, properties: count } = settings;
  const client = await open(devices[0]);
  const payload = isJson ? JSON.parse(json(bytes)) : json(bytes);
  const properties = count && Object.fromEntries(PROPERTIES.slice(0, count));
  const work = () => keepInFlight(client, { payload, properties, inFlight, isOver: over(seconds) });
  const result = await measured(work, runtime);
  await client.close();
  return result;
}

/** Receives a number of messages from the server. */
export async function receive({ open, devices, seconds, runtime }, { perSecond }) {
  let missing;
  let done;
  const client = await open(devices[0], () => {
    missing -= 1;
    if (missing === 0) done();
  });
  const count = Math.ceil(seconds * perSecond);
  const work = async () => {
    missing = count;
    const all = new Promise((resolve) => (done = resolve));
    await runtime.publish(count);
    await all;
    return count;
  };
  const result = await measured(work, runtime);
  await client.close();
  return result;
}

/** Gets the twin repeatedly. */
export async function twin({ open, devices, seconds, runtime }) {
  const client = await open(devices[0]);
  const result = await measured(async () => {
    const isOver = over(seconds);
    let count = 0;
    for (; count === 0 || !isOver(); count += 1) await client.twin();
    return count;
  }, runtime);
  await client.close();
  return result;
}

/** Connects and waits until one message is acknowledged, from a cold start. */
export async function start({ open, devices }) {
  const begin = performance.now();
  const client = await open(devices[0]);
  await keepInFlight(client, { payload: json(110), inFlight: 1, isOver: () => true });
  const result = { connect: performance.now() - begin };
  await client.close();
  return result;
}

/** Keeps many idle clients. */
export async function idle({ open, devices, runtime }) {
  const before = await runtime.memory();
  const clients = [];
  for (const device of devices) clients.push(await open(device));
  const after = await runtime.memory();
  for (const client of clients) await client.close();
  return { memory: (after - before) / devices.length };
}

/** Runs it once to warm up, then measures it. */
async function measured(work, { cpu }) {
  await work();
  const cpuBefore = cpu?.();
  const begin = performance.now();
  const count = await work();
  const seconds = (performance.now() - begin) / 1000;
  return { rate: count / seconds, ...(cpu && { cpu: (cpu() - cpuBefore) / count }) };
}

/**
 * Sends a message for each one that is acknowledged. Returns their number.
 * @param {import('./contenders/contender.js').Client} client
 * @param {import('./contenders/contender.js').Load} load
 */
function keepInFlight(client, load) {
  if (client.keepInFlight) return client.keepInFlight(load);
  const { payload, properties, inFlight, isOver } = load;
  return new Promise((resolve, reject) => {
    let acknowledged = 0;
    let unacknowledged = inFlight;
    const send = () => void client.send(payload, properties).then(next, reject);
    const next = () => {
      acknowledged += 1;
      if (!isOver()) send();
      else if (--unacknowledged === 0) resolve(acknowledged);
    };
    for (let index = 0; index < inFlight; index += 1) send();
  });
}

/**
 * Returns a function that says whether the time is over. It uses a timer, because reading the clock
 * for each message would show in the results.
 */
function over(seconds) {
  let isOver = false;
  setTimeout(() => (isOver = true), seconds * 1000);
  return () => isOver;
}

/** JSON with this number of bytes. */
export function json(bytes) {
  const empty = JSON.stringify({ temperature: 21.5, text: '' });
  return JSON.stringify({ temperature: 21.5, text: 'x'.repeat(bytes - empty.length) });
}
