/** Runs commands as a user types them, in a project's folder, and captures their output. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { nodes } from '../environments/programs.mjs';
import { versions } from './versions.mjs';

/** Newer tools need a newer Node.js than the oldest that the package supports. */
const node = nodes.find(({ name, missing }) => /^Node.js 24/.test(name) && !missing) ?? nodes[0];

const environment = {
  ...process.env,
  PATH: dirname(node.command[0]) + delimiter + process.env.PATH,
  // No prompts, no telemetry to the tools' makers.
  CI: '1',
  NO_COLOR: '1',
  NEXT_TELEMETRY_DISABLED: '1',
  ASTRO_TELEMETRY_DISABLED: '1',
  NUXT_TELEMETRY_DISABLED: '1',
  WRANGLER_SEND_METRICS: 'false',
  NG_CLI_ANALYTICS: 'false',
  npm_config_yes: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_prefer_offline: 'true',
  // No dependency of a tool may be newer than the pinned versions.
  npm_config_before: versions.before,
};

/** Fails with the output, also after a timeout. */
export async function run(command, cwd, seconds = 240) {
  const program = start(command, cwd);
  const timer = setTimeout(() => program.stop(), seconds * 1000);
  const code = await program.ended;
  clearTimeout(timer);
  if (code !== 0)
    throw new Error(`\`${command}\` ended with ${code ?? 'a signal'}:\n${program.printed()}`);
}

const running = new Set();

export const stopAll = () => running.forEach(({ stop }) => stop());

/** `{ended, hasEnded(), printed(), stop()}` of a command that may run until it is stopped. */
export function start(command, cwd) {
  // A separate process group, because `npx` starts processes that outlive it.
  const options = { cwd, env: environment, shell: true, detached: true };
  const child = spawn(command, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  const program = {
    ended: once(child, 'close').then(([code]) => {
      running.delete(program);
      return code;
    }),
    hasEnded: () => !running.has(program),
    printed: () => stripVTControlCharacters(output).trim().slice(-4000),
    stop() {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch (error) {
        // It may have ended just now.
        if (error.code !== 'ESRCH') throw error;
      }
      return program.ended;
    },
  };
  running.add(program);
  return program;
}
