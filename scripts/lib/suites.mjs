/** The suites of `npm test` and `npm run test:long`. */
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { findChromedriver, findChromium } from './browser.mjs';
import {
  artillery,
  documentationSite,
  environments,
  officialClients,
} from './npm-dependencies.mjs';
import { root } from './project.mjs';
import { findOnPath } from './run.mjs';
import { check, nodeTests, rustTests } from './suite-kinds.mjs';

const coreAlone = '--no-default-features';
const coreProfile = ['--profile', 'core', coreAlone];
const compiles = 'the first run compiles the dependencies';

const clippy = ['cargo', 'clippy'];
const denied = ['--', '-D', 'warnings'];

/** The files that suites depend on, for `npm test -- --changed`. */
const rust = [/\.rs$/, /Cargo\.(toml|lock)$/, /^(clippy|rustfmt)\.toml$/];
const core = [/^src\//, /^Cargo\.(toml|lock)$/, /^tests\/(protocol|matrix)\//, /^fuzz\/seeds\//];
const client = [/^(src|module|pkg-template)\//, /^Cargo\.(toml|lock)$/];
const hub = [/^hub\/(src|bin|package\.json)/];
const declarations = [/^pkg-template\//];
/** Tests of the client share these helpers. */
const endToEnd = [
  ...client,
  ...hub,
  /^scripts\/start\//,
  /^tests\/(node|browser)\/(?![^/]*\.test\.)/,
];
const folder = (...names) => names.map((name) => new RegExp(`^${name}/`));

const examples = [
  ...endToEnd,
  ...folder('tests/node', 'examples', 'docs', 'pkg-template'),
  /^README\.md$/,
];
const simulator = [...endToEnd, ...folder('simulator', 'www', 'tests/simulator')];

/** Test files that need a browser; the others need only Node.js. */
const pages = [
  ...['docs', 'example-pages', 'readme', 'start'].map((name) => `tests/node/${name}.test.mjs`),
  'tests/simulator/relay.test.mjs',
];

const missingChromium = () => (findChromium() ? undefined : 'Chromium or Chrome');

/**
 * The suites that find mistakes soonest come first. A suite that uses both cores runs beside one
 * that mostly waits.
 *
 * @param {Record<string, string>} wasmEnvironment what a build for wasm32 needs
 * @returns {import('./suite-kinds.mjs').Suite[]}
 */
export function suites(wasmEnvironment) {
  const missing = missingChromium();
  return [
    ...lints(),
    ...nativeTests(),
    wasmTests(wasmEnvironment),
    nodeTests('panic', ['tests/panic.test.mjs'], {
      minutes: 10,
      env: wasmEnvironment,
      needs: 'both cores',
      reads: [...endToEnd, /^tests\/panic/, /^scripts\/build/],
    }),
    nodeTests("simulator's page", testFiles('tests/simulator/browser'), {
      slow: 'each test starts a hub, and clicks through the page',
      minutes: 10,
      atOnce: 2,
      missing,
      reads: simulator,
    }),
    nodeTests('Node.js end to end', without(pages, testFiles('tests/node')), {
      slow: 'faults and timeouts take their time over real sockets',
      atOnce: 2,
      reads: examples,
    }),
    nodeTests('outbox', testFiles('tests/outbox'), {
      slow: 'it kills a hundred processes, and plays a thousand schedules',
      atOnce: 2,
      reads: [...endToEnd, ...folder('tests/outbox')],
    }),
    nodeTests('outbox in Chromium', testFiles('tests/outbox/browser'), {
      missing,
      reads: [...endToEnd, ...folder('tests/outbox')],
    }),
    nodeTests('hub', testFiles('hub/test'), {
      slow: 'it starts the command dozens of times, and kills it',
      atOnce: 2,
      reads: folder('hub'),
    }),
    nodeTests('simulator', without(pages, testFiles('tests/simulator')), {
      atOnce: 2,
      reads: simulator,
    }),
    nodeTests('engine of Artillery', testFiles('tests/artillery'), {
      reads: [...simulator, ...folder('artillery', 'tests/artillery')],
    }),
    nodeTests('pages of the documentation', pages, {
      slow: 'it runs every program and every page that the documentation shows',
      missing,
      packages: [environments],
      reads: examples,
    }),
    nodeTests('browser end to end', testFiles('tests/browser'), {
      atOnce: 2,
      missing,
      reads: [...endToEnd, ...folder('tests/browser')],
    }),
    nodeTests('conformance', testFiles('tests/conformance'), {
      missing,
      slow: 'it waits a minute, until the client gives up a hub that sends no CONNACK',
      reads: [...endToEnd, ...folder('tests/conformance')],
    }),
    nodeTests('environments', testFiles('tests/environments'), {
      slow: 'it packs, installs and bundles the client for each environment',
      packages: [environments],
      reads: [
        ...client,
        ...hub,
        ...folder('tests/environments', 'tests/everywhere'),
        /^README\.md$/,
        /^docs\/ENVIRONMENTS\.md$/,
      ],
    }),
    nodeTests('official clients', testFiles('tests/official'), {
      slow: "Microsoft's clients run one file after the other, because each needs port 443",
      packages: [officialClients],
      reads: [...folder('hub', 'tests/official', 'www/code')],
    }),
    nodeTests('documentation', testFiles('tests/documentation'), {
      // It documents the Rust code.
      needs: 'both cores',
      packages: [documentationSite, officialClients],
      reads: [
        ...client,
        ...hub,
        /\.md$/,
        ...folder('docs', 'examples', 'scripts/docs', 'tests/documentation'),
      ],
    }),
    nodeTests('hub package', ['tests/hub-package.test.mjs'], {
      reads: [/^hub\//, /^tests\/hub-package/],
    }),
    nodeTests('simulator package', ['tests/simulator-package.test.mjs'], {
      reads: [...client, ...folder('hub', 'simulator', 'artillery'), /^tests\/simulator-package/],
    }),
    nodeTests('package', ['tests/package.test.mjs'], {
      reads: [...client, /^tests\/package/, /^scripts\/(build|names)/],
    }),
    nodeTests('size', ['tests/size.test.mjs'], { reads: [...client, /^tests\/size/] }),
    ...longSuites(),
  ];
}

function lints() {
  const prettier = [process.execPath, 'node_modules/prettier/bin/prettier.cjs'];
  const eslint = [process.execPath, 'node_modules/eslint/bin/eslint.js'];
  const typescript = [process.execPath, 'node_modules/typescript/bin/tsc', '--project'];
  const oldTypescript = [process.execPath, 'node_modules/typescript-5.0/bin/tsc', '--project'];
  const readsRust = { reads: rust, needs: 'both cores', slow: compiles };
  const types = [...declarations, ...folder('tests/types')];
  return [
    check('rustfmt', ['cargo', 'fmt', '--check'], { reads: rust }),
    check('prettier', [...prettier, '--check', '--cache', '.']),
    check('eslint', [...eslint, '--cache', '--cache-location', 'node_modules/.cache/eslint/', '.']),
    check('types', [...typescript, 'tests/types'], { reads: types }),
    check('types in TypeScript 5.0', [...oldTypescript, 'tests/types/oldest.json'], {
      reads: types,
    }),
    check('types of the examples', [...typescript, 'tests/types/examples.json'], {
      reads: [...types, ...folder('examples')],
    }),
    check(
      'types of the examples in TypeScript 5.0',
      [...oldTypescript, 'tests/types/examples-oldest.json'],
      { reads: [...types, ...folder('examples')] },
    ),
    check('types of the hub', [...typescript, 'hub'], { reads: folder('hub') }),
    check("types of the package's JavaScript", [...typescript, 'pkg-template'], {
      reads: declarations,
    }),
    check(
      'clippy',
      // What the benchmarks depend on takes a quarter of the time: `npm run test:long` has them.
      [...clippy, '--workspace', '--exclude', 'core-benchmarks', '--all-targets', ...denied],
      readsRust,
    ),
    // The tests of the core have been checked with the rest.
    check('clippy, core alone', [...clippy, '--lib', coreAlone, ...denied], readsRust),
    nodeTests('suites', ['tests/suites.test.mjs']),
    nodeTests('minimum Rust version', ['tests/minimum-rust.test.mjs'], {
      minutes: 10,
      reads: [...rust, /^tests\/minimum-rust/],
      needs: 'both cores',
    }),
  ];
}

function nativeTests() {
  const targets = ['--lib', '--test', 'protocol'];
  return [
    rustTests('core', ['cargo', 'test', '--no-fail-fast', ...coreProfile, ...targets], {
      slow: compiles,
      reads: core,
    }),
    faultMatrix('fault matrix', process.env.MATRIX_SCHEDULES ?? '20000', {
      slow: 'it plays 20,000 schedules of a client, as many of one that registers, and some of a registration',
    }),
  ];
}

/** Prints its figures even if it passes. */
function faultMatrix(name, schedules, options) {
  const command = ['cargo', 'test', ...coreProfile, '--test', 'matrix'];
  const suite = rustTests(name, command, { reads: core, ...options });
  return {
    ...suite,
    command: [...suite.command, '--', '--nocapture'],
    env: { MATRIX_SCHEDULES: schedules },
    // It prints the command that replays a schedule.
    rerun: (output) => [...output.matchAll(/^ *replay: (.*)$/gm)].map(([, line]) => line),
  };
}

/** `-q` must not be among the options: the runner of wasm-bindgen refuses it. */
function wasmTests(env) {
  const browser = ['--headless', '--chrome', '--chromedriver', findChromedriver()];
  const command = ['wasm-pack', 'test', ...browser, '--mode', 'no-install', '.', '--test', 'web'];
  const suite = rustTests('wasm in Chromium', command, {
    slow: compiles,
    missing: missingChromium() ?? (findChromedriver() ? undefined : 'chromedriver'),
    env,
    reads: [...client, ...folder('tests/web')],
  });
  const rerun = (output) => {
    // Set-up has put them on PATH for its own process only.
    const tools = ['wasm-pack', 'wasm-bindgen'].map((tool) => dirname(findOnPath(tool)));
    const path = `PATH="${[...new Set(tools), '$PATH'].join(delimiter)}"`;
    const settings = [path, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
    return suite.rerun(output).map((line) => `${settings.join(' ')} ${line}`);
  };
  return { ...suite, rerun };
}

/** Files named `*.long.test.mjs`, which take a minute or more, or measure time or memory. */
function longSuites() {
  const missing = missingChromium();
  return [
    check(
      'clippy of the benchmarks',
      [...clippy, '--package', 'core-benchmarks', '--all-targets', ...denied],
      { reads: [...rust, ...folder('benches/core')], needs: 'both cores' },
    ),
    faultMatrix('fault matrix, 100,000 schedules', '100000', { slow: 'it plays for two minutes' }),
    nodeTests('broken clients', ['tests/broken-clients.long.test.mjs'], {
      minutes: 10,
      needs: 'both cores',
      reads: core,
    }),
    nodeTests('hidden tabs', longTestFiles('tests/browser'), {
      missing,
      slow: 'Chromium throttles a tab that was hidden for more than a minute',
      reads: [...endToEnd, ...folder('tests/browser')],
    }),
    nodeTests('outbox, more kills and schedules', longTestFiles('tests/outbox'), {
      minutes: 60, // The nightly run does more.
      needs: 'both cores',
      slow: 'it kills four hundred processes, and plays five thousand schedules',
      reads: [...endToEnd, ...folder('tests/outbox')],
    }),
    nodeTests('outbox in Firefox', longTestFiles('tests/environments'), {
      minutes: 10,
      packages: [environments],
      slow: 'it starts Firefox five times',
      reads: [...endToEnd, ...folder('tests/environments', 'tests/outbox')],
    }),
    nodeTests('soak', longTestFiles('tests/soak'), {
      // It overwrites pkg/.
      alone: true,
      reads: [...endToEnd, ...folder('tests/soak')],
    }),
    nodeTests('leaks', longTestFiles('tests/leaks'), {
      minutes: 20,
      alone: true,
      missing,
      slow: '20,000 clients come and go, two million messages are sent',
      reads: [...endToEnd, ...folder('tests/leaks')],
    }),
    nodeTests('soak and shards of the simulator', longTestFiles('tests/simulator'), {
      minutes: 10,
      alone: true,
      missing,
      reads: simulator,
    }),
    nodeTests('Artillery', longTestFiles('tests/artillery'), {
      packages: [artillery],
      slow: 'Artillery starts five times',
      reads: [...simulator, ...folder('artillery', 'tests/artillery')],
    }),
    nodeTests('benchmarks', ['tests/benchmarks.long.test.mjs'], {
      packages: [officialClients],
      alone: true,
      missing,
      reads: [...endToEnd, /^tests\/benchmarks/, ...folder('benches')],
    }),
    nodeTests('scale', ['tests/scale.long.test.mjs'], {
      missing,
      alone: true,
      reads: [...endToEnd, /^tests\/scale/, ...folder('benches')],
    }),
  ].map((suite) => ({ ...suite, long: true }));
}

const without = (some, all) => all.filter((file) => !some.includes(file));

const testFiles = (...folders) => filesOf(folders, /(?<!\.long)\.test\.m?js$/);
const longTestFiles = (...folders) => filesOf(folders, /\.long\.test\.m?js$/);

function filesOf(folders, name) {
  return folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => {
      const files = readdirSync(join(root, folder)).filter((file) => name.test(file));
      return files.sort().map((file) => `${folder}/${file}`);
    });
}
