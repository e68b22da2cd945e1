/** What is edited and not applied yet: kept whatever is looked at meanwhile. */
import { useMemo } from 'preact/hooks';
import { signal } from '@preact/signals';

import { pretty } from './format.js';
import { behaviourOf, changeBehaviour, chosenScene } from './scene.js';

/** By scene, part and kind, in the form in which they are edited. */
export const drafts = signal({});

/** Parts of a behaviour as they are edited, and back: an editor keeps what is not right yet. */
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
};

/**
 * One part of what a kind does, being edited: nothing changes before it is applied.
 * @param {keyof typeof FORMS} part
 */
export function useDraft(kindName, part) {
  const key = [chosenScene.value, part, kindName].join('/');
  const { toForm, toPart } = FORMS[part];
  const edited = drafts.value[key];
  const applied = behaviourOf(kindName)[part];
  const value = useMemo(() => edited ?? toForm(applied), [edited, applied]);
  const undo = () => {
    const { [key]: _, ...others } = drafts.peek();
    drafts.value = others;
  };
  return {
    value,
    isChanged: edited !== undefined,
    change: (next) => (drafts.value = { ...drafts.peek(), [key]: next }),
    undo,
    part: () => toPart(value),
    apply: async () => {
      await changeBehaviour(kindName, { [part]: toPart(value) });
      undo();
    },
  };
}
