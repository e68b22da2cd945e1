/** `npm run build`: set-up, the npm package in pkg/, the simulator in target/www/. */
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildWww } from './build-www.mjs';
import { joinModules, separate } from './lib/bundle.mjs';
import { thirdPartyNotices } from './lib/notices.mjs';
import { readmeOfPackage } from './lib/package-readme.mjs';
import { crateField, readJson, root } from './lib/project.mjs';
import { Failure, outputOf, runAsProgram, say } from './lib/run.mjs';
import { runInStep, step } from './lib/steps.mjs';
import { setup } from './setup.mjs';

const module = 'iothub_device_client';
const wasm = `${module}_bg.wasm`;
const wasmOfNode = `${module}_node.wasm`;
const wasmTarget = 'wasm32-unknown-unknown';
const notices = 'THIRD-PARTY-NOTICES.txt';
const wasmFlags = 'CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS';
const target = join(root, 'target');
const pkg = join(root, 'pkg');
/** The names of the functions of the module for pages, from which they are stripped. */
export const symbols = join(target, 'symbols.txt');

/**
 * WebAssembly features that rustc uses and that browsers and Node.js have had for years; anything
 * newer is an error.
 */
const wasmFeatures = [
  'bulk-memory',
  'bulk-memory-opt',
  'multivalue',
  'mutable-globals',
  'nontrapping-float-to-int',
  'reference-types',
  'sign-ext',
];

/** Builds pkg/ and target/www/. Returns the result of `setup`. */
export async function build(options) {
  const environment = await setup({ ...options, compile: compileRust });
  const generated = join(target, 'wasm-pack');
  await step('The package and the simulator', '20 s', async () => {
    await runWasmPack(environment.wasmEnvironment, generated, ['--release']);
    const renamed = optimise(generated);
    await assemble(generated, pkg, renamed);
    link();
    await buildWww();
    if (options?.tests) await bundleWebTests();
  });
  say('The package is in pkg/, the simulator in target/www/.');
  return environment;
}

/**
 * Builds a package that panics when a test asks for it. The environment must be that of `npm test`.
 */
export async function buildForcedPanic(folder) {
  const generated = join(target, 'wasm-pack-forced-panic');
  await runWasmPack({}, generated, ['--dev'], ['--', '--features', 'forced-panic']);
  cpSync(join(generated, wasm), join(generated, wasmOfNode));
  await assemble(generated, folder);
}

/** The JavaScript of `tests/web`, in one file. */
async function bundleWebTests() {
  // Set-up may have installed it just now.
  const { build: bundle } = await import('esbuild');
  await bundle({
    entryPoints: [join(root, 'tests/web/platform.js')],
    bundle: true,
    format: 'esm',
    outfile: join(target, 'web-tests.js'),
  });
}

/** Compiles what wasm-pack would: its own cargo then has nothing left to do. */
async function compileRust(wasmEnvironment) {
  await step('The Rust code, compiled to WebAssembly', 'half a minute', async () => {
    // `hidePaths` reads the unpacked sources.
    await runInStep('cargo', ['fetch', '--target', wasmTarget], { cwd: root });
    const args = ['build', '--lib', '--release', '--target', wasmTarget];
    const env = compileEnvironment(wasmEnvironment);
    await runInStep('cargo', args, { cwd: join(root, 'module'), env });
  });
}

async function runWasmPack(wasmEnvironment, generated, profile, features = []) {
  const options = ['--target', 'web', ...profile, '--mode', 'no-install', '--no-pack'];
  const output = ['--out-dir', generated, '--out-name', module];
  await runInStep(
    'wasm-pack',
    ['build', ...options, ...output, join(root, 'module'), ...features],
    {
      env: compileEnvironment(wasmEnvironment),
    },
  );
}

function compileEnvironment(wasmEnvironment) {
  return { ...process.env, ...wasmEnvironment, [wasmFlags]: hidePaths().join(' ') };
}

/** Panics name source files: without this they would name folders of the build machine. */
function hidePaths() {
  const sources = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry', 'src');
  const registries = existsSync(sources) ? readdirSync(sources) : [];
  return registries.map((folder) => `--remap-path-prefix=${join(sources, folder)}=crates`);
}

/**
 * Makes the module smaller, and a faster copy for Node.js, once per module. Returns the renamed
 * imports and exports, which `joinModules` renames in the JavaScript.
 */
