// In Python: use_custom_sastoken.py
import { IoTHubDeviceClient } from 'iothub-device-client';

const { TOKEN_URL = '', GATEWAY_HOSTNAME: gatewayHostname } = process.env;
const getNewSasToken = async () => (await fetch(TOKEN_URL)).text();

const client = IoTHubDeviceClient.createFromSasToken(await getNewSasToken(), { gatewayHostname });
client.onNewSasTokenRequired = async () => {
  await client.updateSasToken(await getNewSasToken());
  console.log('updated the SAS token');
};
process.once('SIGINT', () => client.shutdown());
for await (const message of client.messages()) {
  console.log(message.text(), { ...message.customProperties }, message.contentType);
}
