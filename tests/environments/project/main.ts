import * as iothub from 'iothub-device-client';
import { doTheJob } from './job.js';

await doTheJob(iothub);
