import { useId } from 'preact/hooks';

/**
 * The JSON value of a text, or its error.
 * @param {string} text
 * @param {'object' | 'any'} wanted
 * @returns {{value?: any, error?: Error}}
 */
export function readJson(text, wanted = 'any') {
  try {
    const value = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (wanted === 'any' || isObject) return { value };
    return { error: new Error('Enter a JSON object: { … }.') };
  } catch (error) {
    return { error: new Error(`Not valid JSON: ${error.message}`) };
  }
}

/** A field for JSON, with its error below it. */
export function JsonField({ label, text, type, error, rows = 4 }) {
  const id = useId();
  return (
    <div class="json-field">
      <label>
        {label}
        <textarea
          class="code"
          rows={rows}
          spellcheck={false}
          value={text}
          onInput={(event) => type(event.currentTarget.value)}
          aria-invalid={error !== undefined}
          aria-describedby={id}
        />
      </label>
      <p class="bad small" id={id}>
        {error?.message}
      </p>
    </div>
  );
}