function optimise(generated) {
  const wasmOpt = join(root, 'node_modules', 'binaryen', 'bin', 'wasm-opt');
  const file = join(generated, wasm);
  const features = ['--mvp-features', ...wasmFeatures.map((name) => `--enable-${name}`)];
  // Each round finds what the previous one made possible.
  const rounds = ['--flatten', '--rereloop', '-Oz', '--gufa-optimizing', '-Oz', '--gufa', '-Oz'];
  // Functions with similar names have similar code, which compresses better side by side.
  const order = ['--reorder-functions-by-name'];
  // Large inlined functions and expressions compress worse than their parts, and alignments, which
  // engines ignore, worse than none.
  const parts = ['--one-caller-inline-max-function-size', '20'];
  const skipped = ['--skip-pass=local-cse', '--skip-pass=simplify-locals'];
  const alignment = ['--dealign'];
  // The first kilobyte is the far end of the stack, so no address of an object wraps around.
  const memory = ['--low-memory-unused'];
  const strip = ['--strip-producers', '--strip-target-features'];
  const minified = ['--minify-imports-and-exports-and-modules'];
  const passes = [...rounds, ...alignment, ...order, ...strip, ...minified];
  const forSize = [...memory, ...parts, ...skipped, ...passes];
  // No page downloads the copy of Node.js: there, speed and names in stacks matter more than size.
  const forSpeed = ['--always-inline-max-function-size', '40', '--inlining-optimizing'];
  const named = ['--debuginfo'];

  const kept = join(target, 'optimised');
  const key = createHash('sha256').update(readFileSync(file));
  const renamed = join(kept, `${key.update(`${[...forSize, ...forSpeed]}`).digest('hex')}.json`);
  if (!existsSync(renamed) || !existsSync(symbols)) {
    rmSync(kept, { recursive: true, force: true });
    mkdirSync(kept);
    const run = (input, options, output) => {
      const args = [wasmOpt, ...features, ...options, input, '-o', join(kept, output)];
      const printed = outputOf(process.execPath, args);
      if (printed === undefined) throw new Failure('wasm-opt could not optimise the module.');
      return printed;
    };
    const names = run(file, [...forSize, `--symbolmap=${symbols}`], wasm);
    run(file, [...forSize, ...named], wasmOfNode);
    run(join(kept, wasmOfNode), [...memory, ...forSpeed, ...named], wasmOfNode);
    // Written last: if it exists, the modules are complete.
    writeFileSync(renamed, names);
  }
  for (const name of [wasm, wasmOfNode]) cpSync(join(kept, name), join(generated, name));
  const { imports, exports } = JSON.parse(readFileSync(renamed, 'utf8'));
  const module = [`./${basename(wasm, '.wasm')}.js`, 'a'];
  return Object.fromEntries([module, ...imports.map(([, ...names]) => names), ...exports]);
}

/** Assembles the package from the template, the generated files, and files of the root folder. */
async function assemble(generated, folder, renamed) {
  cpSync(join(root, 'pkg-template'), generated, { recursive: true });
  writeFileSync(join(generated, notices), thirdPartyNotices());
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  writeFileSync(join(folder, 'README.md'), readmeOfPackage());
  for (const file of [wasm, notices]) cpSync(join(generated, file), join(folder, file));
  for (const entry of ['index', 'slim', wasm, ...separate]) {
    writeDeclarations(generated, folder, entry);
  }
  await joinModules(generated, folder, wasm, renamed);
  const { name, ...manifest } = readJson('pkg-template/package.json');
  const complete = { name, version: crateField('version'), ...manifest };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(complete, null, 2)}\n`);
}

/** TypeScript derives the kind of module from the name of the declaration file. */
function writeDeclarations(generated, folder, entry) {
  const declarations = readFileSync(join(generated, `${entry}.d.ts`), 'utf8');
  writeFileSync(join(folder, `${entry}.d.ts`), declarations);
  writeFileSync(
    join(folder, `${entry}.d.cts`),
    declarations.replace("'./index.js'", "'./index.cjs'"),
  );
}

/** Makes `import 'iothub-device-client'` find pkg/ in this repository, for the examples. */
function link() {
  const installed = join(root, 'node_modules', 'iothub-device-client');
  // A junction needs no privilege on Windows; elsewhere the type is ignored.
  if (!existsSync(installed)) symlinkSync(pkg, installed, 'junction');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runAsProgram(() => build());
