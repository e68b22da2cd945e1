/** All devices of the page run here, where a hidden tab does not slow them down. */
import { expose } from 'comlink';

import { Fleet } from './fleet.js';

expose(new Fleet());
// What came before, while the package was loading, nobody has heard.
postMessage('ready');
