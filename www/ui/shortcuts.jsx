import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import { hasCharacterKeys } from './character-keys.js';
import { lazy } from './lazy.jsx';

const Palette = lazy(async () => (await import('./palette.jsx')).Palette);
const Help = lazy(async () => (await import('./shortcut-help.jsx')).ShortcutHelp);

/** What is open: 'palette', 'help' or nothing. */
const shown = signal(undefined);

/** Shows the palette. */
export const openPalette = () => (shown.value = 'palette');

/** A dialog reports its end late, when the other may be open. */
const close = (what) => () => {
  if (shown.value === what) shown.value = undefined;
};

/** The shortcuts of the whole page, and what they open. */
export function Shortcuts() {
  useEffect(() => {
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
  if (shown.value === 'palette') return <Palette close={close('palette')} />;
  return shown.value === 'help' && <Help close={close('help')} />;
}

function press(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    openPalette();
    return;
  }
  const isTyping = event.target.closest?.('input, textarea, select, dialog');
  if (isTyping || !hasCharacterKeys.value || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === '?') shown.value = 'help';
  const filter = event.key === '/' && document.querySelector('.devices input[type=search]');
  if (!filter) return;
  event.preventDefault();
  filter.focus();
}
