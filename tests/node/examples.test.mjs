import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

import { linkPackage } from '../../scripts/start/link-package.mjs';
import { createDevice, test, within } from './support.mjs';

const EXAMPLE = fileURLToPath(new URL('../../examples/node/device.mjs', import.meta.url));

test('the example for Node.js does what it says', async (t) => {
  linkPackage();
  const backEnd = await createDevice();
  const child = spawn(process.execPath, [EXAMPLE], {
    env: {
      ...process.env,
      IOTHUB_DEVICE_CONNECTION_STRING: backEnd.connectionString,
      IOTHUB_ENDPOINT: backEnd.endpoint,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill());
  const printed = Promise.all([text(child.stdout), text(child.stderr)]);

  const [seen] = await backEnd.waitForTelemetry();
  assert.equal(typeof JSON.parse(seen.text).temperature, 'number');
  assert.ok((await backEnd.twin()).properties.reported.startedAt);
  await backEnd.sendMessage({ body: 'Grüße' });
  assert.deepEqual(await backEnd.invokeMethod('m'), { status: 200, payload: { done: true } });

  child.kill('SIGINT');
  await within(20, once(child, 'exit'), 'the example is still running');
  const [output, errors] = await printed;
  assert.match(output, /^message: Grüße$/m);
  assert.match(output, /^method: m null$/m);
  assert.equal(errors, '');
});
