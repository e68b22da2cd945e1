/** The devices in Node.js, alone in their process, which `node.js` controls. */
import { measureMemory } from '../../tests/leaks/node-memory.mjs';

import { IoTHubDeviceClient } from '../../pkg/index.node.js';
import { Fleet } from './fleet.js';

const fleet = new Fleet(IoTHubDeviceClient);

function cpu() {
  const { user, system } = process.cpuUsage();
  return { process: (user + system) / 1e6 };
}

const answers = {
  cpu,
  memory: measureMemory,
  connect: (identities) => fleet.connect(identities),
  start: () => fleet.start(),
  accepted: () => fleet.accepted(),
  stop: () => fleet.stop(),
};

process.on('message', async ([question, argument]) => {
  process.send({ answer: await answers[question](argument) });
});
process.once('disconnect', () => process.exit());
