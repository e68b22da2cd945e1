import { useSignal } from '@preact/signals';

import { commands, matching } from './commands.js';
import { Dialog } from './dialog.jsx';

/** Finds a device or a command by a few letters of its name. */
export function Palette({ close }) {
  const text = useSignal('');
  const chosen = useSignal(0);
  const found = matching(commands(), text.value);
  const run = (command) => {
    close();
    // The view of the command shows its errors.
    Promise.resolve(command.run()).catch(() => {});
  };
  const press = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) chosen.value = (chosen.value + step + found.length) % (found.length || 1);
    else if (event.key === 'Enter' && found[chosen.value]) run(found[chosen.value]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog label="Commands" class="palette" close={close}>
      <input
        type="text"
        role="combobox"
        aria-label="Find a device or a command"
        aria-expanded="true"
        aria-controls="found"
        aria-activedescendant={found.length > 0 ? `found-${chosen.value}` : undefined}
        placeholder="Find a device or a command"
        autoComplete="off"
        spellcheck={false}
        value={text}
        onKeyDown={press}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          chosen.value = 0;
        }}
      />
      <ul role="listbox" id="found" aria-label="Found">
        {found.map((command, index) => (
          <li
            key={command.name}
            id={`found-${index}`}
            role="option"
            aria-selected={index === chosen.value}
            onClick={() => run(command)}
          >
            {command.name}
          </li>
        ))}
      </ul>
      {found.length === 0 && <p class="empty">Nothing found.</p>}
    </Dialog>
  );
}
