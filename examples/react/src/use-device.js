import { IoTHubDeviceClient } from 'iothub-device-client';
import { useEffect, useState } from 'react';

/**
 * A device for as long as the component is there: its client, and what a page shows of it.
 * @param {{ connectionString: string, endpoint?: string }} login
 */
export function useDevice({ connectionString, endpoint }) {
  const [client, setClient] = useState(null);
  const [connected, setConnected] = useState(false);
  const [desired, setDesired] = useState({});
  const [messages, setMessages] = useState([]);
  const [error, setError] = useState(null);

  useEffect(() => {
    const device = IoTHubDeviceClient.createFromConnectionString(connectionString, { endpoint });
    device.onConnectionStateChange = (change) => setConnected(change.connected);
    device.onTwinDesiredPropertiesPatchReceived = (patch) =>
      setDesired((known) => ({ ...known, ...patch }));
    device.onMessageReceived = (message) => setMessages((list) => [...list, message.text()]);
    device.onBackgroundException = setError;
    setClient(device);
    // React runs each effect twice while it is developed: the first client leaves at once.
    device.connect().catch((reason) => reason.name === 'OperationCancelled' || setError(reason));
    return () => device.shutdown();
  }, [connectionString, endpoint]);

  return { client, connected, desired, messages, error };
}
