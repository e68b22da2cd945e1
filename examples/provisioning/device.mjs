// A device that knows the provisioning service and its own key, and no hub.
import { IoTHubDeviceClient } from 'iothub-device-client';

const { PROVISIONING_HOST = 'global.azure-devices-provisioning.net', IOTHUB_ENDPOINT } =
  process.env;
const { PROVISIONING_IDSCOPE = '', PROVISIONING_REGISTRATION_ID = '' } = process.env;
const { PROVISIONING_SYMMETRIC_KEY = '' } = process.env;

const client = IoTHubDeviceClient.createFromProvisioning(
  {
    provisioningHost: PROVISIONING_HOST,
    idScope: PROVISIONING_IDSCOPE,
    registrationId: PROVISIONING_REGISTRATION_ID,
    symmetricKey: PROVISIONING_SYMMETRIC_KEY,
  },
  { endpoint: IOTHUB_ENDPOINT },
);

await client.sendMessage({ temperature: 21.5 });
console.log('sent');
await client.shutdown();
