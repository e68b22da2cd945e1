// Import maps work only in pages.
import * as iothub from './node_modules/iothub-device-client/index.browser.js';
import { doTheJob } from './job.js';

await doTheJob(iothub);
