// In Python: send_message_x509.py
import { IoTHubDeviceClient, Message, X509 } from 'iothub-device-client';

const { HOSTNAME = '', DEVICE_ID = '' } = process.env;
const { X509_CERT_FILE = '', X509_KEY_FILE = '', X509_PASS_PHRASE } = process.env;
const { GATEWAY_HOSTNAME: gatewayHostname } = process.env; // a local hub, or nothing
const x509 = X509.fromFiles(X509_CERT_FILE, X509_KEY_FILE, X509_PASS_PHRASE);
const client = IoTHubDeviceClient.createFromX509Certificate(x509, HOSTNAME, DEVICE_ID, {
  gatewayHostname,
});

/** @param {number} number */
async function sendTestMessage(number) {
  const message = new Message({ windSpeed: 10 + number }, { messageId: crypto.randomUUID() });
  message.correlationId = 'storm-7';
  message.customProperties.warning = 'gusts';
  await client.sendMessage(message);
  console.log(`sent message #${number}`);
}

await Promise.all([1, 2, 3, 4, 5].map(sendTestMessage));
await client.shutdown();
