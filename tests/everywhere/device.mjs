/** The device of a project, and what the hub does with it. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { extname } from 'node:path';

import { transform } from 'esbuild';

const source = await readFile(new URL('device.ts', import.meta.url), 'utf8');

/**
 * Writes `device.ts` with these devices, as TypeScript, an ES module or CommonJS by its name.
 * @param {string} entry what it imports from
 */
export async function writeDevice(file, devices, entry) {
  const known = devices.map(({ connectionString, endpoint }) => ({ connectionString, endpoint }));
  const code = source
    .replace(' = [];', ` = ${JSON.stringify(known)};`)
    .replace("'iothub-device-client'", `'${entry}'`);
  await writeFile(file, await compiled(code, extname(file)));
}

async function compiled(code, extension) {
  if (extension === '.ts') return code;
  const format = extension === '.cjs' ? 'cjs' : 'esm';
  return (await transform(code, { loader: 'ts', format })).code;
}

/** Receives the device's messages, sends what it waits for, and checks what it reports. */
export async function playTheHub(device) {
  const [{ text, properties }] = await firstTelemetry(device);
  assert.deepEqual([JSON.parse(text), properties], [{ temperature: 21.5 }, { room: 'Küche' }]);
  await device.patchDesired({ interval: 5 });
  await device.sendMessage({ body: 'Guten Tag!' });
  const answer = await device.invokeMethod('switchLamp', { lamp: 'on' });
  assert.deepEqual(answer, { status: 200, payload: { seen: { lamp: 'on' } } });

  await device.waitForPackets('disconnect', 'in');
  const { desired, message, method, twin } = (await device.twin()).properties.reported;
  assert.deepEqual([desired, message, method, twin], [5, 'Guten Tag!', 'switchLamp', 5]);
}

/** A development server may compile for longer than one wait at the hub. */
async function firstTelemetry(device) {
  for (let waits = 1; ; waits += 1) {
    try {
      return await device.telemetry();
    } catch (error) {
      if (waits === 3) throw error;
    }
  }
}
