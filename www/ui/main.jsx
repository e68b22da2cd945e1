import { effect } from '@preact/signals';
import { render } from 'preact';

import { App } from './app.jsx';
import { spreadFaults } from './faults-on.js';
import { connectFleet, device, failedDevices, startFleet, totals } from './fleet.js';
import { findLocalHub } from './local-hub.js';
import { followAddress, selectedId } from './navigation.js';
import { Notice } from './notice.jsx';
import { beginScene } from './scene.js';
import { keepSession, restoreDevices, restoreScenes } from './session.js';
import { titleOf } from './title.js';

const root = document.getElementById('app');
const page = await begin();
root.replaceChildren();
render(page, root);

async function begin() {
  try {
    await startFleet();
  } catch {
    return <CannotStart />;
  }
  await restoreScenes();
  await Promise.all([findLocalHub(), beginScene()]);
  connectFleet();
  spreadFaults();
  await restoreDevices();
  followAddress();
  keepSession();
  effect(() => {
    document.title = titleOf(device(selectedId.value) ?? {}, totals.value, failedDevices.value);
  });
  refuseFiles();
  return <App />;
}

/**
 * A file or link that is dropped elsewhere would replace the page, and all devices with it. This
 * does not apply to text that is dragged into a field.
 */
function refuseFiles() {
  const refuse = (event) => {
    const isFile = event.dataTransfer.types.includes('Files');
    if (isFile || !event.target.matches?.('input, textarea')) event.preventDefault();
  };
  for (const type of ['dragover', 'drop']) addEventListener(type, refuse);
}

function CannotStart() {
  return (
    <main role="alert">
      <Notice
        kind="bad"
        text="The simulator cannot start: its worker, fleet.js, did not load."
        hint={
          'Reload the page. If that does not help, check that all files of the folder are on the ' +
          'server, next to the page, and that the browser supports WebAssembly and module workers.'
        }
      />
    </main>
  );
}
