/**
 * The environments that run the job: the rows of the table, and the hosts in its cells. One of each
 * kind; `tests/everywhere` has all of them.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import fastifyStatic from '@fastify/static';
import fastify from 'fastify';

import { browsers, visit } from './browsers.mjs';
import { bundleForWorkerd, bundlers, serveByVite, writePage } from './bundlers.mjs';
import { bun, deno, jest, nodes, runProgram, workerd } from './programs.mjs';

/**
 * @typedef {object} Environment
 * @property {string} name
 * @property {Host[]} hosts
 * @property {(folder: string, ...servers: string[]) => Promise<void | Served>} [prepare] builds or
 *   serves the project, which connects to these servers
 *
 * @typedef {{url: string, stop: () => Promise<void>}} Served
 *
 * @typedef {object} Host
 * @property {string} name
 * @property {string} [missing] why it cannot run the job here
 * @property {(project: Partial<Served> & {folder: string, outcome: Promise<object>}) =>
 *   Promise<void>} run rejects as soon as no outcome can come any more
 */

/** The last argument of the programs is the file. @returns {Host[]} */
const inPrograms = (programs, file) =>
  programs.map(({ name, missing, command }) => ({
    name,
    missing,
    run: ({ folder }) => runProgram(folder, ...command, file),
  }));

/** Each browser is opened once. */
const opened = new Map();

export async function closeBrowsers() {
  for (const browser of opened.values()) await (await browser).close();
}

/** @type {Host[]} */
const inBrowsers = browsers.map(({ name, missing, open }) => ({
  name,
  missing,
  async run({ url, outcome }) {
    if (!opened.has(name)) opened.set(name, open());
    await visit(await opened.get(name), url, outcome);
  },
}));

/** A page that needs no build. @returns {Environment} */
const page = (name, path) => ({
  name,
  hosts: inBrowsers,
  prepare: (folder) => serve(folder, path),
});

/** A page and its files, with the Content Security Policy of the README. @returns {Environment} */
const underPolicy = (name, script, more = '') => ({
  name: `Content Security Policy, ${name}`,
  hosts: inBrowsers,
  async prepare(folder, ...servers) {
    await writePage(folder, script);
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const policy = /^Content-Security-Policy: (.+)$/m.exec(readme)[1] + more;
    const header = policy.replace('wss://my-hub.azure-devices.net', servers.join(' '));
    return serve(folder, '/', { 'content-security-policy': header });
  },
});

/** One browser is enough: a bundle is the same for all. */
const inChromium = inBrowsers.slice(0, 1);

/** @returns {Environment} */
const bundle = (bundler, name, script) => ({
  name: `${bundler}, ${name}`,
  hosts: inChromium,
  async prepare(folder) {
    await bundlers[bundler](folder, script);
    return serve(join(folder, 'dist'));
  },
});

/** A static server, as any other. */
async function serve(root, path = '/', headers = {}) {
  const server = fastify({ forceCloseConnections: true });
  server.register(fastifyStatic, { root });
  server.addHook('onRequest', async (_, reply) => {
    reply.headers(headers);
  });
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  return { url: origin + path, stop: () => server.close() };
}

const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess'];
// The job is JavaScript with types in comments, checked as strictly as the rest.
const checked = ['--allowJs', '--checkJs'];
const output = ['--outDir', 'dist', '--target', 'es2022', '--lib', 'es2022,dom'];

/** Compiled, then run. @returns {Environment} */
const typescript = (name, file, ...options) => ({
  name: `TypeScript, ${name}`,
  hosts: inPrograms(nodes.slice(0, 1), `dist/${file.replace('ts', 'js')}`),
  prepare: (folder) =>
    runProgram(folder, process.execPath, tsc, ...strict, ...checked, ...output, ...options, file),
});

/** @type {Environment[]} */
export const environments = [
  { name: 'import', hosts: inPrograms([...nodes, deno, bun], 'main.js') },
  { name: 'require()', hosts: inPrograms([...nodes, deno, bun], 'require.cjs') },
  { name: 'test runner, require()', hosts: inPrograms([jest], 'jest.test.cjs') },
  typescript('module nodenext', 'main.ts', '--module', 'nodenext'),
  typescript('module nodenext, require()', 'require.cts', '--module', 'nodenext'),
  page('page without a bundler', '/page.html'),
  page('dedicated worker', '/dedicated-worker.html'),
  page('shared worker', '/shared-worker.html'),
  page('service worker', '/service-worker.html'),
  underPolicy('page', 'worker.js'),
  underPolicy('worker', 'starts-plain-worker.js'),
  underPolicy('Trusted Types', 'worker.js', "; require-trusted-types-for 'script'"),
  {
    name: 'Vite, development server',
    hosts: inChromium,
    prepare: (folder) => serveByVite(folder, 'main.js'),
  },
  ...Object.keys(bundlers).map((bundler) => bundle(bundler, 'page', 'main.js')),
  bundle('Vite', 'worker', 'starts-worker.js'),
  bundle('webpack 5', 'worker', 'starts-worker.js'),
  {
    name: 'Cloudflare Workers',
    hosts: inPrograms([workerd], 'workerd.capnp'),
    prepare: (folder) => bundleForWorkerd(folder, 'workerd.js'),
  },
  {
    name: 'page without a bundler',
    hosts: [{ name: 'WebKit', missing: 'untested, as there is nothing here to drive it' }],
  },
];
