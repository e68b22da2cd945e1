/**
 * `npm start`: set-up, build, a local hub, a demo device in Node.js, and then the simulator, a page
 * that runs any number of devices in a browser.
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { build } from './build.mjs';
import { Failure, runAsProgram, say } from './lib/run.mjs';

const DEVICE_ID = 'my-device';
const DAY_SECONDS = 24 * 60 * 60;

const HELP = `npm start -- [options]

Sets up and builds what is missing, starts a local hub, and runs a demo device in Node.js, step by
step. Then it serves the simulator until Ctrl-C: a page that runs any number of devices in your
browser.

  --once           stop after the demo device; exit code 0 if every step succeeded
  --port N         port of the page (any free port)
  --hub-port N     port of the local hub (any free port)
  --help           print this`;

await runAsProgram(async () => {
  const options = readOptions();
  if (options.help) return console.log(HELP);
  await build();
  await start(options);
});

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        port: { type: 'string', default: '0' },
        'hub-port': { type: 'string', default: '0' },
        help: { type: 'boolean', default: false },
      },
    });
    const port = toPort('--port', values.port);
    return { ...values, port, hubPort: toPort('--hub-port', values['hub-port']) };
  } catch (error) {
    throw new Failure(`${error.message}\n\n${HELP}`);
  }
}

function toPort(option, text) {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65535) return Number(text);
  throw new Failure(`${option} must be a port number from 0 to 65535, not "${text}".`);
}

/** Everything after the build; npm packages and `pkg/` do not exist earlier. */
async function start({ once: onlyTheJob, port, hubPort }) {
  const { startHub } = await import('iothub-local');
  const hub = await listening('--hub-port', hubPort, () => startHub({ port: hubPort }));
  try {
    await runDevice(hub);
    if (!onlyTheJob) await servePageUntilStopped(hub, port);
  } finally {
    await hub.close();
  }
}

async function runDevice(hub) {
  const { BackEnd } = await import('./start/back-end.mjs');
  const { doTheJob } = await import('./start/job.mjs');
  const { Narrator } = await import('./start/narrator.mjs');
  say(`A local hub listens at ${hub.url}.`);
  const backEnd = await BackEnd.createDevice(hub, DEVICE_ID);
  await doTheJob(backEnd, new Narrator()).catch((error) => {
    throw new Failure(error.message);
  });
  console.log('\nThe device in Node.js has completed every step.');
}

async function servePageUntilStopped(hub, port) {
  const { servePage } = await import('./start/page-server.mjs');
  const page = await listening('--port', port, () => servePage({ hub, port }));
  console.log('\nTo connect your own back end, see hub/README.md:');
  console.log(`service: ${hub.serviceConnectionString}`);
  console.log(`authorization: ${hub.authorization({ seconds: DAY_SECONDS })}`);
  console.log(`\nNow simulate devices in your browser: ${page.url} (Ctrl-C stops everything)`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  console.log('\nStopping.');
  await page.close();
}

async function listening(option, port, listen) {
  try {
    return await listen();
  } catch (error) {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new Failure(`Port ${port} is in use. Choose another with ${option}.`);
  }
}
