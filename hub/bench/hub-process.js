/** The hub under load, in a separate process, so that its memory can be measured alone. */
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
