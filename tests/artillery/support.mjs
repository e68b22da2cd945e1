/**
 * Shared by the tests of the Artillery engine: a local hub with an enrollment group, and a scene.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startHub } from 'iothub-local';

import { callHub } from '../../scripts/start/back-end.mjs';
import { behaviourOf, messageOf, sceneOf } from '../simulator/scenes.mjs';

const groupKey = Buffer.alloc(32, 1).toString('base64');

/** A scene whose messages depend only on its seed and the device. */
export const scene = sceneOf({
  kind: behaviourOf({
    telemetry: messageOf({ isOn: true, template: '{"n": "{{range 0 1 6}}"}', periodMs: 100 }),
  }),
});

/** A hub for the test, and the variables with which devices register there. */
export async function openHub(t) {
  const attestation = { type: 'symmetricKey', symmetricKey: { primaryKey: groupKey } };
  const hub = await startHub({ enrollmentGroups: [{ enrollmentGroupId: 'all', attestation }] });
  t.after(() => hub.close());
  return {
    hub,
    env: {
      IOTHUB_ENDPOINT: hub.endpoint,
      IOTHUB_PROVISIONING_ID_SCOPE: hub.idScope,
      IOTHUB_PROVISIONING_GROUP_KEY: groupKey,
    },
    registered: async () => {
      const devices = await callHub(hub, 'GET', '/devices?top=1000&api-version=2021-04-12');
      return devices.map(({ deviceId }) => deviceId).sort();
    },
    bodies: async (deviceId) => {
      const { messages } = await callHub(hub, 'GET', `/local/devices/${deviceId}/telemetry`);
      return messages.map(({ text }) => text);
    },
  };
}

/** A folder with the scene in it. */
export async function createFolder(t) {
  const folder = await mkdtemp(join(tmpdir(), 'artillery-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'scene.json'), JSON.stringify(scene));
  return folder;
}
