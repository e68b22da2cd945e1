/** Fields for what a JSON Schema describes, each with its description and its mistakes. */
import { useId } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { pretty } from './format.js';
import { readJson } from './read-json.js';

/**
 * @typedef {import('../../simulator/src/scene.js').Mistake} Mistake its path begins at the value
 */

/** The mistakes in a member, whose paths begin there. */
export const mistakesWithin = (mistakes, key) =>
  mistakes
    .filter(({ path }) => path[0] === key)
    .map(({ path, ...rest }) => ({ ...rest, path: path.slice(1) }));

/**
 * The members of an object.
 * @param {{schema: object, value: object, change: (value: object) => void, mistakes: Mistake[],
 *          labels: Record<string, string>, without?: string[]}} props `without` are the members
 *   that are shown elsewhere
 */
export function SchemaFields({ schema, value, change, mistakes, labels, without = [] }) {
  const members = Object.entries(schema.properties).filter(
    ([name, member]) => member.const === undefined && !without.includes(name),
  );
  const set = (name, next) => {
    const { [name]: _, ...rest } = value;
    change(next === undefined ? rest : { ...value, [name]: next });
  };
  return members.map(([name, member]) => (
    <SchemaField
      key={name}
      label={labels[name] ?? name}
      schema={member}
      isDuration={name.endsWith('Ms')}
      isRequired={schema.required?.includes(name)}
      value={value[name]}
      change={(next) => set(name, next)}
      mistakes={mistakesWithin(mistakes, name)}
    />
  ));
}

/**
 * A choice among the variants of an object, which their member `type` tells apart; `names` are the
 * types in words.
 */
export function VariantChoice({ label, names, schema, value, change }) {
  const types = schema.oneOf.map(({ properties }) => properties.type.const);
  return (
    <label>
      {label}
      <select
        value={value.type}
        onChange={(event) => change(newVariant(schema, event.currentTarget.value))}
      >
        {types.map((type) => (
          <option key={type} value={type}>
            {names[type]}
          </option>
        ))}
      </select>
    </label>
  );
}

export const variantOf = (schema, { type }) =>
  schema.oneOf.find(({ properties }) => properties.type.const === type);

/** A variant with all its required members. */
export function newVariant(schema, type) {
  const { properties, required } = variantOf(schema, { type });
  const members = required.map((name) => [name, emptyValue(properties[name])]);
  return Object.fromEntries(members);
}

/** The initial value of a required number: for most, a minute makes sense. */
function emptyValue(schema) {
  if (schema.const !== undefined) return schema.const;
  if (schema.type === 'integer') return Math.min(60_000, schema.maximum);
  return schema.type === 'object' ? {} : '';
}

/** How a value is written to a field and read from it; invalid text stays text. */
const FORMS = {
  duration: { write: (milliseconds) => String(milliseconds / 1000), read: millisecondsOf },
  integer: { write: String, read: numberOf },
  string: { write: String, read: (text) => text },
  object: { write: pretty, read: (text) => readJson(text, 'object').value ?? text, isLong: true },
  any: { write: String, read: scalarOf },
};

function SchemaField({ label, schema, isDuration, isRequired, value, change, mistakes }) {
  const id = useId();
  const typed = useSignal(undefined);
  const { write, read, isLong } = FORMS[isDuration ? 'duration' : (schema.type ?? 'any')];
  // The typed text stays as it is as long as it means the value.
  const isSame =
    typed.value !== undefined && JSON.stringify(read(typed.value)) === JSON.stringify(value);
  const written = value === undefined ? '' : typeof value === 'string' ? value : write(value);
  const type = ({ currentTarget }) => {
    typed.value = currentTarget.value;
    change(currentTarget.value === '' && !isRequired ? undefined : read(currentTarget.value));
  };
  const Field = isLong ? 'textarea' : 'input';
  return (
    <div class={`number-field ${isLong ? 'wide' : ''}`}>
      <label>
        {label}
        <Field
          class="code"
          spellcheck={false}
          value={isSame ? typed.value : written}
          onInput={type}
          aria-invalid={mistakes.length > 0}
          aria-describedby={id}
        />
      </label>
      <p class={`small ${mistakes.length > 0 ? 'bad' : 'hint'}`} id={id}>
        {mistakes.length > 0 ? messageOf(mistakes[0], isDuration) : schema.description}
      </p>
    </div>
  );
}

/** A duration is edited in seconds; its limits are milliseconds. In an object, it says where. */
function messageOf({ path, message }, isDuration) {
  if (isDuration) return message.replace(/\d+/, (milliseconds) => milliseconds / 1000);
  return [...(path.length > 0 ? [path.join('.')] : []), message].join(': ');
}

function millisecondsOf(text) {
  const seconds = numberOf(text);
  return typeof seconds === 'number' ? Math.round(seconds * 1000) : seconds;
}

function numberOf(text) {
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

function scalarOf(text) {
  return text === 'true' || text === 'false' ? text === 'true' : numberOf(text);
}
