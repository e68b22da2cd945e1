// In Python: upload_to_blob_x509.py
import { IoTHubDeviceClient, X509 } from 'iothub-device-client';

const { HOSTNAME = '', DEVICE_ID = '' } = process.env;
const { X509_CERT_FILE = '', X509_KEY_FILE = '', X509_PASS_PHRASE } = process.env;
const { GATEWAY_HOSTNAME: gatewayHostname } = process.env; // a local hub, or nothing
const x509 = X509.fromFiles(X509_CERT_FILE, X509_KEY_FILE, X509_PASS_PHRASE);
const client = IoTHubDeviceClient.createFromX509Certificate(x509, HOSTNAME, DEVICE_ID, {
  gatewayHostname,
});

await client.uploadFile('greetings/hello.txt', 'Hello, World!', { contentType: 'text/plain' });
console.log('uploaded');
await client.shutdown();
