import { Icon } from './icon.jsx';

/** A notice: what went wrong, and what to do. */
export function Notice({ kind = 'info', text, hint, children }) {
  return (
    <div class={`notice ${kind}`}>
      <Icon name={kind === 'bad' ? 'warning' : 'info'} />
      <div>
        <p>{text}</p>
        {hint && <p class="hint">{hint}</p>}
        {children}
      </div>
    </div>
  );
}
