import { render } from 'preact';

import { App } from './app.jsx';
import { spreadFaults } from './faults-on.js';
import { connectFleet, startFleet } from './fleet.js';
import { findLocalHub } from './local-hub.js';
import { followAddress } from './navigation.js';
import { Notice } from './notice.jsx';
import { beginScene } from './scene.js';
import { keepSession, restoreDevices, restoreScenes } from './session.js';

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
  restoreScenes();
  await Promise.all([findLocalHub(), beginScene()]);
  connectFleet();
  spreadFaults();
  await restoreDevices();
  followAddress();
  keepSession();
  return <App />;
}

function CannotStart() {
  return (
    <main role="alert">
      <Notice
        kind="bad"
        text="The simulator cannot start: its worker, fleet.js, or its WebAssembly did not load."
        hint={
          'Reload the page. If that does not help: all files of the folder have to be on the ' +
          'server, beside the page, and the browser must be one with WebAssembly and module ' +
          'workers; any of the last years is.'
        }
      />
    </main>
  );
}
