import { useId } from 'preact/hooks';

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
