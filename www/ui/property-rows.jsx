import { Icon } from './icon.jsx';

/** The application properties of a message: names, and values that may hold generators. */
export function PropertyRows({ properties, change }) {
  const rows = Object.entries(properties);
  const replace = (index, row) =>
    change(Object.fromEntries(rows.map((old, at) => (at === index ? row : old))));
  const remove = (index) => change(Object.fromEntries(rows.filter((_, at) => at !== index)));
  const add = () => change({ ...properties, [freeName(properties)]: '' });
  return (
    <fieldset class="property-rows">
      <legend>Properties</legend>
      {rows.map(([name, value], index) => (
        <div class="property-row" key={index}>
          <input
            aria-label={`Name of property ${index + 1}`}
            required
            spellcheck={false}
            value={name}
            onChange={(event) => replace(index, [event.currentTarget.value, value])}
          />
          <input
            aria-label={`Value of property ${index + 1}`}
            spellcheck={false}
            value={value}
            onInput={(event) => replace(index, [name, event.currentTarget.value])}
          />
          <button
            type="button"
            class="plain only-icon"
            aria-label={`Remove property ${name}`}
            onClick={() => remove(index)}
          >
            <Icon name="remove" />
          </button>
        </div>
      ))}
      <button type="button" class="chip" onClick={add}>
        Add a property
      </button>
    </fieldset>
  );
}

function freeName(properties) {
  let number = 1;
  while (`property${number}` in properties) number += 1;
  return `property${number}`;
}
