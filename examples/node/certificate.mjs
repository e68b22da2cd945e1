// A device that authenticates with an X.509 certificate.
import { readFileSync } from 'node:fs';
import { IoTHubDeviceClient, X509 } from 'iothub-device-client';

const { IOTHUB_HOSTNAME, IOTHUB_DEVICE_ID, IOTHUB_CERT_FILE, IOTHUB_KEY_FILE } = process.env;
const { IOTHUB_PASS_PHRASE, IOTHUB_ENDPOINT, IOTHUB_CA_FILE } = process.env;
if (!IOTHUB_HOSTNAME || !IOTHUB_DEVICE_ID || !IOTHUB_CERT_FILE || !IOTHUB_KEY_FILE) {
  throw new Error(
    'Set IOTHUB_HOSTNAME, IOTHUB_DEVICE_ID, IOTHUB_CERT_FILE and IOTHUB_KEY_FILE, and ' +
      'IOTHUB_PASS_PHRASE if the key has one.',
  );
}
const x509 = X509.fromFiles(IOTHUB_CERT_FILE, IOTHUB_KEY_FILE, IOTHUB_PASS_PHRASE);
const client = IoTHubDeviceClient.createFromX509Certificate(
  x509,
  IOTHUB_HOSTNAME,
  IOTHUB_DEVICE_ID,
  {
    // A local hub has its own certificate authority. For Azure, omit both options.
    endpoint: IOTHUB_ENDPOINT,
    serverVerificationCert: IOTHUB_CA_FILE && readFileSync(IOTHUB_CA_FILE, 'utf8'),
  },
);

await client.sendMessage({ temperature: 21.5 });
console.log('sent');
await client.shutdown();
