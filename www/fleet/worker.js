/** All devices of the page run here, where a hidden tab does not slow them down. */
import { expose } from 'comlink';

import { readLocalHub } from '../local-hub.js';
import { Fleet } from '../../simulator/src/fleet.js';
import { allowManySockets } from './tunnel.js';

const createStore = async () => {
  const { indexedDbStore } = await import('iothub-device-client/indexeddb-store');
  return indexedDbStore();
};

expose(new Fleet({ createStore }));
allowManySockets((await readLocalHub())?.tunnel);
// What came before, while the package was loading, nobody has heard.
postMessage('ready');
