/** Light or dark: the system's choice, until the user makes another one, which is stored. */
import { effect, signal } from '@preact/signals';

import { keptSignal } from './kept.js';

const systemIsDark = matchMedia('(prefers-color-scheme: dark)');
const chosen = keptSignal('theme', null);
const system = signal(systemIsDark.matches ? 'dark' : 'light');

/** The current theme. */
export const theme = signal('light');

systemIsDark.addEventListener('change', ({ matches }) => {
  system.value = matches ? 'dark' : 'light';
});

effect(() => {
  theme.value = chosen.value ?? system.value;
  document.documentElement.dataset.theme = theme.value;
});

/** Changes to the other theme. It is not stored if it is the system's. */
export function toggleTheme() {
  const next = theme.value === 'dark' ? 'light' : 'dark';
  chosen.value = next === system.value ? null : next;
}
