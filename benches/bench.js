/** `npm run bench`: this client and those that could be taken instead, in one run. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runAsProgram } from '../scripts/lib/run.mjs';
import { CONTENDERS, ROWS } from './rows.js';
import { LocalHub, Mosquitto } from './servers.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    contender: { type: 'string', default: CONTENDERS.join() },
    server: { type: 'string', default: 'mosquitto' },
    profile: { type: 'boolean', default: false },
  },
});

await runAsProgram(async () => {
  const server = values.server === 'hub' ? await LocalHub.start() : await Mosquitto.start();
  const rows = ROWS.filter(({ name, server }) => name.startsWith(values.only) && !server);
  const contenders = values.contender.split(',');
  let created = 0;
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const row of rows) {
      for (const contender of row.contenders.filter((c) => contenders.includes(c))) {
        const devices = [];
        for (let i = 0; i < (row.devices ?? 1); i++) devices.push(await server.createDevice(`device-${++created}`));
        const job = { contender, work: row.work, settings: row.settings, devices, seconds: Number(values.seconds) };
        const result = await runInNode(job, server).catch((e) => ({ error: e.message }));
        console.log(row.name, contender, JSON.stringify(result));
      }
    }
  }
  await server.stop();
});

function runInNode(job, server) {
  const file = fileURLToPath(new URL('node-process.js', import.meta.url));
  const child = fork(file, {
    execArgv: ['--expose-gc', ...(values.profile ? ['--cpu-prof'] : [])],
  });
  child.send(job);
  return new Promise((resolve, reject) => {
    let result;
    child.on('message', (message) => {
      if (message.publish) server.publish(job.devices[0], message.publish);
      else result = message.result;
    });
    child.on('exit', (code) => (result ? resolve(result) : reject(new Error(`exit ${code}`))));
  });
}
