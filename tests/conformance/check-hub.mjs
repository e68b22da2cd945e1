/** `npm run check:hub`: the rows of the contract against an IoT Hub of the reader's own. */
import { Failure, runAsProgram } from '../../scripts/lib/run.mjs';
import { check } from './check.mjs';

const HELP = `npm run check:hub -- [ROW]

Runs the rows of the conformance suite whose id contains ROW, or all of them, in Node.js against a
real IoT Hub, and prints what differs. A row that wants to see more of the hub than can be seen is
checked as far as that, and told with what it wanted. It takes some minutes.

What it needs is in the environment:

  IOTHUB_DEVICE_CONNECTION_STRING   of a device with a key, made for this: messages are sent and
                                    properties are reported
  IOTHUB_SERVICE_CONNECTION_STRING  optional, of a policy that may write the registry, such as
                                    iothubowner: each row gets a new device, which is deleted, and
                                    more can be checked
  IOTHUB_ENDPOINT                   optional, the WebSocket URL of a local hub`;

await runAsProgram(async () => {
  const [filter = ''] = process.argv.slice(2);
  if (filter === '--help') return console.log(HELP);
  const access = readEnvironment();
  if ((await check(access, filter)) > 0) process.exitCode = 1;
});

function readEnvironment() {
  const {
    IOTHUB_DEVICE_CONNECTION_STRING: device,
    IOTHUB_SERVICE_CONNECTION_STRING: service,
    IOTHUB_ENDPOINT: endpoint,
  } = process.env;
  const isDevice = /(^|;)DeviceId=[^;]+/.test(device) && /(^|;)SharedAccessKey=[^;]+/.test(device);
  if (!isDevice) {
    throw new Failure(
      'IOTHUB_DEVICE_CONNECTION_STRING must be the connection string of a device with a key:\n' +
        `HostName=...;DeviceId=...;SharedAccessKey=...\n\n${HELP}`,
    );
  }
  if (service && !/(^|;)SharedAccessKeyName=[^;]+/.test(service)) {
    throw new Failure(
      'IOTHUB_SERVICE_CONNECTION_STRING must name a policy: SharedAccessKeyName=...',
    );
  }
  return { device, service, endpoint };
}
