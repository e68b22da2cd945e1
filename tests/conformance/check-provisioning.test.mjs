import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHub } from 'iothub-local';
import { checkProvisioning } from './check-provisioning.js';

test('what the local service does is as expected, and a change of it is told', async (t) => {
  const hub = await startHub({
    enrollmentGroups: ['group1'],
    settings: { registrationRetryAfter: 0 },
  });
  t.after(() => hub.close());
  const [{ primaryKey: groupKey }] = hub.enrollmentGroups;
  const { idScope, endpoint } = hub;
  const access = { idScope, groupKey, endpoint, registrationId: 'checked' };

  const lines = [];
  assert.equal(await checkProvisioning(access, (line) => lines.push(line)), 0, lines.join('\n'));
  assert.ok(lines.length > 5);
  for (const line of lines) assert.match(line, /^as expected {2}/);

  await fetch(`${hub.url}/local/hub/settings`, {
    method: 'PATCH',
    headers: { authorization: hub.authorization(), 'content-type': 'application/json' },
    body: JSON.stringify({ wrongKeyAtProvisioning: 'connack' }),
  });
  const changed = [];
  assert.equal(await checkProvisioning(access, (line) => changed.push(line)), 1);
  const told = changed.filter((line) => line.startsWith('differs'));
  assert.equal(told.length, 1);
  assert.match(told[0], /^differs +a wrong key: CONNACK 5, not CONNACK 0, then 401 with 401000$/);
});
