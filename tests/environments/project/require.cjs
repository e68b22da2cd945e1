const iothub = require('iothub-device-client');

import('./job.js').then(({ doTheJob }) => doTheJob(iothub));
