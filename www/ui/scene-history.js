/**
 * A scene with its undo history. Nothing else stores the scene, so undo cannot miss an edit.
 *
 * @typedef {object} SceneHistory
 * @property {object} scene as it is now
 * @property {Step[]} past oldest first
 * @property {Step[]} future the next to redo last
 *
 * @typedef {{scene: object, what: string}} Step the scene on the other side of an edit, and what
 *   the edit did, in words
 */

/** Scenes share their unchanged parts, so steps cost little; but a page may be open for days. */
const MOST_STEPS = 200;

/** @returns {SceneHistory} */
export const historyOf = (scene) => ({ scene, past: [], future: [] });

/**
 * The history after an edit; the same one if the edit changed nothing.
 * @param {SceneHistory} history
 * @param {object} next
 * @param {string} what
 */
export function withEdit(history, next, what) {
  const { scene, past } = history;
  if (JSON.stringify(next) === JSON.stringify(scene)) return history;
  const steps = [...past, { scene, what }].slice(-MOST_STEPS);
  return { ...history, scene: next, past: steps, future: [] };
}

/** The history before its last edit; the same one if there is none. */
export function undone(history) {
  const { scene, past, future } = history;
  if (past.length === 0) return history;
  const { scene: before, what } = past.at(-1);
  return {
    ...history,
    scene: before,
    past: past.slice(0, -1),
    future: [...future, { scene, what }],
  };
}

/** The history with the edit that was undone last; the same one if there is none. */
export function redone(history) {
  const { scene, past, future } = history;
  if (future.length === 0) return history;
  const { scene: after, what } = future.at(-1);
  return {
    ...history,
    scene: after,
    past: [...past, { scene, what }],
    future: future.slice(0, -1),
  };
}
