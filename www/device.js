import { IoTHubDeviceClient, Message, MethodResponse } from './pkg/index.browser.js';

/**
 * The device of this page: the client with its handlers.
 * @param {{connectionString: string, endpoint: string}} identity
 * @param {object} show what to call when something arrives
 * @param {(change: {connected: boolean, cause?: Error}, state: string) => void} show.state
 * @param {(message: Message) => void} show.message
 * @param {(name: string, payload: unknown) => void} show.method
 * @param {(patch: object) => void} show.desired
 * @param {(error: Error) => void} show.error
 */
export function createDevice({ connectionString, endpoint }, show) {
  const client = IoTHubDeviceClient.createFromConnectionString(connectionString, {
    connectionRetryInterval: 2,
    ...(endpoint && { endpoint }),
  });
  client.onConnectionStateChange = (change) => show.state(change, client.connectionState);
  client.onMessageReceived = show.message;
  client.onTwinDesiredPropertiesPatchReceived = show.desired;
  client.onBackgroundException = show.error;
  client.onMethodRequestReceived = (request) => {
    show.method(request.name, request.payload);
    const payload = { method: request.name, received: request.payload };
    return MethodResponse.createFromMethodRequest(request, 200, payload);
  };
  return client;
}

/** A telemetry message of what somebody typed: JSON where it is JSON, else text. */
export function toMessage(text) {
  const message = new Message(parsed(text));
  message.customProperties.sender = 'page';
  return message;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
