/** `npm run check:hub`: the rows of the contract against your own IoT Hub. */
import { Failure, runAsProgram } from '../../scripts/lib/run.mjs';
import { check } from './check.mjs';
import { checkProvisioning } from './check-provisioning.js';

/** The value of ROW that asks only the provisioning service. */
const PROVISIONING = 'provisioning';
const REGISTRATION_ID = 'conformance-provisioning';
const GLOBAL_ENDPOINT = 'wss://global.azure-devices-provisioning.net/$iothub/websocket';

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
  IOTHUB_ENDPOINT                   optional, the WebSocket URL of a local hub

Without ROW, or with ${PROVISIONING}, it also asks the Device Provisioning Service what nobody
outside of it knows for sure, and prints each answer as expected, or as it differs. It registers two
devices, ${REGISTRATION_ID} and ${REGISTRATION_ID}-throttled, which stay in their hub, and asks for
certificates, which takes a credential policy of the group. What that needs:

  IOTHUB_PROVISIONING_ID_SCOPE      optional, with the next one
  IOTHUB_PROVISIONING_GROUP_KEY     the primary key of an enrollment group
  IOTHUB_PROVISIONING_ENDPOINT      optional, the WebSocket URL of a local service; with wss:, its
                                    authority is to be in the file that NODE_EXTRA_CA_CERTS names`;

await runAsProgram(async () => {
  const [filter = ''] = process.argv.slice(2);
  if (filter === '--help') return console.log(HELP);
  const access = readEnvironment();
  let differing = await check(access, filter);
  const provisioning = PROVISIONING.includes(filter) && readProvisioning();
  if (provisioning) differing += await checkProvisioning(provisioning, console.log);
  if (differing > 0) process.exitCode = 1;
});

function readProvisioning() {
  const {
    IOTHUB_PROVISIONING_ID_SCOPE: idScope,
    IOTHUB_PROVISIONING_GROUP_KEY: groupKey,
    IOTHUB_PROVISIONING_ENDPOINT: endpoint = GLOBAL_ENDPOINT,
  } = process.env;
  if (!idScope || !groupKey) return undefined;
  // A local service is at the endpoint of its hub.
  const hubEndpoint = endpoint === GLOBAL_ENDPOINT ? undefined : endpoint;
  return { idScope, groupKey, endpoint, hubEndpoint, registrationId: REGISTRATION_ID };
}

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
