import { useEffect, useRef } from 'preact/hooks';

/** A modal dialog, open while it is shown. Escape or a click outside closes it. */
export function Dialog({ label, close, class: className = '', children }) {
  const dialog = useRef();
  useEffect(() => dialog.current.showModal(), []);
  const clickBeside = (event) => {
    if (event.target === dialog.current) close();
  };
  return (
    <dialog class={className} aria-label={label} ref={dialog} onClose={close} onClick={clickBeside}>
      <div class="dialog-content">{children}</div>
    </dialog>
  );
}
