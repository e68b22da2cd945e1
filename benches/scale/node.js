import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('node-process.js', import.meta.url));

/** @returns {import('./measure.js').Clients} */
export function openNode() {
  const child = fork(PROGRAM);
  const exited = once(child, 'exit');
  const ask = async (question, argument) => {
    child.send([question, argument]);
    const [{ answer }] = await Promise.race([once(child, 'message'), exited.then(fail)]);
    return answer;
  };
  return {
    connect: (identities) => ask('connect', identities),
    start: () => ask('start'),
    accepted: () => ask('accepted'),
    stop: () => ask('stop'),
    cpu: () => ask('cpu'),
    memory: () => ask('memory'),
    async close() {
      child.kill();
      await exited;
    },
  };
}

function fail() {
  throw new Error('the process of the devices has ended; its output is above');
}
