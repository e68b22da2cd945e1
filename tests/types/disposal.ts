// Compiled, never run. Older than `await using` are TypeScript 5.0 and 5.1.
import type { IoTHubDeviceClient } from 'iothub-device-client';

export async function disposal(client: IoTHubDeviceClient): Promise<void> {
  await using disposed = client;
  const disposable: AsyncDisposable = disposed;
  await disposable[Symbol.asyncDispose]();
}
