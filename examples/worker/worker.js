// A device in a worker: telemetry every five seconds, and methods that may take long.
// Import maps work only in pages, so a worker imports the file. With a bundler, import
// 'iothub-device-client'.
import { IoTHubDeviceClient } from './node_modules/iothub-device-client/index.browser.js';

onmessage = ({ data }) => run(data).catch((error) => postMessage(`${error}`));

/** @param {{ connectionString: string, endpoint: string }} login an empty endpoint means Azure */
async function run({ connectionString, endpoint }) {
  const client = IoTHubDeviceClient.createFromConnectionString(
    connectionString,
    endpoint ? { endpoint } : {},
  );
  client.onMethodRequestReceived = ({ name, payload }) => {
    postMessage(`method: ${name} ${payload}`);
    if (name !== 'findPrimes') return { status: 404 };
    return { status: 200, payload: { primes: countPrimes(Number(payload)) } };
  };
  await client.connect();
  postMessage('connected');
  for (;;) {
    const temperature = Math.round(200 + 50 * Math.random()) / 10;
    await client.sendMessage({ temperature });
    postMessage(`sent: ${temperature}`);
    await new Promise((resolve) => setTimeout(resolve, 5000));
  }
}

/** @param {number} limit */
function countPrimes(limit) {
  const composite = new Uint8Array(limit + 1);
  let count = 0;
  for (let number = 2; number <= limit; number += 1) {
    if (composite[number]) continue;
    count += 1;
    for (let multiple = number * number; multiple <= limit; multiple += number) {
      composite[multiple] = 1;
    }
  }
  return count;
}
