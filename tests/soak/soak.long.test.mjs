/** `npm run soak` for some seconds, so that the long run keeps working. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const soak = fileURLToPath(new URL('soak.mjs', import.meta.url));

test('a few devices lose nothing at a hub on which things go wrong', async () => {
  const args = [soak, '--minutes', '0.1', '--devices', '4'];
  const { stdout } = await promisify(execFile)(process.execPath, args);

  const faults = figures(stdout, 'what went wrong');
  assert.ok(
    Object.values(faults).some((count) => count > 0),
    stdout,
  );
  const telemetry = figures(stdout, 'telemetry');
  assert.ok(telemetry.accepted > 0 && telemetry.atHub >= telemetry.accepted, stdout);
  const messages = figures(stdout, 'cloud-to-device messages');
  assert.ok(messages.queued > 0 && messages.received >= messages.queued, stdout);
  assert.deepEqual([telemetry.lost, messages.lost], [0, 0]);
  assert.match(stdout, /^memory at the end: heap \d/m);
});

/** What the command has printed under a name. */
function figures(output, name) {
  const [, printed] = new RegExp(`^${name}: \\{([^}]*)\\}`, 'm').exec(output);
  const pairs = printed.matchAll(/([\w -]+)'?: (\d+)/g);
  return Object.fromEntries([...pairs].map(([, what, count]) => [what.trim(), Number(count)]));
}
