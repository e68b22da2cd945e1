/**
 * The packed client does a device's whole job in every environment: a test for each cell of the
 * table environment × host.
 */
import { after, describe, test } from 'node:test';

import { startHub } from 'iothub-local';

import { Counterpart, assertDone, openHub, playTheHub } from './counterpart.mjs';
import { closeBrowsers, environments } from './environments.mjs';
import { openThrowAwayProjects } from './throw-away.mjs';

/** A test that hangs must fail, not block the run. */
const TIMEOUT = { timeout: 60_000 };

const projects = await openThrowAwayProjects();
const hub = await startHub();
const devices = await openHub(hub);
after(() => Promise.all([closeBrowsers(), projects.close(), hub.close()]));

const results = [];
for (const environment of environments) {
  describe(environment.name, () => {
    let prepared;
    for (const host of environment.hosts) {
      const result = { name: environment.name, host: host.name, outcome: 'FAILED' };
      results.push(result);
      test(`${environment.name} in ${host.name}`, { ...TIMEOUT, skip: host.missing }, async () => {
        prepared ??= prepare(environment);
        const { counterpart, ...project } = await prepared;
        await doTheJob(counterpart, (outcome) => host.run({ ...project, outcome }));
        result.outcome = 'passed';
      });
      if (host.missing) result.outcome = `NOT RUN: ${host.missing}`;
    }
    after(async () => {
      // The test that awaited it has failed already.
      const { counterpart, stop } = (await prepared?.catch(() => undefined)) ?? {};
      await stop?.();
      await counterpart?.close();
    });
  });
}

async function prepare({ name, prepare: build }) {
  const counterpart = new Counterpart();
  await counterpart.start();
  try {
    const folder = await projects.create(name, counterpart.url);
    const built = await build?.(folder, counterpart.url, hub.url, hub.url.replace('http', 'ws'));
    return { counterpart, folder, ...built };
  } catch (error) {
    // A server that stays open would keep the whole run from ending.
    await counterpart.close();
    throw error;
  }
}

/**
 * Runs the job with a new device, and checks that environment, device and hub agree on the outcome.
 */
async function doTheJob(counterpart, run) {
  const device = await devices.createDevice();
  const outcome = counterpart.outcomeOf(device);
  const [told] = await Promise.all([outcome, run(outcome), playTheHub(device)]);
  assertDone(told, projects.packed.version);
}

test('the table of results is printed', (t) => {
  for (const { name, host, outcome } of results) {
    t.diagnostic(`note: ${name.padEnd(40)} ${host.padEnd(16)} ${outcome}`);
  }
});
