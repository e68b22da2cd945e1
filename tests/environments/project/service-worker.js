import * as iothub from './node_modules/iothub-device-client/init.browser.js';
import { doTheJob } from './job.js';

addEventListener('install', (event) => {
  event.waitUntil(iothub.init().then(() => doTheJob(iothub)));
});
