import { fileURLToPath } from 'node:url';

import { testDeviceClient } from './scenario/index.mjs';

const program = fileURLToPath(new URL('nodejs/device.mjs', import.meta.url));

await testDeviceClient("Microsoft's device client for Node.js", [process.execPath, program], {
  unauthorized: 'UnauthorizedError',
  twinError: 'Error',
  systemProperties: { to: 'destination', interfaceId: 'urn:example:interface' },
  nullProperty: 'undefined',
  knowsAck: false,
  thrown: 400,
});
