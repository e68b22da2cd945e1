/** TypeScript 5.0 and later, in each of its modes, with all declarations checked. */
import { program } from '../kinds.mjs';

const strict =
  '--strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --skipLibCheck false' +
  ' --target es2022 --lib es2022,dom --outDir dist';

const compiled = (options) => program(`npx tsc ${strict} ${options} main.ts`, 'node dist/main.js');

const inNode = (...modules) =>
  Object.fromEntries(modules.map((module) => [module, compiled(`--module ${module}`)]));
const bundler = { bundler: compiled('--module esnext --moduleResolution bundler') };
const preserve = { preserve: compiled('--module preserve') };
const node10 = { node10: compiled('--module commonjs --moduleResolution node10') };
/** Silences its deprecation warning. */
const lastNode10 = {
  node10: compiled('--module commonjs --moduleResolution node10 --ignoreDeprecations 6.0'),
};
const commonjs = { commonjs: compiled('--module commonjs --moduleResolution bundler') };

/** Those of ES module packages, and those of CommonJS packages. */
const modes = {
  '5.0': [
    { ...inNode('node16', 'nodenext'), ...bundler },
    { ...inNode('node16', 'nodenext'), ...node10 },
  ],
  5.4: [
    { ...inNode('node16', 'nodenext'), ...bundler, ...preserve },
    { ...inNode('node16', 'nodenext'), ...node10 },
  ],
  5.8: [
    { ...inNode('node16', 'node18', 'nodenext'), ...bundler, ...preserve },
    { ...inNode('node16', 'node18', 'nodenext'), ...node10 },
  ],
  5.9: [
    { ...inNode('node16', 'node18', 'node20', 'nodenext'), ...bundler, ...preserve },
    { ...inNode('node16', 'node18', 'node20', 'nodenext'), ...node10 },
  ],
  6: [
    { ...inNode('node16', 'node18', 'node20', 'nodenext'), ...bundler, ...preserve },
    { ...inNode('node16', 'node18', 'node20', 'nodenext'), ...commonjs, ...lastNode10 },
  ],
  7: [
    { ...inNode('node16', 'node18', 'node20', 'nodenext'), ...bundler, ...preserve },
    { ...inNode('node16', 'node18', 'node20', 'nodenext'), ...commonjs },
  ],
};

const project = (version, type, rows) => ({
  tool: `TypeScript ${version}, ${type === 'module' ? 'ES module' : 'CommonJS'} package`,
  version: 'typescript',
  byHand: true,
  install: [`typescript@${version}`],
  device: 'device.ts',
  files: {
    'main.ts': "import { runDevice } from './device.js';\n\nrunDevice();\n",
    'package.json': JSON.stringify({ private: true, type }),
  },
  rows,
});

export const typescript = Object.entries(modes)
  .sort(([one], [other]) => one - other)
  .flatMap(([version, [module, commonjs]]) => [
    project(version, 'module', module),
    project(version, 'commonjs', commonjs),
  ]);
