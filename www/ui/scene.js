/** The scene: what the devices of the page do. */
import { batch, computed, signal } from '@preact/signals';

import { sceneFromHash, sceneToLink } from '../../simulator/src/scene-link.js';
import machine from '../../simulator/scenes/machine.json';
import thermostat from '../../simulator/scenes/thermostat.json';
import trackers from '../../simulator/scenes/trackers.json';
import vehicles from '../../simulator/scenes/vehicles.json';
import { everySecond, fleet } from './fleet.js';
import { showAdding, showAddress } from './navigation.js';
import { renamedKinds, withKind } from './scene-edits.js';
import { historyOf, redone, undone, withEdit } from './scene-history.js';

/** The checks of scenes, which the examples do not need. */
const checks = () => import('../../simulator/src/scene.js');

/** The scenes that are ready to use. */
const examples = [thermostat, vehicles, machine, trackers];

/**
 * All scenes that can be chosen: the examples, and those that were created or loaded. Each has the
 * history of its edits. `example` is the original of an example.
 *
 * @typedef {import('./scene-history.js').SceneHistory & {example?: object}} Entry
 * @type {import('@preact/signals').Signal<Entry[]>}
 */
export const scenes = signal(examples.map((example) => ({ ...historyOf(example), example })));

/** The index of the current scene. */
export const chosenScene = signal(0);

const chosenEntry = computed(() => scenes.value[chosenScene.value]);

/** The current scene. */
export const scene = computed(() => chosenEntry.value.scene);

/** What the last edit did, in words; `undefined` if there is nothing to undo. */
export const lastEdit = computed(() => chosenEntry.value.past.at(-1)?.what);

/** What the edit that was undone last did; `undefined` if there is nothing to redo. */
export const undoneEdit = computed(() => chosenEntry.value.future.at(-1)?.what);

/** The mistake in the scene of a link. */
export const linkError = signal(undefined);

/** The names of the kinds of devices. */
export const kindNames = computed(() => scene.value.kinds.map(({ name }) => name));

/**
 * What devices of a kind do. If the scene lacks the kind, that of its first kind, as in the fleet.
 */
export const behaviourOf = (kindName) =>
  (scene.value.kinds.find(({ name }) => name === kindName) ?? scene.value.kinds[0]).behaviour;

/** How many devices of a kind there are. */
export const devicesOf = (kindName) =>
  everySecond.value.filter(({ kind }) => kind === kindName).length;

/** Makes one of the scenes the current one. */
export const chooseScene = (index) =>
  inTurn(async () => {
    await fleet.setScene(scenes.value[index].scene);
    chosenScene.value = index;
  });

/** Adds a checked scene and makes it the current one; rejects if a template in it is invalid. */
export const takeScene = (next) =>
  inTurn(async () => {
    await fleet.setScene(next);
    const text = JSON.stringify(next);
    const known = scenes.value.findIndex(({ scene }) => JSON.stringify(scene) === text);
    batch(() => {
      chosenScene.value = known < 0 ? scenes.value.length : known;
      if (known < 0) scenes.value = [...scenes.value, historyOf(next)];
    });
  });

/**
 * Edits the current scene, and applies it to the devices immediately; rejects if it is invalid.
 * @param {(scene: object) => object} change
 * @param {string} what it does, in words
 */
export const editScene = (change, what) =>
  inTurn(async () => {
    const { checkScene } = await checks();
    const next = checkScene(change(scene.value));
    await putOn(withEdit(chosenEntry.value, next, what));
  });

/** Undoes the last edit. */
export const undo = () => inTurn(() => putOn(undone(chosenEntry.value)));

/** Redoes the edit that was undone last. */
export const redo = () => inTurn(() => putOn(redone(chosenEntry.value)));

/** Restores an example to its original. */
export const restoreExample = () =>
  inTurn(() =>
    putOn(withEdit(chosenEntry.value, chosenEntry.value.example, 'restore the example')),
  );

/** Changes what devices of a kind do, immediately. */
export const changeBehaviour = (kindName, change, what) =>
  inTurn(async () => {
    const behaviour = { ...behaviourOf(kindName), ...change };
    const { checkBehaviour } = await checks();
    // Its error names the place of the mistake in the behaviour, not in the scene.
    await fleet.setBehaviour(kindName, checkBehaviour(behaviour));
    keep(withEdit(chosenEntry.value, withKind(scene.value, kindName, { behaviour }), what));
  });

/**
 * The first message with an index that a device with an edited behaviour would send, or the mistake
 * in it.
 */
export async function previewDraft(behaviour, deviceId, index) {
  try {
    const { checkBehaviour } = await checks();
    return await fleet.preview(checkBehaviour(behaviour), deviceId, index);
  } catch (error) {
    return { error };
  }
}

async function putOn(entry) {
  await fleet.setScene(entry.scene, renamedKinds(scene.value, entry.scene));
  keep(entry);
}

function keep(entry) {
  scenes.value = scenes.value.with(chosenScene.value, entry);
}

let last = Promise.resolve();

/** Edits run one after the other: each begins with the result of the previous one. */
function inTurn(work) {
  const done = last.then(work);
  last = done.catch(() => {});
  return done;
}

/** The scene as the text of a file. */
export async function sceneText() {
  const { sceneToText } = await checks();
  return sceneToText(scene.value);
}

/**
 * Loads the scene of a file, or of DTDL models.
 * @param {File[]} files
 * @returns {Promise<string[]>} the parts of the models that were left out
 */
export async function loadScene(files) {
  const read = async (file) => ({ name: file.name, text: await file.text() });
  const documents = await Promise.all(files.map(read));
  const { isModel, sceneOfModels } = await import('../../simulator/src/model-scene.js');
  if (documents.length === 1 && !isModel(documents[0].text)) {
    const { parseScene } = await checks();
    await takeScene(parseScene(documents[0].text));
    return [];
  }
  const { scene, notes } = sceneOfModels(documents);
  await takeScene(scene);
  return notes;
}

/** A link that opens this page with the scene. */
export const sceneLink = () => sceneToLink(scene.value, location.href.split('#')[0]);

/** Loads the scene of the page's link, if it has one, or else the scene that was chosen before. */
export async function beginScene() {
  if (!(await takeLinked())) await chooseScene(chosenScene.value);
  // A link that is opened in this page does not reload it.
  addEventListener('hashchange', takeLinked);
}

/** Loads the scene of the page's link; returns `false` if there is none that can be used. */
async function takeLinked() {
  try {
    const linked = await sceneFromHash(location.hash);
    if (!linked) return false;
    linkError.value = undefined;
    await takeScene(linked);
    showAddress();
    return true;
  } catch (error) {
    linkError.value = error;
    showAdding();
    return false;
  }
}
