// A device's whole job, with only the JavaScript of the web platform. Each environment runs this.
import { counterpart } from './counterpart.js';

/** Longer than any step takes on a busy machine. */
const SECONDS = 40;

/**
 * Does the job and reports the outcome to the counterpart.
 * @param {typeof import('iothub-device-client')} iothub
 */
export async function doTheJob(iothub) {
  const device = await (await fetch(`${counterpart}/device`)).json();
  const outcome = await within(SECONDS, work(iothub, device)).catch((error) => ({
    error: `${error}\n${error.stack}`,
  }));
  await fetch(`${counterpart}/outcome`, { method: 'POST', body: JSON.stringify(outcome) });
}

/**
 * @param {typeof import('iothub-device-client')} iothub
 * @param {{ connectionString: string, endpoint: string }} device
 */
async function work(
  { IoTHubDeviceClient, Message, MethodResponse, version },
  { connectionString, endpoint },
) {
  const client = IoTHubDeviceClient.createFromConnectionString(connectionString, { endpoint });
  /** @type {Promise<unknown>} */
  const desired = new Promise((resolve) => {
    // The first call passes the current desired properties, which are still empty.
    client.onTwinDesiredPropertiesPatchReceived = ({ $version, ...wishes }) => {
      if (Object.keys(wishes).length > 0) resolve(wishes);
    };
  });
  /** @type {Promise<string>} */
  const message = new Promise((resolve) => {
    client.onMessageReceived = (received) => resolve(received.text());
  });
  /** @type {Promise<string>} */
  const method = new Promise((resolve) => {
    client.onMethodRequestReceived = (request) => {
      resolve(request.name);
      return MethodResponse.createFromMethodRequest(request, 200, { seen: request.payload });
    };
  });

  await client.connect();
  const telemetry = new Message({ temperature: 21.5 });
  telemetry.customProperties.room = 'Küche';
  await client.sendMessage(telemetry);
  await client.patchTwinReportedProperties({ firmware: '1.4.2' });
  const received = { desired: await desired, message: await message, method: await method };
  const twin = await client.getTwin();
  await client.uploadFile('file.txt', 'contents');
  await client.disconnect();
  return { version, twin, ...received };
}

/**
 * @template T
 * @param {number} seconds
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
function within(seconds, promise) {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`the job was not done within ${seconds} s`));
    const timer = setTimeout(late, seconds * 1000);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
