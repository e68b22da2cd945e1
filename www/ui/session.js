/**
 * What a reload of the tab restores: the scenes with their edits, and the devices. Keys and tokens
 * are not kept; devices of the local hub get theirs from the hub again.
 */
import { signal } from '@preact/signals';

import { mayBeKept } from '../../simulator/src/secrets.js';
import { drafts } from './drafts.js';
import { faultsForAll } from './faults-on.js';
import { device, ids } from './fleet.js';
import { isLocal, localHub, takeUpAgain } from './local-hub.js';
import { hasOutbox } from './outbox-choice.jsx';
import { historyOf } from './scene-history.js';
import { chosenScene, scenes } from './scene.js';
import { tagsById, tagsOf } from './tags.js';

/** Changes whenever its format changes. */
const KEY = 'session-3';

/** Ids of devices that a reload has not restored. */
export const lostIds = signal([]);

/** Why the devices of the local hub were not restored, if they were not. */
export const takeUpError = signal(undefined);

let kept = {};

/** Restores the scenes of the session, before one of them becomes the current one. */
export async function restoreScenes() {
  try {
    kept = JSON.parse(sessionStorage.getItem(KEY)) ?? {};
    forget();
    const restored = await Promise.all((kept.scenes ?? []).map(restoreScene));
    if (restored.length < scenes.value.length) return;
    scenes.value = restored;
    chosenScene.value = restored[kept.chosen] ? kept.chosen : 0;
    drafts.value = kept.drafts;
    faultsForAll.value = kept.faults;
    tagsById.value = kept.tags;
  } catch {
    // Nothing is kept, or not by this version of the page: the session starts empty.
    kept = {};
  }
}

async function restoreScene({ example, scene }) {
  return {
    ...historyOf(scene ? await checked(scene) : scenes.value[example].scene),
    ...(example !== null && { example: scenes.value[example].example }),
  };
}

async function checked(scene) {
  const { checkScene } = await import('../../simulator/src/scene.js');
  return checkScene(scene);
}

/** Restores the devices of the session, which need a current scene. */
export async function restoreDevices() {
  const devices = kept.devices ?? [];
  const local = localHub.value ? devices.filter((one) => one.isLocal) : [];
  const others = devices.filter((one) => !local.includes(one));
  lostIds.value = others.map(({ id }) => id);
  try {
    await takeUpAgain(local);
  } catch (error) {
    takeUpError.value = error;
    lostIds.value = devices.map(({ id }) => id);
  }
}

/** Stores the session when the page is closed, and asks before anything is lost. */
export function keepSession() {
  addEventListener('beforeunload', (event) => {
    const hasKeys = ids.peek().some((id) => !isLocal(id));
    if (!keep() || hasKeys) event.preventDefault();
  });
  addEventListener('pagehide', keep);
  // The browser may end a background tab without notice. A copy of a visible tab must not take its
  // devices away.
  document.addEventListener('visibilitychange', () =>
    document.visibilityState === 'hidden' ? keep() : forget(),
  );
}

/** Stores what may be stored; returns `false` if anything else would be lost. */
function keep() {
  const session = JSON.stringify({
    scenes: scenes.peek().map(({ scene, example }, index) => ({
      example: example ? index : null,
      ...(scene !== example && { scene }),
    })),
    chosen: chosenScene.peek(),
    faults: faultsForAll.peek(),
    tags: Object.fromEntries(ids.peek().map((id) => [id, tagsOf(id)])),
    drafts: drafts.peek().filter(mayBeKept),
    devices: ids.peek().map((id) => ({
      id,
      kind: device(id).kind,
      keepsOutbox: hasOutbox(device(id)),
      isLocal: isLocal(id),
      isOn: device(id).state !== 'stopped',
    })),
  });
  try {
    sessionStorage.setItem(KEY, session);
    return drafts.peek().every(mayBeKept);
  } catch {
    const isEdited = scenes.peek().some(({ scene, example }) => scene !== example);
    return !isEdited && ids.peek().length === 0 && drafts.peek().length === 0;
  }
}

function forget() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // The browser may not let the page store anything.
  }
}
