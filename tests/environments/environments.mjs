/** What the job is done in. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import fastifyStatic from '@fastify/static';
import fastify from 'fastify';
import * as vite from 'vite';

import { bundlers, countModules } from './bundlers.mjs';
import { browsers, visit } from './browsers.mjs';
import { bin, execute, nodes, program } from './programs.mjs';

/**
 * @typedef {object} Environment
 * @property {string} name
 * @property {Host[]} hosts
 * @property {(folder: string) => Promise<{url?: string, stop?: () => Promise<void>}>} [prepare]
 *   builds or serves the project
 *
 * @typedef {object} Host
 * @property {string} name
 * @property {string} [missing] why it cannot be had here
 * @property {(project: {folder: string, url?: string, outcome: Promise<object>}) => Promise<void>} run
 *   fails as soon as it is known that there will be no outcome
 */

/** In each Node.js. @returns {Host[]} */
const inNodes = (file, versions = nodes) =>
  versions.map(({ name, missing, program: node }) => ({ name, missing, run: program(node, file) }));

/** In each browser, of which each is opened once. @type {Host[]} */
const inBrowsers = browsers.map(({ name, missing, open }) => {
  let browser;
  return {
    name,
    missing,
    async run({ url, outcome }) {
      browser ??= open();
      await visit(await browser, url, outcome);
    },
    close: async () => (await browser)?.close(),
  };
});

export const closeBrowsers = () => Promise.all(inBrowsers.map(({ close }) => close()));

/** A static server, as there are many. */
async function serve(root, path = '/') {
  const server = fastify({ forceCloseConnections: true });
  server.register(fastifyStatic, { root });
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  return { url: origin + path, stop: () => server.close() };
}

/** A page of the project that needs no build. @returns {Environment} */
const page = (name, path) => ({
  name,
  hosts: inBrowsers,
  prepare: (folder) => serve(folder, path),
});

/** @returns {Environment} */
const bundle = ([name, build]) => ({
  name: `${name}, bundle`,
  hosts: inBrowsers,
  async prepare(folder) {
    await build(folder);
    assert.equal(await countModules(folder), 1, 'WebAssembly modules in the bundle');
    return serve(join(folder, 'dist'));
  },
});

/** @type {Environment} */
const viteDev = {
  name: 'Vite, development server',
  hosts: inBrowsers,
  async prepare(root) {
    const options = { root, logLevel: 'error', server: { host: '127.0.0.1', port: 0 } };
    const server = await (await vite.createServer(options)).listen();
    return { url: server.resolvedUrls.local[0], stop: () => server.close() };
  },
};

/** Compiled by TypeScript with everything strict, then run. @returns {Environment} */
const typescript = (title, file, options) => ({
  name: `TypeScript, ${title}`,
  hosts: inNodes(`dist/${file.replace('ts', 'js')}`, [nodes.at(0)]),
  async prepare(folder) {
    const tsc = ['node_modules/typescript/bin/tsc'];
    await execute(folder, process.execPath, tsc, ...STRICT, ...options, file);
    return {};
  },
});

/** @type {Environment[]} */
export const environments = [
  { name: 'import', hosts: inNodes('main.js') },
  { name: 'require()', hosts: inNodes('require.cjs') },
  page('page without a bundler', '/page.html'),
  page('dedicated worker', '/dedicated-worker.html'),
  page('shared worker', '/shared-worker.html'),
  page('service worker', '/service-worker.html'),
  viteDev,
  ...Object.entries(bundlers).map(bundle),
  { name: 'import', hosts: [{ name: 'Deno', run: program(bin('deno'), 'run', '--allow-all', 'main.js') }] },
  { name: 'import', hosts: [{ name: 'Bun', run: program(bin('bun'), 'main.js') }] },
];
