/**
 * The client, as the devices import it. Its module is a separate file, which is smaller and is
 * compiled while it arrives.
 */
import { init } from 'iothub-device-client/slim';

import { readLocalHub } from '../local-hub.js';
import { allowManySockets } from './tunnel.js';

await init(new URL('iothub_device_client_bg.wasm', import.meta.url));
allowManySockets((await readLocalHub())?.tunnel);

export * from 'iothub-device-client/slim';
