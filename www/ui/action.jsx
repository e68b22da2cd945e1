import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';

import { Notice } from './notice.jsx';
import { inWords } from './words.js';

/**
 * An action of a button, with its outcome in `result`.
 * @param {(...args: any[]) => Promise<string | undefined>} work its value is what to say at the end
 */
export function useAction(work) {
  const result = useSignal({});
  const run = async (...args) => {
    result.value = { isBusy: true };
    try {
      result.value = { text: await work(...args) };
    } catch (error) {
      result.value = { error };
    }
  };
  return { run, result };
}

/** Ends what was said about a draft when the user goes on with it. */
export function useOutcomeOf(draft, result) {
  useEffect(() => {
    if (draft.isChanged) result.value = {};
  }, [draft.value]);
}

/** The outcome of an action, in words. */
export function Outcome({ result }) {
  const { text, error } = result.value;
  return (
    <div class="outcome" role="status">
      {error && <Notice kind="bad" text={inWords(error.message)} />}
      {text && <p class="quiet">{text}</p>}
    </div>
  );
}

/**
 * A form with one button. What it does gets the form's fields by name.
 * @param {{work: (fields: Record<string, string>) => Promise<string | undefined>,
 *          isWrong?: boolean, beside?: any}} props `beside` stands beside the button
 */
export function ActionForm({
  work,
  button,
  isWrong = false,
  beside,
  class: className = '',
  children,
  ...rest
}) {
  const { run, result } = useAction(work);
  const submit = (event) => {
    event.preventDefault();
    run(Object.fromEntries(new FormData(event.currentTarget)), event.currentTarget);
  };
  // What was wrong may be right now.
  const forgetError = () => result.peek().error && (result.value = {});
  return (
    <form class={`action ${className}`} onSubmit={submit} onInput={forgetError} {...rest}>
      {children}
      <div class="buttons">
        <button disabled={isWrong || result.value.isBusy}>{button}</button>
        {beside}
      </div>
      <Outcome result={result} />
    </form>
  );
}
