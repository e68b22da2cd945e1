/** `npm run soak`: devices that work for a long time at a hub with constant faults. */
import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { build } from '../../scripts/build.mjs';
import { Failure, runAsProgram } from '../../scripts/lib/run.mjs';

const HELP = `npm run soak -- [options]

Runs devices against a local hub that drops a few of their connections each second, refuses some and
lets tokens expire, and counts at the end what was acknowledged and what is at the hub. Fails if
anything is missing.

  --minutes N      how long (30)
  --devices N      how many (50)
  --seed N         of what goes wrong (1)
  --help           this text`;

await runAsProgram(async () => {
  const options = readOptions();
  if (options.help) return console.log(HELP);
  await build();
  // Only after the build, because this imports its output.
  const { Soak } = await import('./run.mjs');
  const soak = await Soak.start(options);
  const stopped = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  const missing = await soak.run(stopped);
  if (missing > 0)
    throw new Failure(`${missing} acknowledged messages, patches or methods are lost.`);
});

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: 'string', default: '30' },
        devices: { type: 'string', default: '50' },
        seed: { type: 'string', default: '1' },
        help: { type: 'boolean', default: false },
      },
    });
    const { help } = values;
    const [minutes, devices, seed] = ['minutes', 'devices', 'seed'].map((name) => {
      const number = Number(values[name]);
      if (number > 0) return number;
      throw new Error(`--${name} takes a number above 0, not "${values[name]}".`);
    });
    return { help, minutes, devices, seed };
  } catch (error) {
    throw new Failure(`${error.message}\n\n${HELP}`);
  }
}
