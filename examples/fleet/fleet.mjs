// A fleet of devices in one program: node fleet.mjs FILE, with a connection string in each line.
import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { IoTHubDeviceClient } from 'iothub-device-client';

const [file] = process.argv.slice(2);
if (!file) throw new Error('Give a file with the connection string of a device in each line.');
const { IOTHUB_ENDPOINT, START_SECONDS = '60', INTERVAL_SECONDS = '30' } = process.env;
const strings = readFileSync(file, 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '');

const stop = new AbortController();
const { signal } = stop;
setMaxListeners(0, signal); // every device listens to it
process.once('SIGINT', () => stop.abort());
const counts = { connected: 0, sent: 0, failed: 0, calls: 0 };
const show = () =>
  console.log(
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', '),
  );
const showing = setInterval(show, 5000);

// They connect one after the other: a hub limits connections per second.
const pause = (1000 * Number(START_SECONDS)) / strings.length;
await Promise.all(strings.map((string, index) => runDevice(string, index * pause)));
clearInterval(showing);
show();

/**
 * @param {string} connectionString
 * @param {number} delay in milliseconds, before its start
 */
async function runDevice(connectionString, delay) {
  const client = IoTHubDeviceClient.createFromConnectionString(connectionString, {
    endpoint: IOTHUB_ENDPOINT,
    // When the hub comes back, a thousand devices must not all reconnect at the same moment.
    connectionRetryMaxInterval: 300,
  });
  client.onConnectionStateChange = ({ connected }) => (counts.connected += connected ? 1 : -1);
  client.onBackgroundException = () => {}; // the counts tell
  client.onMethodRequestReceived = ({ name }) => {
    counts.calls += 1;
    return { status: 200, payload: { done: name } };
  };
  try {
    for (let wait = delay; ; wait = 1000 * Number(INTERVAL_SECONDS)) {
      await sleep(wait, undefined, { signal });
      const temperature = Math.round(200 + 50 * Math.random()) / 10;
      await client.sendMessage({ temperature }, { signal }).then(
        () => (counts.sent += 1),
        (error) => {
          if (signal.aborted) throw error;
          counts.failed += 1;
        },
      );
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await client.shutdown();
  }
}
