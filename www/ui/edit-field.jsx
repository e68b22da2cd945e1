import { useEffect, useId } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { inWords } from './words.js';

/**
 * A field of the scene. It edits the scene on Enter or when it loses focus, so that each edit is
 * one step to undo; invalid input stays as typed, and its error is shown.
 * @param {{label: string, value: string | number, edit: (text: string) => Promise<void>,
 *          isWide?: boolean, isLong?: boolean}} props
 */
export function EditField({ label, value, edit, isWide = false, isLong = false, ...rest }) {
  const id = useId();
  const typed = useSignal(undefined);
  const error = useSignal(undefined);
  const reset = () => {
    typed.value = undefined;
    error.value = undefined;
  };
  useEffect(reset, [value]);
  const commit = async ({ currentTarget }) => {
    try {
      await edit(currentTarget.value);
      reset();
    } catch ({ message }) {
      error.value = inWords(message);
    }
  };
  const Field = isLong ? 'textarea' : 'input';
  return (
    <div class={`number-field ${isWide ? 'wide' : ''}`}>
      <label>
        {label}
        <Field
          spellcheck={false}
          {...rest}
          value={typed.value ?? value}
          onInput={(event) => (typed.value = event.currentTarget.value)}
          onChange={commit}
          aria-invalid={error.value !== undefined}
          aria-describedby={error.value && id}
        />
      </label>
      {error.value && (
        <p class="bad small" id={id}>
          {error}
        </p>
      )}
    </div>
  );
}
