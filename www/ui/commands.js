/** What the palette can do, and how it finds it. */
import { fleet, ids } from './fleet.js';
import {
  DEVICE_TABS,
  FLEET_TABS,
  open,
  openAdding,
  openDeviceTab,
  openFleetTab,
  selectedId,
} from './navigation.js';
import { chooseScene, scenes } from './scene.js';
import { theme, toggleTheme } from './theme.js';

/** How many are shown: to find others, type more letters. */
const SHOWN = 12;

/**
 * All commands of the current view, devices last.
 * @returns {Array<{name: string, run: () => unknown}>}
 */
export function commands() {
  const id = selectedId.value;
  const hasDevices = ids.value.length > 0;
  return [
    { name: 'Add devices', run: openAdding },
    ...(id ? deviceCommands(id) : []),
    ...FLEET_TABS.map(([tab, name]) => ({
      name: `All devices: ${name}`,
      run: () => openFleetTab(tab),
    })),
    ...(hasDevices
      ? [
          { name: 'Start all devices', run: () => fleet.start('all') },
          { name: 'Stop all devices', run: () => fleet.stop('all') },
        ]
      : []),
    ...scenes.value.map(({ scene }, index) => ({
      name: `Scene: ${scene.title}`,
      run: () => chooseScene(index),
    })),
    {
      name: `Switch to the ${theme.value === 'dark' ? 'light' : 'dark'} theme`,
      run: toggleTheme,
    },
    ...ids.value.map((one) => ({ name: one, run: () => open(one) })),
  ];
}

function deviceCommands(id) {
  return [
    ...DEVICE_TABS.map(([tab, name]) => ({
      name: `${id}: ${name}`,
      run: () => openDeviceTab(tab),
    })),
    { name: `Start ${id}`, run: () => fleet.start([id]) },
    { name: `Stop ${id}`, run: () => fleet.stop([id]) },
    { name: `${id}: send one message now`, run: () => fleet.sendNow(id) },
  ];
}

/**
 * Those whose names have all words of the text; names that begin with it come first.
 * @template {{name: string}} T
 * @param {T[]} all
 * @param {string} text
 */
export function matching(all, text) {
  const wanted = text.trim().toLowerCase();
  const words = wanted.split(/\s+/);
  const found = all.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
  const begins = ({ name }) => name.toLowerCase().startsWith(wanted);
  return [...found.filter(begins), ...found.filter((one) => !begins(one))].slice(0, SHOWN);
}
