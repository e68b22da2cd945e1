/** The scene: what the devices of the page do. */
import { computed, signal } from '@preact/signals';

import { parseScene, sceneFromHash, sceneToLink, sceneToText } from '../scene.js';
import machine from '../scenes/machine.json';
import thermostat from '../scenes/thermostat.json';
import vehicles from '../scenes/vehicles.json';
import { everySecond, fleet } from './fleet.js';
import { openAdding } from './navigation.js';

/** The scenes that are ready to use. */
export const examples = [thermostat, vehicles, machine];

/** The scene that is on. */
export const scene = signal(thermostat);

/** How many scenes were put on: what edits one begins anew with the next. */
export const sceneNumber = signal(0);

/** What was wrong with the scene of a link. */
export const linkError = signal(undefined);

/** The names of the kinds of devices. */
export const kindNames = computed(() => scene.value.kinds.map(({ name }) => name));

/** What devices of a kind do; of one that the scene lacks, that of its first, as in the fleet. */
export const behaviourOf = (kindName) =>
  (scene.value.kinds.find(({ name }) => name === kindName) ?? scene.value.kinds[0]).behaviour;

/** How many devices of a kind there are. */
export const devicesOf = (kindName) =>
  everySecond.value.filter(({ kind }) => kind === kindName).length;

/** Puts another scene on; rejects when something in it is wrong. */
export async function changeScene(next) {
  await fleet.setScene(next);
  scene.value = next;
  sceneNumber.value += 1;
}

/** Changes what devices of a kind do, at once. */
export async function changeBehaviour(kindName, change) {
  const behaviour = { ...behaviourOf(kindName), ...change };
  await fleet.setBehaviour(kindName, behaviour);
  const kinds = scene.value.kinds.map((kind) =>
    kind.name === kindName ? { ...kind, behaviour } : kind,
  );
  scene.value = { ...scene.value, kinds };
}

/** The scene as the text of a file. */
export const sceneText = () => sceneToText(scene.value);

/** Puts on the scene of a file. */
export const loadScene = async (file) => changeScene(parseScene(await file.text()));

/** A link that opens this page with the scene. */
export const sceneLink = () => sceneToLink(scene.value, location.href.split('#')[0]);

/** Puts on the scene of the page's link, if it has one, or else the first example. */
export async function beginScene() {
  if (!(await takeLinked())) await changeScene(thermostat);
  // A link that is opened in the page that is there already loads nothing.
  addEventListener('hashchange', takeLinked);
}

/** Puts on the scene of the page's link; `false` where there is none that can be used. */
async function takeLinked() {
  linkError.value = undefined;
  try {
    const linked = await sceneFromHash(location.hash);
    if (linked) await changeScene(linked);
    return linked !== undefined;
  } catch (error) {
    linkError.value = error;
    openAdding();
    return false;
  }
}
