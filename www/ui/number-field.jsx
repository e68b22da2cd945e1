import { useId } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { count } from './format.js';

/** A duration is edited in seconds. Text that is not a number in the range stays as typed. */
export const inSeconds = (duration) => (typeof duration === 'number' ? duration / 1000 : duration);

export const inMilliseconds = (typed) =>
  typeof typed === 'number' ? Math.round(typed * 1000) : typed;

/**
 * A field for a number. It keeps the typed text, and shows its error; the form around it cannot be
 * submitted until it is valid.
 * @param {{label: string, value: number | string, change: (value: number | string) => void, min:
 *          number, max: number, step?: number | 'any'}} props the value is a text if the typed text
 *          is not a number in the range
 */
export function NumberField({ label, value, change, min, max, step = 1 }) {
  const id = useId();
  const typed = useSignal(undefined);
  // "1.0", on the way to "1.05", has the value 1, but must stay as typed.
  const isSame = typed.value !== undefined && Number(typed.value) === value;
  const isWrong = typeof value === 'string';
  const type = ({ currentTarget: field }) => {
    typed.value = field.value;
    change(field.validity.valid ? field.valueAsNumber : field.value);
  };
  return (
    <div class="number-field">
      <label>
        {label}
        <input
          type="number"
          required
          min={min}
          max={max}
          step={step}
          value={isSame ? typed.value : value}
          onInput={type}
          aria-invalid={isWrong}
          aria-describedby={isWrong ? id : undefined}
        />
      </label>
      {isWrong && (
        <p class="bad small" id={id}>
          {step === 1 ? 'Whole number,' : 'From'} {min} to {count(max)}
          {step < 1 && `, in steps of ${step}`}
        </p>
      )}
    </div>
  );
}
