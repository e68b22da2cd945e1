/** The hub of the load in a process of its own, so that its memory is its own, too. */
import { startHub } from '../src/index.js';

const devices = JSON.parse(process.argv[2]);
const hub = await startHub({ devices });
const answers = {
  memory: () => process.memoryUsage().rss,
  cpu: () => process.cpuUsage(),
};
process.on('message', (question) => process.send(answers[question]()));
process.once('disconnect', () => hub.close());
process.send({ endpoint: hub.endpoint, hostname: hub.hostname, policies: hub.policies });
