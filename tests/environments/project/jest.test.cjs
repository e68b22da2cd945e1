/* global test */
const iothub = require('iothub-device-client');

test('a device does its job', async () => {
  const { doTheJob } = await import('./job.js');
  await doTheJob(iothub);
});
