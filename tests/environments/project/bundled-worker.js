import * as iothub from 'iothub-device-client';
import { doTheJob } from './job.js';

doTheJob(iothub);
