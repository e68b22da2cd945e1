import * as iothub from 'iothub-device-client';
import { doTheJob } from './job.js';

export default { test: () => doTheJob(iothub) };
