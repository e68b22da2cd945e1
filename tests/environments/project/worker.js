// Import maps are for pages alone.
import * as iothub from './node_modules/iothub-device-client/index.browser.js';
import { doTheJob } from './job.js';

await doTheJob(iothub);
