/** Edits that are not applied yet. They are kept while other views are shown. */
import { useMemo } from 'preact/hooks';
import { effect, signal } from '@preact/signals';

import { pretty } from './format.js';
import { renamedKinds } from './scene-edits.js';
import { behaviourOf, changeBehaviour, chosenScene, scene } from './scene.js';

/**
 * Drafts in the form in which they are edited.
 * @typedef {object} Draft
 * @property {number} scene
 * @property {string} part
 * @property {string} [kind] missing for a draft of the whole scene
 * @property {boolean} [isBehind] whether the scene was edited since
 * @property {any} form
 * @type {import('@preact/signals').Signal<Draft[]>}
 */
export const drafts = signal([]);

const draftOf = (part, kind) =>
  drafts.value.find(
    (draft) => draft.scene === chosenScene.value && draft.part === part && draft.kind === kind,
  );

function withoutDraft(part, kind) {
  const draft = draftOf(part, kind);
  return drafts.value.filter((one) => one !== draft);
}

let before = { index: chosenScene.peek(), scene: scene.peek() };
effect(() => {
  const now = { index: chosenScene.value, scene: scene.value };
  if (now.index === before.index && now.scene !== before.scene) followScene(before.scene, now);
  before = now;
});

/** A draft follows its kind when the kind is renamed, and is dropped when the kind is removed. */
function followScene(former, { index, scene }) {
  const renamed = renamedKinds(former, scene);
  const follow = (draft) => {
    if (draft.scene !== index) return [draft];
    if (draft.kind === undefined) return [{ ...draft, isBehind: true }];
    const kind = renamed.get(draft.kind) ?? draft.kind;
    return scene.kinds.some(({ name }) => name === kind) ? [{ ...draft, kind }] : [];
  };
  drafts.value = drafts.peek().flatMap(follow);
}

/**
 * A part of the scene that is being edited: nothing changes before the draft is applied.
 * @param {string} part
 * @param {string} [kind]
 * @param {any} applied what it is without the draft
 */
export function useFormDraft(part, kind, applied) {
  const draft = draftOf(part, kind);
  const undo = () => (drafts.value = withoutDraft(part, kind));
  return {
    value: draft ? draft.form : applied,
    isChanged: draft !== undefined,
    isBehind: draft?.isBehind === true,
    change: (form) =>
      (drafts.value = [
        ...withoutDraft(part, kind),
        { ...draft, scene: chosenScene.value, part, kind, form },
      ]),
    undo,
  };
}

/** Converts parts of a behaviour to their edited form and back: an editor keeps invalid input. */
const FORMS = {
  telemetry: {
    toForm: (messages) =>
      messages.map((message) => ({ ...message, properties: Object.entries(message.properties) })),
    toPart: (forms) =>
      forms.map((form) => ({ ...form, properties: Object.fromEntries(form.properties) })),
  },
  twin: {
    toForm: ({ reported, ...rest }) => ({ text: pretty(reported), ...rest }),
    toPart: ({ text, ...rest }) => ({ reported: JSON.parse(text), ...rest }),
  },
  methods: { toForm: (methods) => methods, toPart: (form) => form },
  values: { toForm: (values = []) => values, toPart: (form) => form },
  events: { toForm: (events = []) => events, toPart: (form) => form },
  // An object, or the CSV that it was edited as.
  columns: {
    toForm: (columns = {}) => columns,
    toPart: async (form) => {
      if (typeof form !== 'string') return form;
      const { columnsOfText } = await import('./columns-text.js');
      return columnsOfText(form);
    },
  },
};

const WORDS = {
  telemetry: 'messages',
  twin: 'twin',
  methods: 'methods',
  values: 'values',
  events: 'events',
  columns: 'data',
};

/**
 * The forms that parts were applied from. A property named `7` would come first in an object, and
 * jump there.
 */
const applied = new WeakMap();

/**
 * One part of what a kind does, being edited.
 * @param {keyof typeof FORMS} part
 */
export function useDraft(kindName, part) {
  const { toForm, toPart } = FORMS[part];
  const current = behaviourOf(kindName)[part];
  const form = useMemo(() => applied.get(current) ?? toForm(current), [current]);
  const draft = useFormDraft(part, kindName, form);
  return {
    ...draft,
    part: () => toPart(draft.value),
    apply: async () => {
      const what = `change the ${WORDS[part]} of “${kindName}”`;
      const next = await toPart(draft.value);
      applied.set(next, draft.value);
      await changeBehaviour(kindName, { [part]: next }, what);
      draft.undo();
    },
  };
}
