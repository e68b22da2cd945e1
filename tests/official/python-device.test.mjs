import { fileURLToPath } from 'node:url';

import { officialPython } from '../../scripts/lib/official-python.mjs';
import { testDeviceClient } from './scenario/index.mjs';
import { missingPython } from './support.mjs';

const program = fileURLToPath(new URL('python/device.py', import.meta.url));

const traits = {
  unauthorized: 'CredentialError',
  twinError: 'ClientError',
  systemProperties: { interfaceId: 'urn:azureiot:Security:SecurityAgent:1' },
  nullProperty: null,
  knowsAck: true,
  thrown: 'GatewayTimeout',
};

const title = "Microsoft's device client for Python";
await testDeviceClient(title, [officialPython(), program], traits, missingPython);
