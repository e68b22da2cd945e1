/** The ways to run a project. Each function returns how to run a row in its folder. */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import fastifyStatic from '@fastify/static';
import fastify from 'fastify';

import { run, start } from './shell.mjs';

/**
 * @typedef {object} Kind
 * @property {number} devices how many do the job
 * @property {(project: Project) => Promise<void>} run
 *
 * @typedef {object} Project
 * @property {string} folder
 * @property {(url: {origin: string, path: string}, index: number) => Promise<void>} visit
 *   opens a page, or requests a route, until device `index` has done its job
 * @property {() => Promise<void>} watch until device 0 has done its job
 */

/** Commands the last of which does the job: a Node.js program, a test runner. @returns {Kind} */
export const program = (...commands) => ({
  devices: 1,
  async run({ folder, watch }) {
    for (const command of commands.slice(0, -1)) await run(command, folder);
    await Promise.all([run(commands.at(-1), folder), watch()]);
  },
});

/** A page on a static server. @returns {Kind} */
export const site = (build, dist, path = '/') => ({
  devices: 1,
  async run({ folder, visit }) {
    if (build) await run(build, folder);
    const site = await serve(join(folder, dist));
    await visit({ origin: site.origin, path }, 0).finally(site.stop);
  },
});

/** A page in which `CDN` stands for the origin that serves the package. @returns {Kind} */
export const siteWithCdn = (file) => ({
  devices: 1,
  async run({ folder, visit }) {
    const cdn = await serve(join(folder, 'node_modules'));
    const site = await serve(folder);
    const page = join(folder, file);
    await writeFile(page, (await readFile(page, 'utf8')).replaceAll('CDN', cdn.origin));
    await visit({ origin: site.origin, path: `/${file}` }, 0).finally(() =>
      Promise.all([cdn.stop(), site.stop()]),
    );
  },
});

/** The tool's own server; `{port}` in its command stands for a free port. @returns {Kind} */
export const server = (command, { build, visits = ['/'] } = {}) => ({
  devices: visits.length,
  async run({ folder, visit }) {
    if (build) await run(build, folder);
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    const running = start(command.replaceAll('{port}', port), folder);
    try {
      await answers(origin, running);
      for (const [index, path] of visits.entries()) await visit({ origin, path }, index);
    } catch (error) {
      throw new Error(`${error.message}\n\`${command}\` printed:\n${running.printed()}`, {
        cause: error,
      });
    } finally {
      await running.stop();
    }
  },
});

async function serve(root) {
  const server = fastify({ forceCloseConnections: true });
  server.addHook('onRequest', async (_, reply) => {
    reply.header('access-control-allow-origin', '*');
  });
  server.register(fastifyStatic, { root });
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  return { origin, stop: () => server.close() };
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

async function answers(origin, program) {
  const end = Date.now() + 120_000;
  for (; !program.hasEnded(); await sleep(200)) {
    try {
      await (await fetch(origin, { signal: AbortSignal.timeout(60_000) })).body?.cancel();
      return;
    } catch {
      if (Date.now() > end) throw new Error('the server did not answer within 120 s');
    }
  }
  throw new Error('the server ended');
}
