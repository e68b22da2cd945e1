import { IoTHubDeviceClient, MethodResponse } from '../../pkg/index.browser.js';

addEventListener('message', async ({ data: { connectionString, endpoint } }) => {
  const client = IoTHubDeviceClient.createFromConnectionString(connectionString, { endpoint });
  client.onMessageReceived = (message) => postMessage({ message: message.text() });
  client.onMethodRequestReceived = (request) =>
    MethodResponse.createFromMethodRequest(request, 200, request.payload);
  await client.connect();
  await client.sendMessage('from a worker');
  postMessage({ state: client.connectionState });
});

postMessage({ state: 'ready' });
