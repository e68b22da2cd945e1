// A bundler may make a script of it, which cannot wait at its top.
import * as iothub from 'iothub-device-client/init';
import { doTheJob } from './job.js';

iothub.init().then(() => doTheJob(iothub));
