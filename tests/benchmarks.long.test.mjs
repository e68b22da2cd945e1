/** The benchmarks measure every contender at every kind of job. Speed is not tested. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ROWS, RUNTIMES } from '../benches/rows.js';

const program = fileURLToPath(new URL('../benches/bench.js', import.meta.url));
/** One of each kind. */
const rows = ['telemetry-100-110-json', 'c2d', 'twin', 'start', 'idle-1', 'size'];

for (const [runtime, name] of Object.entries(RUNTIMES)) {
  test(`every contender can be measured in ${name}`, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'benchmarks-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'results.json');
    const few = ['--rounds', '1', '--seconds', '0.001', '--server', 'hub', '--only', rows.join()];
    const report = execFileSync(
      process.execPath,
      [program, ...few, '--before', 'pkg', '--runtime', runtime, '--json', file],
      { encoding: 'utf8', stdio: 'pipe' },
    );
    const results = JSON.parse(readFileSync(file, 'utf8'));
    assert.deepEqual(results.map(keyOf).sort(), expected(runtime).sort());
    for (const result of results) {
      assert.ok(result.values.every(Number.isFinite), `${keyOf(result)}: ${result.values}`);
    }
    assert.match(report, /\| row \| this client \| against \|/);
    assert.match(report, /\| this\/before \| this\/floor \| before\/floor \|/);
  });
}

test('a long run that fails says why and ends, though its hub and devices are still there', () => {
  const program = `
    import { createServer } from 'node:net';
    import { Failure, runAsProgram } from ${JSON.stringify(new URL('../scripts/lib/run.mjs', import.meta.url))};
    await runAsProgram(async () => {
      createServer().listen(0);
      throw new Failure('3 messages are lost.');
    });`;
  const args = ['--input-type=module', '--eval', program];
  const { status, stderr } = spawnSync(process.execPath, args, { timeout: 30_000 });
  assert.deepEqual([status, `${stderr}`.trim()], [1, '3 messages are lost.']);
});

const keyOf = ({ row, contender, metric }) => `${row} ${contender} ${metric}`;

function expected(runtime) {
  return ROWS.filter((row) => rows.includes(row.name))
    .filter((row) => row.runtimes?.includes(runtime) ?? true)
    .flatMap(({ name, contenders, metrics }) =>
      [...contenders, ...(contenders.includes('ours') ? ['before'] : [])].flatMap((contender) =>
        metrics
          .filter((metric) => metric !== 'cpu' || runtime === 'node')
          .map((metric) => keyOf({ row: name, contender, metric })),
      ),
    );
}
