import { hasCharacterKeys } from './character-keys.js';
import { Dialog } from './dialog.jsx';

const KEYS = [
  ['Ctrl K', 'Find a device or a command'],
  ['/', 'Filter the list of devices'],
  ['?', 'Show this list'],
  ['↑ ↓ Home End', 'Go through the list of devices'],
  ['← → Home End', 'Go through the tabs'],
  ['Esc', 'Close this or the palette'],
];

/** The shortcuts, with the setting for those of a single character. */
export function ShortcutHelp({ close }) {
  return (
    <Dialog label="Keyboard shortcuts" close={close}>
      <h3>Keyboard shortcuts</h3>
      <dl class="pairs keys">
        {KEYS.map(([keys, meaning]) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={hasCharacterKeys.value}
          onChange={(event) => (hasCharacterKeys.value = event.currentTarget.checked)}
        />
        Use the single-character shortcuts / and ?
      </label>
      <div class="buttons">
        <button onClick={close}>Close</button>
      </div>
    </Dialog>
  );
}
