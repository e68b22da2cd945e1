import { Icon } from './icon.jsx';

const TWICE = 'Another property has this name.';

/** The application properties of a message: names, and values that may hold generators. */
export function PropertyRows({ rows, change }) {
  const names = rows.map(([name]) => name);
  const replace = (index, row) => change(rows.map((old, at) => (at === index ? row : old)));
  const remove = (index) => change(rows.filter((_, at) => at !== index));
  const add = () => change([...rows, [freeName(names), '']]);
  return (
    <fieldset class="property-rows">
      <legend class="unseen">Properties</legend>
      {rows.map(([name, value], index) => (
        <div class="property-row" key={index}>
          <input
            aria-label={`Name of property ${index + 1}`}
            required
            spellcheck={false}
            value={name}
            ref={(field) => field?.setCustomValidity(mistakeIn(names, index))}
            aria-invalid={mistakeIn(names, index) !== ''}
            onInput={(event) => replace(index, [event.currentTarget.value, value])}
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
      <Mistake names={names} />
      <button type="button" class="chip" onClick={add}>
        Add a property
      </button>
    </fieldset>
  );
}

function Mistake({ names }) {
  const mistake = names.map((_, index) => mistakeIn(names, index)).find(Boolean);
  return mistake && <p class="bad small">{mistake}</p>;
}

function mistakeIn(names, index) {
  return names.indexOf(names[index]) < index ? TWICE : '';
}

function freeName(names) {
  let number = 1;
  while (names.includes(`property${number}`)) number += 1;
  return `property${number}`;
}
