/** All devices of the page run here, where a hidden tab does not slow them down. */
import { expose } from 'comlink';

import { Fleet } from '../../simulator/src/fleet.js';

const createStore = async () => {
  const { indexedDbStore } = await import('iothub-device-client/indexeddb-store');
  return indexedDbStore();
};

expose(new Fleet({ createStore }));
// Messages that arrived while this file was loading were lost.
postMessage('ready');
