/** Measures the cost of a fleet of `iothub-simulator run`, whose devices send every ten seconds. */
import { fork, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { callHub } from '../../scripts/start/back-end.mjs';

const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));
const HUB = pathOf('../../hub/bin/iothub-local.js');
const COMMAND = pathOf('../../simulator/bin/iothub-simulator.js');
const PROBE = pathOf('simulator-probe.js');

const PERIOD_MS = 10_000;

/** How many devices get a method call. */
const CALLED = 100;

/** Thousands of calls at the same time are more than the hub accepts. */
const CALLS_AT_ONCE = 50;

const scene = {
  version: 2,
  title: 'Scale',
  kinds: [
    {
      name: 'thermostat',
      count: 1,
      behaviour: {
        telemetry: [
          {
            name: 'telemetry',
            template: '{"temperature": "{{walk 18 26 0.2}}", "humidity": "{{range 40 60}}"}',
            periodMs: PERIOD_MS,
            jitter: 0.5,
            properties: {},
            contentType: 'application/json',
            contentEncoding: 'utf-8',
            isOn: true,
          },
        ],
        twin: { reported: { firmware: '1.4.2' }, followsDesired: true },
        methods: [{ name: 'reboot', delayMs: 0, status: 200, payload: '"{{time}}"' }],
      },
    },
  ],
};

/**
 * @typedef {object} FleetCost
 * @property {number} devices
 * @property {number} cpu of the command, in seconds per second
 * @property {number} resident bytes of the command's process
 * @property {number} rate messages per device and second
 * @property {number} answered of the method calls
 * @property {number} called
 * @property {number} backSeconds from the first dropped connection until all devices are connected
 *   again
 * @property {number} failedAttempts to connect in that time
 * @property {number} acknowledged
 * @property {number} atHub messages that the hub has: one whose acknowledgement was lost with its
 *   connection may be there twice
 * @property {number} lost of those that were sent
 *
 * @param {{devices: number, seconds: number}} job
 * @returns {Promise<FleetCost>}
 */
export async function measureFleet({ devices, seconds }) {
  const folder = await mkdtemp(join(tmpdir(), 'scale-'));
  const hub = await startHub();
  try {
    await writeFile(join(folder, 'scene.json'), JSON.stringify(scene));
    const command = startCommand(folder, hub, devices);
    await command.until(({ connected }) => connected === devices);
    // By then, each device has sent, and connecting costs nothing any more.
    const { acknowledged } = await command.next();
    await command.until((state) => state.acknowledged >= acknowledged + devices);
    const first = await command.probe();
    const before = await command.next();
    const [answered] = await Promise.all([callMethods(hub, devices), sleep(seconds * 1000)]);
    const last = await command.probe();
    const after = await command.next();
    const backSeconds = await dropAll(hub, command, devices);
    const { totals, errors } = await command.stop();
    return {
      devices,
      cpu: (last.cpu - first.cpu) / (last.at - first.at),
      resident: last.resident,
      rate:
        (after.acknowledged - before.acknowledged) /
        devices /
        ((after.elapsedMs - before.elapsedMs) / 1000),
      ...answered,
      backSeconds,
      failedAttempts: errors.ConnectionFailedError ?? 0,
      acknowledged: totals.acknowledged,
      atHub: await countAtHub(hub, devices),
      lost: totals.lost,
    };
  } finally {
    hub.child.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The hub and the command each have their own process. */
async function startHub() {
  const child = spawn(process.execPath, [HUB, '--port', '0', '--json', '--quiet'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { authorization, ...first } = JSON.parse(line);
  return { child, ...first, authorization: () => authorization };
}

function startCommand(cwd, { endpoint, serviceConnectionString }, devices) {
  const fleet = ['--devices', String(devices), '--ramp', '200/s', '--keep', '--report', 'report'];
  const line = ['run', 'scene.json', '--json', '--service', '--endpoint', endpoint, ...fleet];
  const child = fork(COMMAND, line, {
    cwd,
    execArgv: ['--import', PROBE],
    env: { ...process.env, IOTHUB_SERVICE_CONNECTION_STRING: serviceConnectionString },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit').then(([code]) => code);
  const states = new EventEmitter();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { event, ...state } = JSON.parse(line);
    states.emit(event, state);
  });
  const tooEarly = exited.then(() => {
    throw new Error('the command has ended; its output is above');
  });
  tooEarly.catch(() => {});
  /** The next state, which the command has not reported yet. */
  const next = async () => {
    const [state] = await Promise.race([once(states, 'progress'), tooEarly]);
    return state;
  };
  return {
    next,
    async until(condition) {
      for (;;) {
        const state = await next();
        if (condition(state)) return state;
      }
    },
    async probe() {
      child.send('probe');
      const [answer] = await once(child, 'message');
      return answer;
    },
    async stop() {
      child.kill('SIGINT');
      const code = await exited;
      if (code !== 0) throw new Error(`the command ended with exit code ${code}`);
      return JSON.parse(await readFile(join(cwd, 'report.json'), 'utf8'));
    },
  };
}

/**
 * Drops all connections, one after the other; resolves with the seconds until all devices are back.
 */
async function dropAll(hub, command, devices) {
  const begun = performance.now();
  const ids = Array.from({ length: devices }, (_, index) => `sim-${index + 1}`);
  const dropNext = async () => {
    for (let id = ids.pop(); id; id = ids.pop()) {
      await callHub(hub, 'POST', `/local/devices/${id}/disconnect`).catch((error) => {
        // The hub is busy with reconnecting devices and accepts no connection: retry.
        if (error.cause?.code !== 'UND_ERR_CONNECT_TIMEOUT') throw error;
        ids.push(id);
      });
    }
  };
  const dropped = Promise.all(Array.from({ length: CALLS_AT_ONCE }, dropNext));
  const isBack = ({ connected, errors }) =>
    connected === devices && errors.ConnectionDroppedError >= devices;
  await Promise.all([dropped, command.until(isBack)]);
  return (performance.now() - begun) / 1000;
}

async function callMethods(hub, devices) {
  const called = Math.min(CALLED, devices);
  let answered = 0;
  for (let number = 0; number < called; number += 1) {
    const id = `sim-${1 + Math.floor((number * devices) / called)}`;
    const body = { methodName: 'reboot', payload: null, responseTimeoutInSeconds: 30 };
    const path = `/twins/${id}/methods?api-version=2021-04-12`;
    const { status } = await callHub(hub, 'POST', path, body);
    if (status === 200) answered += 1;
  }
  return { called, answered };
}

async function countAtHub(hub, devices) {
  let count = 0;
  for (let number = 1; number <= devices; number += 1) {
    const { messages } = await callHub(hub, 'GET', `/local/devices/sim-${number}/telemetry`);
    count += messages.length;
  }
  return count;
}
