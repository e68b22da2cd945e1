import { render } from 'preact';

import { App } from './app.jsx';
import { connectFleet } from './fleet.js';
import { findLocalHub } from './local-hub.js';
import { openAdding } from './navigation.js';
import { beginScene } from './scene.js';

await Promise.all([findLocalHub(), beginScene()]);
connectFleet();
openAdding();
const root = document.getElementById('app');
root.replaceChildren();
render(<App />, root);
