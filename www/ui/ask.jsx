import { signal } from '@preact/signals';

import { Dialog } from './dialog.jsx';

const open = signal(undefined);

/**
 * Asks before something is lost.
 * @param {{question: string, details?: string, button: string}} words
 * @returns {Promise<boolean>} whether to do it
 */
export function ask(words) {
  open.peek()?.answer(false);
  return new Promise((answer) => (open.value = { ...words, answer }));
}

/** The question that is open. */
export function Question() {
  if (!open.value) return null;
  const { question, details, button, answer } = open.value;
  const settle = (isYes) => {
    open.value = undefined;
    answer(isYes);
  };
  return (
    <Dialog label={question} close={() => settle(false)}>
      <p>
        <b>{question}</b>
      </p>
      {details && <p>{details}</p>}
      <div class="buttons">
        <button class="primary" onClick={() => settle(true)}>
          {button}
        </button>
        <button onClick={() => settle(false)}>Cancel</button>
      </div>
    </Dialog>
  );
}
