/**
 * The code of simulator/README.md: its scene is valid, its program runs, its options are complete.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { HELP } from '../../simulator/cli/help.js';
import { usages } from '../../simulator/src/generators.js';
import { parseScene } from '../../simulator/src/scene.js';
import { readBehaviour } from '../../simulator/src/behaviour.js';
import { createDevice, test } from './support.mjs';

const text = readFileSync(new URL('../../simulator/README.md', import.meta.url), 'utf8');
const codeOf = (language) => new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'ms').exec(text)[1];
const sceneText = codeOf('json');

test('the scene of the README can be used', () => {
  const { kinds } = parseScene(sceneText);
  const device = readBehaviour(kinds[0].behaviour)('pump-1');
  assert.deepEqual(
    device.messages.map((message) => Object.keys(message.next(0).body)),
    [['pressure'], ['speed']],
  );
});

test('the program of the README runs a device', async (t) => {
  const backEnd = await createDevice();
  const program = codeOf('js')
    .replace("import { Fleet, parseScene } from 'iothub-simulator';\n", '')
    .replace('{ connectionString }', '{ connectionString, endpoint }')
    .replace('await fleet.close();', '');
  const { Fleet } = await import('../../simulator/src/index.js');
  const names = ['Fleet', 'parseScene', 'sceneText', 'connectionString', 'endpoint', 'console'];
  const AsyncFunction = (async () => {}).constructor;
  const run = new AsyncFunction(...names, `${program}; return fleet`);
  const { connectionString, endpoint } = backEnd;
  const printed = [];
  const log = (line) => printed.push(line);
  const fleet = await run(Fleet, parseScene, sceneText, connectionString, endpoint, { log });
  t.after(() => fleet.close());
  await backEnd.waitForTelemetry(2);
  assert.equal(printed[0].connected, 1);
});

test('the README has every option of the command, and every generator', () => {
  const options = new Set(HELP.match(/--[a-z]+[a-z0-9-]*/g));
  for (const option of ['--property', '--content-type', '--name', '--max']) options.delete(option);
  for (const option of options) assert.ok(text.includes(option), option);
  for (const usage of Object.values(usages)) {
    for (const form of usage.match(/\{\{.*?\}\}/g)) assert.ok(text.includes(form), form);
  }
});
