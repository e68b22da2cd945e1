/** Edits of a scene: functions that return a changed copy of it. */

const NEW_BEHAVIOUR = {
  telemetry: [
    {
      name: 'telemetry',
      template: '{"number": "{{counter}}"}',
      periodMs: 2000,
      jitter: 0,
      properties: {},
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      isOn: true,
    },
  ],
  twin: { reported: {}, followsDesired: false },
  methods: [],
};

/** The initial scene. */
export const newScene = () => ({
  version: 2,
  title: 'New scene',
  kinds: [{ name: 'device', count: 1, behaviour: NEW_BEHAVIOUR }],
});

/** Changes members of the scene itself; what is `undefined` is left out. */
export const withMembers = (scene, change) => withoutUndefined({ ...scene, ...change });

/** Changes members of a kind, its name too; what is `undefined` is left out. */
export function withKind(scene, name, change) {
  const isTaken = scene.kinds.some((kind) => kind.name === change.name && kind.name !== name);
  if (isTaken) throw new Error(`There is another kind named “${change.name}”.`);
  const kinds = scene.kinds.map((kind) =>
    kind.name === name ? withoutUndefined({ ...kind, ...change }) : kind,
  );
  return { ...scene, kinds };
}

/** Adds a kind at the end. */
export function withNewKind(scene) {
  const name = unusedName(scene, 'device');
  return { ...scene, kinds: [...scene.kinds, { name, count: 1, behaviour: NEW_BEHAVIOUR }] };
}

/** Adds a copy of a kind after it. */
export function withCopiedKind(scene, name) {
  const kinds = scene.kinds.flatMap((kind) =>
    kind.name === name ? [kind, { ...kind, name: unusedName(scene, name) }] : [kind],
  );
  return { ...scene, kinds };
}

export const withoutKind = (scene, name) => ({
  ...scene,
  kinds: scene.kinds.filter((kind) => kind.name !== name),
});

/**
 * The renamed kinds between two versions of a scene: one that is gone, and a new one in its
 * position.
 * @returns {Map<string, string>} former names with present ones
 */
export function renamedKinds(before, after) {
  if (before.kinds.length !== after.kinds.length) return new Map();
  const has = (scene, name) => scene.kinds.some((kind) => kind.name === name);
  const pairs = before.kinds.map(({ name }, index) => [name, after.kinds[index].name]);
  return new Map(pairs.filter(([from, to]) => !has(after, from) && !has(before, to)));
}

/** A name that no kind of the scene has: `van`, `van 2`, `van 3`. */
function unusedName({ kinds }, name) {
  const names = kinds.map((kind) => kind.name);
  if (!names.includes(name)) return name;
  const stem = name.replace(/ \d+$/, '');
  let number = 2;
  while (names.includes(`${stem} ${number}`)) number += 1;
  return `${stem} ${number}`;
}

const withoutUndefined = (object) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
