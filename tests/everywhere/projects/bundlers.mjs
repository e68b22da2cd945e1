/** Pages made by a bundler, and the tools that come with one. */
import { server, site, siteWithCdn } from '../kinds.mjs';
import { pinned } from '../versions.mjs';

const runsDevice = "import { runDevice } from './device';\n\nrunDevice();\n";

const html = (script) => `<!doctype html>
<title>A page</title>
<link rel="icon" href="data:,">
${script}
`;
const moduleScript = html('<script type="module" src="./main.js"></script>');
const classicScript = html('<script defer src="./main.js"></script>');

const vite = (major) => ({
  tool: `Vite ${major}`,
  version: 'vite',
  create: `npx ${pinned(`create-vite@${major}`)} . --template vanilla-ts`,
  install: [`vite@${major}`],
  device: 'src/device.ts',
  files: { 'src/main.ts': runsDevice },
  rows: {
    'development server': server('npx vite --port {port}'),
    build: site('npx vite build', 'dist'),
  },
});

const initFrom = (wasm) => `${wasm}
import { init } from 'iothub-device-client/slim';
import { runDevice } from './device';

init(wasm).then(() => runDevice());
`;
const wasmUrl = "import wasm from 'iothub-device-client/iothub_device_client_bg.wasm?url';";
const newUrl = `const wasm = new URL(
  'iothub-device-client/iothub_device_client_bg.wasm',
  import.meta.url,
);`;

const react = `import { useEffect } from 'react';
import { runDevice } from './device';

export default function App() {
  useEffect(() => void runDevice(), []);
  return <p>A device</p>;
}
`;

const vue = `<script setup lang="ts">
import { onMounted } from 'vue';
import { runDevice } from './device';

onMounted(() => runDevice());
</script>

<template><p>A device</p></template>
`;

const serviceWorker = `import { precacheAndRoute } from 'workbox-precaching';
import { runDevice } from './device';

precacheAndRoute(self.__WB_MANIFEST);
addEventListener('install', (event) => event.waitUntil(runDevice()));
`;

const injectManifest = `import { defineConfig } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

export default defineConfig({
  plugins: [
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'src',
      filename: 'sw.js',
      injectRegister: 'inline',
    }),
  ],
});
`;

const importMap = (origin) =>
  html(`<script type="importmap">
  { "imports": { "iothub-device-client": "${origin}/iothub-device-client/index.browser.js" } }
</script>
<script type="module">
  import { runDevice } from './device.js';

  runDevice();
</script>`);

