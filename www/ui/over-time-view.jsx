/** What devices of a kind do over time: values, events, and the data that values replay. */
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import schema from '../../simulator/scene.schema.json';
import { afterPause } from './after-pause.js';
import { columnsOfText, textOfColumns } from './columns-text.js';
import { useDraft } from './drafts.js';
import { Icon } from './icon.jsx';
import { KindEditor } from './kind-editor.jsx';
import {
  mistakesWithin,
  newVariant,
  SchemaFields,
  VariantChoice,
  variantOf,
} from './schema-fields.jsx';
import { withKind } from './scene-edits.js';
import { behaviourOf, scene } from './scene.js';

const { values, events } = schema.properties.kinds.items.properties.behaviour.properties;
const { trigger, actions } = events.items.properties;

const PAUSE_MILLISECONDS = 200;

const LABELS = {
  name: 'Name',
  start: 'First value',
  next: 'Next value',
  periodMs: 'Every, in seconds',
  expression: 'Condition',
  afterMs: 'First after, in seconds',
  everyMs: 'Then every, in seconds',
  meanMs: 'Mean interval, in seconds',
  property: 'Desired property',
  method: 'Method',
  message: 'Message',
  count: 'How many',
  properties: 'Reported properties',
  values: 'Values',
  forMs: 'For, in seconds',
  bytes: 'Size in bytes',
};

const TRIGGERS = {
  condition: 'when a condition becomes true',
  time: 'at a time after the start',
  random: 'at random',
  desired: 'when a desired property changes',
  method: 'after a method call',
};

const ACTIONS = {
  send: 'send messages',
  report: 'report properties',
  set: 'set values',
  offline: 'go offline',
  online: 'come back online',
  pause: 'pause telemetry',
  upload: 'upload a file',
};

/** The values of a device. */
export function ValuesEditor({ kindName }) {
  return (
    <ListEditor
      {...{ kindName, part: 'values', what: 'value' }}
      about={values.description}
      newItem={{ start: 0, next: '{{walk 0 100 1}}' }}
      summary={({ start, next }) => next ?? String(start)}
    >
      {(item) => (
        <div class="fields">
          <SchemaFields schema={values.items} labels={LABELS} {...item} />
        </div>
      )}
    </ListEditor>
  );
}

/** The events of a device: what makes each happen, and what it does. */
export function EventsEditor({ kindName }) {
  const { telemetry } = behaviourOf(kindName);
  const newItem = {
    trigger: newVariant(trigger, 'random'),
    actions: [telemetry[0] ? { type: 'send', message: telemetry[0].name } : { type: 'online' }],
  };
  return (
    <ListEditor
      {...{ kindName, part: 'events', what: 'event', newItem }}
      about={events.description}
      summary={({ trigger, actions }) =>
        `${TRIGGERS[trigger.type]}: ${actions.map(({ type }) => ACTIONS[type]).join(', ')}`
      }
    >
      {(item) => <EventFields {...item} />}
    </ListEditor>
  );
}

function EventFields({ value, change, mistakes }) {
  const set = (part) => change({ ...value, ...part });
  const setAction = (at, action) => set({ actions: value.actions.with(at, action) });
  return (
    <>
      <div class="fields">
        <SchemaFields
          schema={events.items}
          {...{ value, change, mistakes, labels: LABELS, without: ['trigger', 'actions'] }}
        />
      </div>
      <Variant
        label="Happens"
        names={TRIGGERS}
        schema={trigger}
        value={value.trigger}
        change={(next) => set({ trigger: next })}
        mistakes={mistakesWithin(mistakes, 'trigger')}
      />
      {value.actions.map((action, at) => (
        <Variant
          key={at}
          label={`Action ${at + 1}`}
          names={ACTIONS}
          schema={actions.items}
          value={action}
          change={(next) => setAction(at, next)}
          remove={() => set({ actions: value.actions.toSpliced(at, 1) })}
          mistakes={mistakesWithin(mistakesWithin(mistakes, 'actions'), at)}
        />
      ))}
      <Own mistakes={mistakesWithin(mistakes, 'actions')} />
      <button
        type="button"
        class="chip"
        onClick={() => set({ actions: [...value.actions, { type: 'online' }] })}
      >
        Add an action
      </button>
    </>
  );
}

/** A trigger or an action: its type, and the fields of that type. */
function Variant({ label, names, schema, value, change, remove, mistakes }) {
  const variant = variantOf(schema, value);
  return (
    <div class="variant">
      <div class="fields">
        <div class="number-field">
          <VariantChoice {...{ label, names, schema, value, change }} />
          <p class="hint">{variant.properties.type.description}</p>
        </div>
        <SchemaFields schema={variant} {...{ value, change, mistakes, labels: LABELS }} />
      </div>
      {remove && (
        <button
          type="button"
          class="plain only-icon"
          aria-label={`Remove ${label.toLowerCase()}`}
          onClick={remove}
        >
          <Icon name="remove" />
        </button>
      )}
      <Own mistakes={mistakes} />
    </div>
  );
}

