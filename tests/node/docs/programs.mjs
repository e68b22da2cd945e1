/** Node.js programs that tests start, and the hub that they use. */
import { spawn } from 'node:child_process';
import { after, test as nodeTest } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startHub } from 'iothub-local';

import { deriveDeviceKey } from '../../../pkg/index.node.js';
import { BackEnd, callHub } from '../../../scripts/start/back-end.mjs';
import { within } from '../../../scripts/start/waiting.mjs';

const TEST_MILLISECONDS = 60_000;
const WAIT_SECONDS = 20;

export const root = fileURLToPath(new URL('../../..', import.meta.url));

export const hub = await startHub({ https: true });
after(() => hub.close());

export function test(name, work, timeout = TEST_MILLISECONDS) {
  nodeTest(name, { timeout }, work);
}

let created = 0;

/** The hub as a gateway, with TLS, for programs without the option `endpoint`. */
export const gateway = new URL(hub.secureUrl).host;

/** A new device at the hub; the default name needs escaping in URLs and tokens. */
export function createDevice(name = `device'${(created += 1)}`) {
  return BackEnd.createDevice(hub, name);
}

/** The environment with which a program acts as this device. */
export const environmentOf = ({ connectionString, endpoint }) => ({
  IOTHUB_DEVICE_CONNECTION_STRING: connectionString,
  IOTHUB_ENDPOINT: endpoint,
});

/** What a program needs to register as a device of a group: a new one, of this name. */
export async function createRegistrant(registrationId) {
  const group = { enrollmentGroupId: registrationId, attestation: { type: 'symmetricKey' } };
  const path = `/enrollmentGroups/${registrationId}?api-version=2021-10-01`;
  const { attestation } = await callHub(hub, 'PUT', path, group);
  const { primaryKey } = attestation.symmetricKey;
  return {
    PROVISIONING_IDSCOPE: hub.idScope,
    PROVISIONING_REGISTRATION_ID: registrationId,
    PROVISIONING_GROUP_KEY: primaryKey,
    PROVISIONING_SYMMETRIC_KEY: deriveDeviceKey(primaryKey, registrationId),
    IOTHUB_ENDPOINT: hub.endpoint,
  };
}

/**
 * Starts Node.js, in the project's root by default; it does not outlive the test.
 * @param {string[]} args
 * @param {Record<string, string>} env on top of the environment
 * @param {{code?: string, cwd?: string}} [options] `code` is a module for its standard input
 */
export function startProgram(t, args, env, options) {
  return startCommand(t, [process.execPath, ...args], env, options);
}

/** Starts any program, as `startProgram` does. */
export function startCommand(t, [program, ...args], env, { code, cwd = root } = {}) {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env } });
  t.after(() => child.kill('SIGKILL'));
  child.stdin.end(code);
  return new Program(child);
}

class Program {
  #child;
  #closed;
  output = '';
  errors = '';

  constructor(child) {
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (text) => (this.output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (this.errors += text));
    this.#closed = new Promise((resolve) => child.once('close', resolve));
  }

  /** Resolves with the match of `pattern` in its output. */
  async printed(pattern, seconds = WAIT_SECONDS) {
    const match = new Promise((resolve) => {
      const look = () => pattern.test(this.output) && resolve(pattern.exec(this.output));
      this.#child.stdout.on('data', look);
      look();
    });
    const ended = this.#closed.then(() => {
      throw new Error(`the program ended without printing ${pattern}: ${this.errors}`);
    });
    return within(seconds, Promise.race([match, ended]), `${pattern} was not printed`);
  }

  /** Waits for its end. Resolves with its exit code. */
  ended() {
    return within(WAIT_SECONDS, this.#closed, 'the program is still running');
  }

  /** Ends it as Ctrl-C does. */
  interrupt() {
    this.#child.kill('SIGINT');
    return this.ended();
  }

  /** Kills it. */
  kill() {
    this.#child.kill('SIGKILL');
    return this.ended();
  }
}