export const bundlers = [
  {
    tool: 'a page without a bundler',
    byHand: true,
    device: 'device.js',
    files: {
      'index.html': importMap('./node_modules'),
      'cdn.html': importMap('CDN'),
    },
    rows: {
      'import map': site(undefined, '.'),
      'import map, from another origin': siteWithCdn('cdn.html'),
    },
  },
  vite(5),
  vite(6),
  vite(7),
  vite(8),
  {
    tool: 'Vite, React',
    version: 'react',
    create: `npx ${pinned('create-vite@8')} . --template react-ts`,
    device: 'src/device.ts',
    files: { 'src/App.tsx': react },
    rows: {
      'development server': server('npx vite --port {port}'),
      build: site('npm run build', 'dist'),
    },
  },
  {
    tool: 'Vite, Vue',
    version: 'vue',
    create: `npx ${pinned('create-vite@8')} . --template vue-ts`,
    device: 'src/device.ts',
    files: { 'src/App.vue': vue },
    rows: {
      'development server': server('npx vite --port {port}'),
      build: site('npm run build', 'dist'),
    },
  },
  {
    tool: 'Vite, a worker',
    version: 'vite',
    create: `npx ${pinned('create-vite@8')} . --template vanilla-ts`,
    device: 'src/device.ts',
    files: {
      'src/main.ts': "new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });\n",
      'src/worker.ts': runsDevice,
    },
    rows: {
      'development server': server('npx vite --port {port}'),
      build: site('npx vite build', 'dist'),
    },
  },
  {
    tool: 'Vite, `/slim`',
    version: 'vite',
    slim: true,
    note: 'the module by `?url`',
    create: `npx ${pinned('create-vite@8')} . --template vanilla-ts`,
    device: 'src/device.ts',
    files: { 'src/main.ts': initFrom(wasmUrl) },
    rows: {
      'development server': server('npx vite --port {port}'),
      build: site('npm run build', 'dist'),
    },
  },
  {
    tool: 'vite-plugin-pwa',
    version: 'vite-plugin-pwa',
    note: 'in the service worker, by `injectManifest`',
    create: `npx ${pinned('create-vite@8')} . --template vanilla-ts`,
    install: ['vite-plugin-pwa', 'workbox-precaching'],
    device: 'src/device.ts',
    files: {
      'src/main.ts': '',
      'src/sw.js': serviceWorker,
      'vite.config.ts': injectManifest,
    },
    rows: { build: site('npx vite build', 'dist') },
  },
  {
    tool: 'webpack 5',
    version: 'webpack',
    byHand: true,
    install: ['webpack', 'webpack-cli', 'webpack-dev-server'],
    device: 'src/device.js',
    files: {
      'src/index.js': runsDevice,
      'public/index.html': classicScript,
      'package.json': '{ "private": true }',
    },
    rows: {
      'development server': server('npx webpack serve --mode development --port {port}'),
      build: site('npx webpack --mode production -o public', 'public'),
    },
  },
  {
    tool: 'webpack 5, `/slim`',
    version: 'webpack',
    byHand: true,
    slim: true,
    note: 'the module by `new URL(…, import.meta.url)`',
    install: ['webpack', 'webpack-cli'],
    device: 'src/device.js',
    files: {
      'src/index.js': initFrom(newUrl),
      'public/index.html': classicScript,
      'package.json': '{ "private": true }',
    },
    rows: { build: site('npx webpack --mode production -o public', 'public') },
  },
  {
    tool: 'Rspack',
    version: '@rspack/core',
    create: `npx ${pinned('create-rspack')} --dir . --template vanilla-ts`,
    device: 'src/device.ts',
    files: { 'src/index.ts': runsDevice },
    rows: {
      'development server': server('npx rspack dev --port {port}'),
      build: site('npx rspack build', 'dist'),
    },
  },
  {
    tool: 'Rsbuild',
    version: '@rsbuild/core',
    byHand: true,
    install: ['@rsbuild/core'],
    device: 'src/device.ts',
    files: { 'src/index.ts': runsDevice },
    rows: {
      'development server': server('npx rsbuild dev --port {port}'),
      build: site('npx rsbuild build', 'dist'),
    },
  },
  {
    tool: 'Rollup',
    version: 'rollup',
    byHand: true,
    note: 'with its `node-resolve` plug-in, without which it finds no package',
    install: ['rollup', '@rollup/plugin-node-resolve'],
    device: 'src/device.js',
    files: { 'src/main.js': runsDevice, 'dist/index.html': moduleScript },
    rows: { build: site('npx rollup src/main.js --dir dist --plugin node-resolve', 'dist') },
  },
  {
    tool: 'esbuild, page',
    version: 'esbuild',
    byHand: true,
    install: ['esbuild'],
    device: 'src/device.js',
    files: { 'src/main.js': runsDevice, 'dist/index.html': classicScript },
    rows: {
      build: site('npx esbuild src/main.js --bundle --minify --outdir=dist', 'dist'),
      'build, ES module': site(
        'npx esbuild src/main.js --bundle --format=esm --outdir=dist',
        'dist',
      ),
    },
  },
  {
    tool: 'Parcel 2',
    version: 'parcel',
    byHand: true,
    install: ['parcel'],
    device: 'src/device.js',
    files: { 'src/main.js': runsDevice, 'src/index.html': moduleScript },
    rows: {
      'development server': server('npx parcel src/index.html --port {port}'),
      build: site('npx parcel build src/index.html --dist-dir dist', 'dist'),
    },
  },
  {
    tool: 'Bun, page',
    version: 'bun',
    byHand: true,
    install: ['bun'],
    device: 'src/device.ts',
    files: { 'src/main.ts': runsDevice, 'src/index.html': moduleScript.replace('.js', '.ts') },
    rows: {
      'development server': server('npx bun ./src/index.html --port={port}'),
      build: site('npx bun build ./src/index.html --outdir dist', 'dist'),
    },
  },
];
