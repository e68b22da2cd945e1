import { IoTHubDeviceClient, MethodResponse } from '../../pkg/index.browser.js';

addEventListener('message', async ({ data: { connectionString, ...options } }) => {
  const client = IoTHubDeviceClient.createFromConnectionString(connectionString, options);
  client.onConnectionStateChange = () => postMessage({ state: client.connectionState });
  client.onBackgroundException = () => {};
  client.onMessageReceived = (message) => postMessage({ message: message.text() });
  client.onMethodRequestReceived = (request) =>
    MethodResponse.createFromMethodRequest(request, 200, request.payload);
  await client.connect();
  await client.sendMessage('from a worker');
});

postMessage({ state: 'ready' });
