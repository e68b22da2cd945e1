import { useEffect, useRef } from 'preact/hooks';
import { signal, useSignal } from '@preact/signals';

import { programsFor } from '../code/programs.js';
import { CopyButton } from './copy-button.jsx';
import { Highlighted } from './highlight.jsx';
import { Icon } from './icon.jsx';
import { isLocal, localHub } from './local-hub.js';

/** What is shown as code, and of which device: see `programsFor`. */
const shown = signal(undefined);

/** The language that was chosen last. */
const language = signal('Node.js');

/**
 * A button that shows an action of the page as programs.
 * @param {object} props
 * @param {string} props.id of the device
 * @param {string} props.title
 * @param {(fields: Record<string, string>) => import('../code/programs.js').Action} props.action
 *   gets the fields of the form that the button is in
 */
export function CodeButton({ id, action, title, disabled }) {
  const show = ({ currentTarget: { form } }) => {
    const fields = form ? Object.fromEntries(new FormData(form)) : {};
    shown.value = { id, title, action: action(fields) };
  };
  return (
    <button type="button" class="chip" onClick={show} disabled={disabled}>
      <Icon name="code" /> Code
    </button>
  );
}

/** The programs, with what they need. */
export function CodeDialog() {
  const dialog = useRef();
  useEffect(() => {
    if (shown.value) dialog.current.showModal();
  }, [shown.value]);
  const close = () => (shown.value = undefined);
  // A click outside closes it, as Escape does.
  const closeBeside = ({ target }) => target === dialog.current && dialog.current.close();
  return (
    <dialog
      class="code-dialog"
      ref={dialog}
      onClose={close}
      onClick={closeBeside}
      aria-label="Code"
    >
      {shown.value && <Programs {...shown.value} close={() => dialog.current.close()} />}
    </dialog>
  );
}

function Programs({ id, action, title, close }) {
  const device = isLocal(id) ? { ...localHub.value, id } : { id };
  const programs = useSignal(programsFor(action, device)).value;
  const program = programs.find(({ name }) => name === language.value) ?? programs[0];
  return (
    <div class="code-frame">
      <div class="section-head">
        <h2>{title}</h2>
        <button class="plain only-icon" aria-label="Close" onClick={close}>
          <Icon name="remove" />
        </button>
      </div>
      <div class="section-head">
        <div class="buttons languages" role="group" aria-label="Language">
          {programs.map(({ name }) => (
            <button
              key={name}
              aria-pressed={name === program.name}
              onClick={() => (language.value = name)}
            >
              {name}
            </button>
          ))}
        </div>
        <CopyButton key={program.name} text={program.text} class="primary" />
      </div>
      <Highlighted text={program.text} label={`${title} in ${program.name}`} />
      <ul class="needs quiet small" aria-label="It needs">
        {program.needs.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  );
}
