import { useSignal } from '@preact/signals';

import { Icon } from './icon.jsx';

/** Copies a text, and confirms it. */
export function CopyButton({ text, children = 'Copy', ...rest }) {
  const outcome = useSignal(undefined);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      outcome.value = 'Copied';
    } catch {
      outcome.value = 'The browser blocks copying: select the text';
    }
  };
  return (
    <>
      <button type="button" onClick={copy} {...rest}>
        <Icon name="copy" /> {outcome.value ?? children}
      </button>
      <span class="unseen" role="status">
        {outcome.value}
      </span>
    </>
  );
}
