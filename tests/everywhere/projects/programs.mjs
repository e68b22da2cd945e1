/** Programs without a page: Node.js and other runtimes, and test runners. */
import { nodes } from '../../environments/programs.mjs';
import { settingOfDocument } from '../document.mjs';
import { program, server } from '../kinds.mjs';

const runsDevice = (file) => `import { runDevice } from './${file}';\n\nawait runDevice();\n`;
const commonJs = "const { runDevice } = require('./device.cjs');\n\nrunDevice();\n";
const commonJsPackage = '{ "private": true, "type": "commonjs" }';

const vitestTest = `import { test } from 'vitest';
import { runDevice } from './device';

test('a device does its job', () => runDevice());
`;

const jestInJsdom = settingOfDocument('npx jest');

const jestTest = "test('a device does its job', () => runDevice());\n";

/** A GET only checks that the server runs. */
const worker = `import { runDevice } from './device';

export default {
  async fetch(request) {
    if (request.method === 'POST') await runDevice();
    return new Response('done');
  },
};
`;

/** In the pinned versions; the first one is this machine's. */
const inEachNode = (file) =>
  Object.fromEntries(
    nodes.slice(1).map(({ name, command: [node] }) => [name, program(`${node} ${file}`)]),
  );

export const programs = [
  {
    tool: 'Node.js, import',
    byHand: true,
    device: 'device.mjs',
    files: { 'main.mjs': runsDevice('device.mjs') },
    rows: inEachNode('main.mjs'),
  },
  {
    tool: 'Node.js, require()',
    byHand: true,
    device: 'device.cjs',
    files: { 'main.cjs': commonJs },
    rows: inEachNode('main.cjs'),
  },
  {
    tool: 'Bun',
    version: 'bun',
    byHand: true,
    install: ['bun'],
    device: 'device.ts',
    files: { 'main.ts': runsDevice('device') },
    rows: { program: program('npx bun main.ts') },
  },
  {
    tool: 'Deno',
    version: 'deno',
    byHand: true,
    install: ['deno'],
    device: 'device.ts',
    files: { 'main.ts': runsDevice('device.ts') },
    rows: { program: program('npx deno run --allow-all main.ts') },
  },
  {
    tool: 'Cloudflare Workers, wrangler',
    version: 'wrangler',
    byHand: true,
    install: ['wrangler'],
    device: 'src/device.ts',
    files: {
      'src/index.ts': worker,
      'wrangler.jsonc':
        '{ "name": "device", "main": "src/index.ts", "compatibility_date": "2026-10-01" }',
    },
    rows: {
      'development server': server('npx wrangler dev --port {port}', { visits: ['POST /'] }),
    },
  },
  {
    tool: 'tsx',
    version: 'tsx',
    byHand: true,
    install: ['tsx'],
    device: 'device.ts',
    files: { 'main.ts': "import { runDevice } from './device';\n\nrunDevice();\n" },
    rows: { 'ES module': program('npx tsx main.ts') },
  },
  {
    tool: 'tsx, CommonJS package',
    version: 'tsx',
    byHand: true,
    install: ['tsx'],
    device: 'device.ts',
    files: {
      'main.ts': "import { runDevice } from './device';\n\nrunDevice();\n",
      'package.json': commonJsPackage,
    },
    rows: { program: program('npx tsx main.ts') },
  },
  {
    tool: 'esbuild, Node.js',
    note: 'an ES module with the banner below',
    version: 'esbuild',
    byHand: true,
    install: ['esbuild'],
    device: 'device.js',
    files: { 'main.js': "import { runDevice } from './device';\n\nrunDevice();\n" },
    rows: {
      CommonJS: program(
        'npx esbuild main.js --bundle --platform=node --outfile=dist/main.cjs',
        'node dist/main.cjs',
      ),
      'ES module': program(settingOfDocument('npx esbuild'), 'node dist/main.mjs'),
      'ES module, packages external': program(
        'npx esbuild main.js --bundle --platform=node --format=esm --packages=external --outfile=dist/main.mjs',
        'node dist/main.mjs',
      ),
    },
  },
  {
    tool: 'webpack 5, Node.js',
    version: 'webpack',
    byHand: true,
    install: ['webpack', 'webpack-cli'],
    device: 'src/device.js',
    files: {
      'src/index.js': "import { runDevice } from './device';\n\nrunDevice();\n",
      'package.json': '{ "private": true }',
    },
    rows: {
      build: program('npx webpack --mode production --target node', 'node dist/main.js'),
    },
  },
  {
    tool: 'Vitest',
    version: 'vitest',
    byHand: true,
    install: ['vitest', 'jsdom', 'happy-dom'],
    device: 'device.ts',
    files: { 'device.test.ts': vitestTest },
    rows: {
      node: program('npx vitest run'),
      jsdom: program('npx vitest run --environment jsdom'),
      'happy-dom': program('npx vitest run --environment happy-dom'),
    },
  },
  {
    tool: 'Jest, CommonJS',
    version: 'jest',
    note: 'jsdom by `jest-fixed-jsdom`',
    byHand: true,
    install: ['jest', 'jest-environment-jsdom', 'jest-fixed-jsdom'],
    device: 'device.cjs',
    files: {
      'device.test.js': `const { runDevice } = require('./device.cjs');\n\n${jestTest}`,
      'package.json': commonJsPackage,
    },
    rows: {
      node: program('npx jest'),
      jsdom: program(jestInJsdom),
    },
  },
  {
    tool: 'Jest, ES modules',
    version: 'jest',
    note: 'jsdom by `jest-fixed-jsdom`',
    byHand: true,
    install: ['jest', 'jest-environment-jsdom', 'jest-fixed-jsdom'],
    device: 'device.mjs',
    files: { 'device.test.mjs': `import { runDevice } from './device.mjs';\n\n${jestTest}` },
    rows: {
      node: program('NODE_OPTIONS=--experimental-vm-modules npx jest'),
      jsdom: program(`NODE_OPTIONS=--experimental-vm-modules ${jestInJsdom}`),
    },
  },
  {
    tool: 'Jest, Babel',
    version: 'jest',
    byHand: true,
    note: 'with `@babel/preset-env`; jsdom by `jest-fixed-jsdom`',
    install: ['jest', 'jest-environment-jsdom', 'jest-fixed-jsdom', '@babel/preset-env'],
    device: 'device.js',
    files: {
      'device.test.js': `import { runDevice } from './device';\n\n${jestTest}`,
      'babel.config.js':
        "module.exports = { presets: [['@babel/preset-env', { targets: { node: 'current' } }]] };\n",
      'package.json': commonJsPackage,
    },
    rows: { node: program('npx jest'), jsdom: program(jestInJsdom) },
  },
  {
    tool: 'Jest, ts-jest',
    version: 'ts-jest',
    note: 'jsdom by `jest-fixed-jsdom`',
    byHand: true,
    install: [
      'jest',
      'jest-environment-jsdom',
      'jest-fixed-jsdom',
      'ts-jest',
      'typescript@5.9',
      '@types/jest',
    ],
    device: 'device.ts',
    files: {
      'device.test.ts': `import { runDevice } from './device';\n\n${jestTest}`,
      'jest.config.js': "module.exports = { preset: 'ts-jest' };\n",
      'package.json': commonJsPackage,
    },
    rows: { node: program('npx jest'), jsdom: program(jestInJsdom) },
  },
];