/** The mistakes in something as a whole, which belong to none of its fields. */
function Own({ mistakes }) {
  const [own] = mistakes.filter(({ path }) => path.length === 0);
  return own && <p class="bad small">{own.message}</p>;
}

/** A part of a kind that is a list: each item is opened to edit it. */
function ListEditor({ kindName, part, what, about, newItem, summary, children }) {
  const draft = useDraft(kindName, part);
  const opened = useSignal(new Set());
  const { here, elsewhere } = useMistakes(kindName, part, draft.value).value;
  const items = draft.value;
  const show = (at, isOpen) => {
    const others = [...opened.value].filter((one) => one !== at);
    opened.value = new Set(isOpen ? [...others, at] : others);
  };
  const add = () => {
    show(items.length, true);
    draft.change([...items, { name: unusedName(items, what), ...newItem }]);
  };
  const remove = (at) => {
    opened.value = new Set();
    draft.change(items.toSpliced(at, 1));
  };
  return (
    <KindEditor {...{ kindName, draft }} isWrong={here.length + elsewhere.length > 0}>
      <p class="hint">{about}</p>
      {items.map((value, at) => {
        const mistakes = mistakesWithin(here, at);
        return (
          <details
            key={at}
            class="item"
            open={opened.value.has(at) || mistakes.length > 0}
            onToggle={({ currentTarget }) => show(at, currentTarget.open)}
          >
            <summary>
              <b>{value.name}</b> <span class="quiet">{summary(value)}</span>
            </summary>
            <div class="stack">
              {children({ value, mistakes, change: (next) => draft.change(items.with(at, next)) })}
              <Own mistakes={mistakes} />
              <div class="buttons">
                <button type="button" class="chip" onClick={() => remove(at)}>
                  Remove this {what}
                </button>
              </div>
            </div>
          </details>
        );
      })}
      <Own mistakes={here} />
      <Elsewhere mistakes={elsewhere} />
      <button type="button" class="chip" onClick={add}>
        Add {what === 'event' ? 'an' : 'a'} {what}
      </button>
    </KindEditor>
  );
}

function Elsewhere({ mistakes }) {
  return mistakes.map(({ path, message }) => (
    <p key={path} class="bad small">
      <code>{path.join('.')}</code> {message}
    </p>
  ));
}

/** The columns that the generator replay takes its values from. */
export function ColumnsEditor({ kindName }) {
  const draft = useDraft(kindName, 'columns');
  const text = typeof draft.value === 'string' ? draft.value : textOfColumns(draft.value);
  const { here, elsewhere } = useMistakes(kindName, 'columns', draft.value).value;
  const [mistake] = here;
  const take = async (file) => file && draft.change(await file.text());
  return (
    <KindEditor {...{ kindName, draft }} isWrong={here.length + elsewhere.length > 0}>
      <div class="number-field">
        <label>
          Data as CSV, with column names in the first line
          <textarea
            class="code"
            rows="10"
            spellcheck={false}
            placeholder={'outside,load\n8.1,20\n8.4,35'}
            value={text}
            onInput={(event) => draft.change(event.currentTarget.value)}
            aria-invalid={mistake !== undefined}
            aria-describedby="columns-hint"
          />
        </label>
        <p class={`small ${mistake ? 'bad' : 'hint'}`} id="columns-hint">
          {mistake
            ? [mistake.path.join(', line '), mistake.message].filter(Boolean).join(' ')
            : 'A template replays a column line by line: {{replay outside}}. Quoted values are text.'}
        </p>
      </div>
      <label>
        Or from a file
        <input
          type="file"
          accept=".csv,text/csv"
          onChange={({ currentTarget }) => take(currentTarget.files[0])}
        />
      </label>
      <Elsewhere mistakes={elsewhere} />
    </KindEditor>
  );
}

/**
 * The mistakes that the scene would have, a moment after the last key press: here and elsewhere in
 * the kind, such as a template that uses a removed value.
 */
function useMistakes(kindName, part, form) {
  const found = useSignal({ here: [], elsewhere: [] });
  const find = () => mistakesOf(kindName, part, form);
  useEffect(
    () => afterPause(PAUSE_MILLISECONDS, find, (mistakes) => (found.value = mistakes)),
    [kindName, form],
  );
  return found;
}

async function mistakesOf(kindName, part, form) {
  let value = form;
  try {
    if (typeof form === 'string') value = columnsOfText(form);
  } catch ({ message }) {
    return { here: [{ path: [], message }], elsewhere: [] };
  }
  const { mistakesIn } = await import('../../simulator/src/mistakes.js');
  const behaviour = { ...behaviourOf(kindName), [part]: value };
  const index = scene.value.kinds.findIndex(({ name }) => name === kindName);
  const found = mistakesIn(withKind(scene.value, kindName, { behaviour }));
  const ofKind = ['kinds', index, 'behaviour'].reduce(mistakesWithin, found);
  return {
    here: mistakesWithin(ofKind, part),
    elsewhere: ofKind.filter(({ path }) => path[0] !== part),
  };
}

function unusedName(items, what) {
  let number = items.length + 1;
  while (items.some(({ name }) => name === what + number)) number += 1;
  return what + number;
}
