/**
 * A scene: the part of a simulation that can be saved and shared. It contains no key and no token.
 *
 * @typedef {import('valibot').InferOutput<typeof Scene>} Scene
 * @typedef {import('valibot').InferOutput<typeof Behaviour>} Behaviour
 */
import * as v from 'valibot';

import { checkLength, MAX_DEPTH, tooDeepAt } from './limits.js';
import { Behaviour, Scene } from './scene-schema.js';
import { isSecret } from './secrets.js';

/**
 * Returns the scene in the current version, or throws an error that names the mistake and its path.
 * @param {unknown} value a scene of any version
 * @returns {Scene}
 */
export function checkScene(value) {
  return check(Scene, migrated(value), 'scene');
}

/**
 * Returns the behaviour, or throws an error that names the mistake and its path.
 * @returns {Behaviour}
 */
export function checkBehaviour(value) {
  return check(Behaviour, value, 'behaviour');
}

/**
 * All mistakes in the structure of a scene, each with its path.
 * @returns {Mistake[]} none for a scene that `checkScene` accepts
 *
 * @typedef {{path: Array<string | number>, message: string}} Mistake
 */
export function mistakesInShape(value) {
  const { issues = [] } = v.safeParse(Scene, migrated(value));
  return issues.map((issue) => ({ path: pathOf(issue), message: inWords(issue) }));
}

/** Reads a saved scene. */
export function parseScene(source) {
  checkLength(new Blob([source]).size);
  if (tooDeepAt(source) >= 0) {
    throw new Error(`The scene is nested deeper than ${MAX_DEPTH} levels.`);
  }
  let value;
  try {
    value = JSON.parse(source.replace(/^\uFEFF/, ''));
  } catch {
    throw new Error('This is not a scene: the file does not contain JSON.');
  }
  return checkScene(value);
}

/** The text of a file that `parseScene` reads. */
export function sceneToText(scene) {
  const source = `${JSON.stringify(checkScene(scene), null, 2)}\n`;
  checkLength(new Blob([source]).size);
  return source;
}

/** In version 1, a kind sent one message, and its telemetry was not a list. */
function migrated(scene) {
  if (scene?.version !== 1) return scene;
  const kinds = Array.isArray(scene.kinds) ? scene.kinds.map(migratedKind) : scene.kinds;
  return { ...scene, version: 2, kinds };
}

function migratedKind(kind) {
  const telemetry = kind?.behaviour?.telemetry;
  if (typeof telemetry !== 'object' || telemetry === null) return kind;
  const list = [{ name: 'telemetry', ...telemetry }];
  return { ...kind, behaviour: { ...kind.behaviour, telemetry: list } };
}

function check(schema, value, what) {
  const { success, output, issues } = v.safeParse(schema, value, { abortEarly: true });
  if (success) return output;
  const [issue] = issues;
  throw new Error(`The ${what} cannot be used: ${placeOf(issue)}${inWords(issue)}.`);
}

function placeOf(issue) {
  const path = pathOf(issue);
  if (path.length === (issue.path ?? []).length) return path.length > 0 ? `${path.join('.')} ` : '';
  return path.length > 0 ? `a name in ${path.join('.')} ` : 'a name ';
}

/** The path of a mistake, up to the first name that is a secret. */
function pathOf({ path = [] }) {
  const keys = path.map(({ key }) => key);
  const secret = keys.findIndex((key) => isSecret(String(key)));
  return secret < 0 ? keys : keys.slice(0, secret);
}

/** The library's own messages say what it expected; ours are half sentences already. */
function inWords({ kind, type, expected, received, message }) {
  if (type === 'strict_object' && expected === 'never') return 'is not known';
  if (kind === 'schema' && received === 'undefined') return 'is missing';
  if (message.startsWith('Invalid')) return `should be ${expected}, not ${received}`;
  return message;
}
