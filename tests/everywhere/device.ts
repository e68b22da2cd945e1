// The device that every project runs.
import { IoTHubDeviceClient, Message, MethodResponse } from 'iothub-device-client';

/** Filled in by the run: one for each page or route that it visits. */
const devices: { connectionString: string; endpoint: string }[] = [];

const running: Promise<void>[] = [];

/** Once for each device: React mounts twice in its strict mode. */
export function runDevice(index = 0): Promise<void> {
  return (running[index] ??= doTheJob(index));
}

async function doTheJob(index: number): Promise<void> {
  const { connectionString, endpoint } = devices[index]!;
  const client = IoTHubDeviceClient.createFromConnectionString(connectionString, { endpoint });
  const desired = new Promise<number>((resolve) => {
    client.onTwinDesiredPropertiesPatchReceived = ({ interval }) => {
      if (typeof interval === 'number') resolve(interval);
    };
  });
  const message = new Promise<string>((resolve) => {
    client.onMessageReceived = (received) => resolve(received.text());
  });
  const method = new Promise<string>((resolve) => {
    client.onMethodRequestReceived = (request) => {
      resolve(request.name);
      return MethodResponse.createFromMethodRequest(request, 200, { seen: request.payload });
    };
  });

  await client.connect();
  const telemetry = new Message({ temperature: 21.5 });
  telemetry.customProperties['room'] = 'Küche';
  await client.sendMessage(telemetry);
  const received = { desired: await desired, message: await message, method: await method };
  const twin = await client.getTwin();
  await client.patchTwinReportedProperties({ ...received, twin: twin.desired['interval']! });
  await client.shutdown();
}
