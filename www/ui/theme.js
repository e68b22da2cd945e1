/** Light or dark: the system's choice until the reader makes another, which is kept. */
import { effect, signal } from '@preact/signals';

import { keptSignal } from './kept.js';

const systemIsDark = matchMedia('(prefers-color-scheme: dark)');
const chosen = keptSignal('theme', null);
const system = signal(systemIsDark.matches ? 'dark' : 'light');

/** The theme that is on. */
export const theme = signal('light');

systemIsDark.addEventListener('change', ({ matches }) => {
  system.value = matches ? 'dark' : 'light';
});

effect(() => {
  theme.value = chosen.value ?? system.value;
  document.documentElement.dataset.theme = theme.value;
});

/** Changes to the other theme. What the system has too need not be kept. */
export function toggleTheme() {
  const next = theme.value === 'dark' ? 'light' : 'dark';
  chosen.value = next === system.value ? null : next;
}
