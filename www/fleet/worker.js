/** All devices of the page run here, where a hidden tab does not slow them down. */
import { expose } from 'comlink';

import { Fleet } from './fleet.js';
import { allowManySockets } from './tunnel.js';

expose(new Fleet());
// Only the server of `npm start` has it.
const localHub = await fetch('local-hub.json').catch(() => undefined);
allowManySockets(localHub?.ok ? (await localHub.json()).tunnel : undefined);
// What came before, while the package was loading, nobody has heard.
postMessage('ready');
