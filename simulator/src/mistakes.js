import { readKinds } from './behaviour.js';
import { checkScene, mistakesInShape } from './scene.js';

/**
 * The mistakes in a scene: all violations of its schema, or else the first mistake in the templates
 * of each kind.
 * @returns {import('./scene.js').Mistake[]}
 */
export function mistakesIn(value) {
  const inShape = mistakesInShape(value);
  if (inShape.length > 0) return inShape;
  const scene = checkScene(value);
  return scene.kinds.flatMap((_, index) => mistakeInKind(scene, index));
}

/** The kind keeps its position in the scene, so that the path is correct. */
function mistakeInKind(scene, index) {
  const kinds = scene.kinds.map((kind, at) => (at === index ? kind : { ...kind, behaviour: IDLE }));
  try {
    readKinds({ ...scene, kinds });
    return [];
  } catch (error) {
    if (error.at === undefined) throw error;
    const { field, line, column } = error.at;
    const place = line === undefined ? '' : `line ${line}, column ${column}: `;
    return [{ path: keysOf(field), message: place + error.mistake }];
  }
}

const IDLE = { telemetry: [], twin: { reported: {}, followsDesired: false }, methods: [] };

const keysOf = (field) => field.split('.').map((key) => (/^\d+$/.test(key) ? Number(key) : key));
