/**
 * The container and compose files, as far as they can be tested without Docker: the copied files
 * exist, and with their commands the hub starts, keeps data and is healthy.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dockerfile = readFileSync(join(root, 'hub/Dockerfile'), 'utf8').replaceAll('\\\n', '');
const compose = parse(readFileSync(join(root, 'hub/compose.yaml'), 'utf8'));
const service = compose.services['iothub-local'];

/** The arguments of an instruction, each as text. */
const instructions = (name) =>
  [...dockerfile.matchAll(new RegExp(`^${name} +(.*)$`, 'gm'))].map(([, text]) => text.trim());

/** An instruction in its form as a list. */
const listOf = (text) => JSON.parse(text.slice(text.indexOf('[')));

/** Runs the hub as the container does, at a free port and with separate data. */
async function start(t, args) {
  const data = await mkdtemp(join(tmpdir(), 'iothub-local-'));
  const [program, ...entry] = listOf(instructions('ENTRYPOINT')[0]);
  assert.equal(program, 'node');
  const own = entry.map((each) => (each === '/data' ? data : each));
  const all = [...own, ...args, '--port', '0', '--json'];
  const child = spawn(process.execPath, all, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(async () => {
    child.kill('SIGKILL');
    await rm(data, { recursive: true, force: true });
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, data, ...JSON.parse(line) };
}

const checkHealth = ([program, ...args], { url }) => {
  assert.equal(program, 'node');
  const own = args.map((each) => each.replace('http://127.0.0.1:8080', url));
  return promisify(execFile)(process.execPath, own);
};

test('the files that the Dockerfile copies exist', () => {
  const sources = instructions('COPY').flatMap((text) => text.split(/\s+/).slice(0, -1));
  assert.ok(sources.length > 0);
  for (const source of sources) assert.ok(existsSync(join(root, source)), source);
  assert.equal(service.build.dockerfile, 'hub/Dockerfile');
});

test('its command starts a hub, and its health check says whether the hub runs', async (t) => {
  const hub = await start(t, listOf(instructions('CMD')[0]));
  assert.ok(existsSync(join(hub.data, 'format')), 'it keeps its data in /data');
  assert.equal(hub.devices[0].deviceId, 'device1');
  const check = listOf(instructions('HEALTHCHECK')[0]);
  await checkHealth(check, hub);
  hub.child.kill('SIGTERM');
  await once(hub.child, 'exit');
  await assert.rejects(checkHealth(check, hub), { code: 1 });
});

test('the compose file starts it with the page, for this machine alone', async (t) => {
  for (const port of service.ports) assert.match(port, /^127\.0\.0\.1:/);
  const hub = await start(t, service.command);
  assert.equal((await fetch(hub.url)).status, 200);
  const [kind, ...check] = service.healthcheck.test;
  assert.equal(kind, 'CMD');
  await checkHealth(check, hub);
});
