import { totals } from './fleet.js';
import { count, counted, rate } from './format.js';
import { Icon } from './icon.jsx';
import { openFleetTab } from './navigation.js';
import { scene } from './scene.js';
import { openPalette } from './shortcuts.jsx';
import { theme, toggleTheme } from './theme.js';

/** The name of the page, its state, and the theme. */
export function TopBar() {
  const other = theme.value === 'dark' ? 'light' : 'dark';
  return (
    <header class="top-bar">
      <h1>
        Device simulator <span class="quiet">for Azure IoT Hub</span>
      </h1>
      <button class="plain scene-name" onClick={() => openFleetTab('scene')}>
        <span class="quiet">Scene</span> {scene.value.title}
      </button>
      <Now />
      <button
        class="plain only-icon find"
        onClick={openPalette}
        title="Find (Ctrl K)"
        aria-label="Find"
      >
        <Icon name="find" />
      </button>
      <button
        class="plain only-icon"
        onClick={toggleTheme}
        title={`Switch to ${other}`}
        aria-label={`Switch to the ${other} theme`}
      >
        <Icon name={theme.value === 'dark' ? 'sun' : 'moon'} />
      </button>
    </header>
  );
}

function Now() {
  const { devices, connected, ratePerSecond, failed } = totals.value;
  if (devices === 0) return <p class="now quiet">No devices yet</p>;
  return (
    <p class="now">
      <b>{count(connected)}</b> of {count(devices)} connected
      <span class="wide-only">
        {' '}
        · <b>{rate(ratePerSecond)}</b>
      </span>
      {failed > 0 && <span class="bad wide-only"> · {counted(failed, 'message')} failed</span>}
    </p>
  );
}
