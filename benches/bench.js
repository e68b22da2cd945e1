/**
 * `npm run bench`: measures this client and the alternatives in one run. In each round, each
 * contender does each job in a separate process or page.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { installNpmDependencies, officialClients } from '../scripts/lib/npm-dependencies.mjs';
import { readText, root } from '../scripts/lib/project.mjs';
import { Failure, runAsProgram, say } from '../scripts/lib/run.mjs';

const HELP = `npm run bench -- [options]

Compares this client, as built in pkg/, with its peers. Without options that leave something out, it
also runs "cargo bench", and writes docs/PERFORMANCE.md and docs/performance.svg. A whole run takes
more than half an hour; run nothing else meanwhile.

  --rounds N          how often to measure everything (5)
  --seconds N         how long a measurement takes, after a warm-up of the same length (1)
  --only ROW,...      only these rows, or those whose names begin like this: telemetry,
                      telemetry-100, telemetry-100-110, telemetry-100-110-json, c2d ...
  --contender X,...   only these contenders: ours, raw, u8, mqttjs, paho, azure
  --before FOLDER     a package built earlier, such as a copy of pkg/, as another contender; prints
                      each row's ratios between this client, that package and the floor
  --runtime X,...     only these runtimes: node, chromium
  --server X          one server for all rows: hub or mosquitto (each row has its own)
  --also FILE         tables to add: [{"title", "columns": [...], "rows": [[...]]}]
  --json FILE         write all values to this file
  --profile           only this client in Node.js; writes its CPU profiles to target/profiles
  --help              print this`;

await runAsProgram(async () => {
  const options = readOptions();
  if (options.help) return console.log(HELP);
  if (!existsSync(join(root, 'pkg'))) throw new Failure('There is no pkg/: run `npm run build`.');
  await installNpmDependencies();
  await installNpmDependencies(officialClients);
  await run(options);
});

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string', default: '5' },
        seconds: { type: 'string', default: '1' },
        only: { type: 'string' },
        contender: { type: 'string' },
        before: { type: 'string' },
        runtime: { type: 'string' },
        server: { type: 'string' },
        also: { type: 'string', multiple: true, default: [] },
        json: { type: 'string' },
        profile: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (![undefined, 'hub', 'mosquitto'].includes(values.server)) {
      throw new Error(`--server must be hub or mosquitto, not "${values.server}"`);
    }
    if (!values.profile) return values;
    return { ...values, rounds: '1', contender: 'ours', runtime: 'node' };
  } catch (error) {
    throw new Failure(`${error.message}\n\n${HELP}`);
  }
}

/** Runs everything that needs the npm packages, which set-up may have only just installed. */
async function run(options) {
  const { CONTENDERS, ROWS, RUNTIMES } = await import('./rows.js');
  const { installBefore } = await import('./programs.js');
  const { Bench } = await import('./measuring.js');
  const { measureCore } = await import('./native.js');
  const { plot } = await import('./plot.js');
  const { report } = await import('./report.js');
  const rows = choose(
    '--only',
    options.only,
    ROWS.map(({ name }) => name),
  );
  const named = Object.keys(CONTENDERS).filter((name) => name !== 'before');
  const contenders = choose('--contender', options.contender, named);
  if (options.before) {
    installBefore(options.before);
    contenders.splice(contenders.indexOf('ours') + 1, 0, 'before');
  }
  const bench = new Bench({
    rows: ROWS.filter(({ name }) => rows.includes(name)),
    runtimes: choose('--runtime', options.runtime, Object.keys(RUNTIMES)),
    contenders,
    rounds: positive('--rounds', options.rounds),
    seconds: positive('--seconds', options.seconds),
    server: options.server,
    profile: options.profile,
  });
  const { results, conditions } = await bench.run();
  const further = options.also.flatMap((file) => JSON.parse(readFileSync(file, 'utf8')));
  if (isWhole(options)) further.unshift(await measureCore());
  const text = report(results, conditions, further);
  console.log(`\n${text}`);
  if (options.json) writeFileSync(options.json, JSON.stringify(results));
  if (isWhole(options)) publish(text, plot(results));
}

/**
 * The names that an option lists, in full or by their first words; without the option, all names.
 */
function choose(option, text, names) {
  if (text === undefined) return names;
  const chosen = text.split(',').flatMap((wanted) => {
    if (names.includes(wanted)) return [wanted];
    const matches = names.filter((name) => name.startsWith(`${wanted}-`));
    if (matches.length > 0) return matches;
    throw new Failure(`${option} has no "${wanted}", only these: ${names.join(', ')}`);
  });
  return names.filter((name) => chosen.includes(name));
}

function positive(option, text) {
  if (Number(text) > 0) return Number(text);
  throw new Failure(`${option} must be a number above 0, not "${text}".`);
}

function isWhole({ only, contender, before, runtime, server }) {
  return !(only || contender || before || runtime || server);
}

function publish(text, svg) {
  const page = readText('docs/PERFORMANCE.md');
  const [start, end] = ['<!-- bench -->', '<!-- /bench -->'];
  const before = page.slice(0, page.indexOf(start) + start.length);
  const after = page.slice(page.indexOf(end));
  const section = `![The most important rows as bars](performance.svg)\n\n${text}`;
  writeFileSync(join(root, 'docs/PERFORMANCE.md'), `${before}\n\n${section}\n\n${after}`);
  writeFileSync(join(root, 'docs/performance.svg'), svg);
  say('docs/PERFORMANCE.md and docs/performance.svg are written.');
}
