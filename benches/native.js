/** The results of `cargo bench` for the core alone. */
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../scripts/lib/project.mjs';
import { run } from '../scripts/lib/run.mjs';
import { spread } from './results.js';

/** @returns {Promise<import('./report.js').FurtherTable>} */
export async function measureCore() {
  const folder = join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'criterion');
  rmSync(folder, { recursive: true, force: true });
  await run('cargo', ['bench', '--package', 'core-benchmarks'], { cwd: root });
  const files = readdirSync(folder, { recursive: true }).filter((file) =>
    file.endsWith(join('new', 'benchmark.json')),
  );
  return {
    title: 'The core alone, native',
    columns: ['', 'ns each', 'from', 'to'],
    rows: files.sort().map((file) => readBenchmark(join(folder, dirname(file)))),
  };
}

function readBenchmark(folder) {
  const read = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const { full_id: name, throughput } = read('benchmark.json');
  const { iters: iterations, times } = read('sample.json');
  const each = times.map((time, index) => time / iterations[index] / (throughput?.Elements ?? 1));
  const { median, min, max } = spread(each);
  return [name, ...[median, min, max].map((value) => Math.round(value).toLocaleString('en'))];
}
