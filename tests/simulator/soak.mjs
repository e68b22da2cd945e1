/** `npm run simulate:soak`: hundreds of devices of the simulator in a hidden tab. */
import { parseArgs } from 'node:util';

import { build } from '../../scripts/build.mjs';
import { Failure, runAsProgram } from '../../scripts/lib/run.mjs';

const HELP = `npm run simulate:soak -- [options]

Opens the simulator in Chromium, adds devices of a local hub that send a message a second each,
measures the frames of the page, hides the tab, and compares at the end what was sent with what is
at the hub. Fails if anything is missing.

  --minutes N      how long (5)
  --devices N      how many, from 2 to 1000 (500)
  --help           this text`;

await runAsProgram(async () => {
  const { help, minutes, devices } = readOptions();
  if (help) return console.log(HELP);
  await build();
  // Only after the build, because this imports its output.
  const { growth, runFleet } = await import('./soak-run.mjs');
  const figures = await runFleet({ devices, seconds: minutes * 60, say: console.log });
  const { memory, ...counts } = figures;
  console.log('messages:', counts);
  const grown = growth(memory);
  if (grown !== undefined) {
    console.log(`memory grew by ${(grown / 1e6).toFixed(1)} MB once settled`);
  }
  const { sent, atHub, lost } = counts;
  if (lost > 0 || atHub < sent) throw new Failure(`${lost + Math.max(0, sent - atHub)} are lost.`);
});

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: 'string', default: '5' },
        devices: { type: 'string', default: '500' },
        help: { type: 'boolean', default: false },
      },
    });
    const [minutes, devices] = [Number(values.minutes), Number(values.devices)];
    if (!(minutes > 0)) throw new Error(`--minutes takes a number, not "${values.minutes}".`);
    if (!(devices >= 2 && devices <= 1000)) {
      throw new Error(`--devices takes a number from 2 to 1000, not "${values.devices}".`);
    }
    return { help: values.help, minutes, devices };
  } catch (error) {
    throw new Failure(`${error.message}\n\n${HELP}`);
  }
}
