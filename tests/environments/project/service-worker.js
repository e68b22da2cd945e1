import * as iothub from './node_modules/iothub-device-client/index.browser.js';
import { doTheJob } from './job.js';

addEventListener('install', (event) => {
  event.waitUntil(doTheJob(iothub));
});
