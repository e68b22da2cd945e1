/**
 * Runs the code of README.md unchanged, against the local hub instead of Azure, and the code of
 * hub/README.md that uses no client.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { readConfig } from '../../hub/src/config.js';
import { openPage } from '../browser/support.mjs';
import { createProject } from './docs/copies.mjs';
import { serveDevice } from './docs/pages.mjs';
import { createDevice, gateway, hub, root, startProgram, test } from './docs/programs.mjs';

const blocksOf = (document, language) =>
  [...readFileSync(join(root, document), 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, named]) => named === language)
    .map(([, , code]) => code);

function codeOf(language) {
  const [code, ...more] = blocksOf('README.md', language);
  assert.deepEqual(more, []);
  return code;
}

test('README.md: Start', async (t) => {
  const cwd = await createProject(t);
  const authority = join(cwd, 'authority.pem');
  await writeFile(authority, hub.ca);
  await writeFile(join(cwd, 'device.mjs'), codeOf('js'));
  const backEnd = await createDevice();
  const program = startProgram(
    t,
    ['device.mjs'],
    {
      NODE_EXTRA_CA_CERTS: authority,
      IOTHUB_DEVICE_CONNECTION_STRING: `${backEnd.connectionString};GatewayHostName=${gateway}`,
    },
    { cwd },
  );
  await program.printed(/^twin: .*firmware: '1.4.2'/ms);
  assert.deepEqual(JSON.parse((await backEnd.telemetry())[0].text), { temperature: 21.5 });
  await backEnd.sendMessage({ body: 'Grüße' });
  await program.printed(/^message: Grüße$/m);
  assert.deepEqual(await backEnd.invokeMethod('m'), { status: 200, payload: { did: 'm' } });
  assert.equal(program.errors, '');
});

test('README.md: In a browser', async (t) => {
  const folder = await createProject(t);
  const backEnd = await createDevice();
  // A page needs only this around the fragment.
  await writeFile(join(folder, 'index.html'), `<!doctype html>${codeOf('html')}`);
  const page = await openPage(t, await serveDevice(t, backEnd, { folder }));
  await page.locator('#log').filter({ hasText: 'connected: true' }).waitFor();
  assert.deepEqual(JSON.parse((await backEnd.waitForTelemetry())[0].text), { temperature: 21.5 });
  await backEnd.sendMessage({ body: 'Grüße' });
  await page.locator('#log').filter({ hasText: 'message: Grüße' }).waitFor();
});

test('hub/README.md: In a test', async (t) => {
  const [program, ...others] = blocksOf('hub/README.md', 'js');
  const call = others.find((code) => code.includes('hub.authorization()'));
  const code = program.replace('await hub.reset();', (end) => `${call}console.log(200);\n${end}`);
  const cwd = await createProject(t, ['iothub-local']);
  const started = startProgram(t, ['--input-type=module'], {}, { cwd, code });
  assert.equal(await started.ended(), 0, started.errors);
  assert.match(started.output, /^200$/m);
  assert.match(started.output, /^telemetry: \{"temperature":21.5\}$/m);
  assert.match(started.output, /^method: \{ status: 200, payload: \{ times: 3 \} \}$/m);
});

test('hub/README.md: the configuration file', async (t) => {
  const file = join(await createProject(t), 'config.json');
  const [config] = blocksOf('hub/README.md', 'json');
  await writeFile(file, config);
  const { data, ...members } = JSON.parse(config);
  assert.deepEqual(await readConfig(file), { ...members, data: join(file, '..', data) });
});
