import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHub } from 'iothub-local';
import { callHub } from '../../scripts/start/back-end.mjs';
import { checkProvisioning } from './check-provisioning.js';

/** Where the local hub differs: it has one name, and requests certificates later. */
const OF_THE_LOCAL_HUB = [
  /^differs +a SAS token for the \.device\. name of the hub, .*: CONNACK 5, not CONNACK 0$/,
  /^differs +the same without renegotiation, .*, not CONNACK 0$/,
];

test('the local service behaves as expected, and a difference is reported', async (t) => {
  const hub = await startHub({
    https: true,
    enrollmentGroups: ['group1'],
    settings: { registrationRetryAfter: 0 },
  });
  t.after(() => hub.close());
  const [{ primaryKey: groupKey }] = hub.enrollmentGroups;
  const { idScope, ca, secureEndpoint: endpoint } = hub;
  const registrationId = 'checked';
  const access = { idScope, groupKey, registrationId, endpoint, hubEndpoint: endpoint, ca };
  await callHub(hub, 'POST', `/local/registrations/${registrationId}-throttled/faults`, {
    rate: { poll: 5 },
  });

  const lines = [];
  await checkProvisioning(access, (line) => lines.push(line));
  assertDiffers(lines, OF_THE_LOCAL_HUB);
  assert.ok(lines.length > 11);

  const settings = { wrongKeyAtProvisioning: 'connack' };
  await callHub(hub, 'PATCH', '/local/hub/settings', settings);
  const changed = [];
  assert.equal(await checkProvisioning(access, (line) => changed.push(line)), 3);
  const wrongKey = /^differs +a wrong key: CONNACK 5, not CONNACK 0, then 401 with 401000$/;
  assertDiffers(changed, [wrongKey, ...OF_THE_LOCAL_HUB]);
});

/** These lines differ, and no other. */
function assertDiffers(lines, expected) {
  const differing = lines.filter((line) => !line.startsWith('as expected  '));
  assert.equal(differing.length, expected.length, differing.join('\n'));
  for (const [index, line] of differing.entries()) assert.match(line, expected[index]);
}
