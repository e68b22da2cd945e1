/** A reporter of `node --test`: for each test that failed, the command that runs it alone. */
import { relative, resolve } from 'node:path';
import { root } from './project.mjs';
import { rerunLine } from './rerun.mjs';

/** The test files of this run, as it was called. */
const files = process.argv.slice(1).map((file) => relative(root, resolve(file)));

export default async function* commands(events) {
  for await (const { type, data } of events) {
    // A test that failed only because a subtest did.
    if (type !== 'test:fail' || data.details?.error?.failureType === 'subtestsFailed') continue;
    const file = data.file ? relative(root, data.file) : data.name;
    // If a file cannot be loaded, the failed test is the file.
    const isFile = data.file === undefined || data.name.endsWith(file);
    // No `^`: newer versions of Node.js compare with the names of the tests around it, too.
    const pattern = `${data.name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`;
    const options = isFile ? [] : [`--test-name-pattern=${pattern}`];
    // A test that a helper declares is in one of them, but Node.js names the helper's file.
    const where = isFile || files.includes(file) ? [file] : files;
    yield rerunLine(['node', '--test', ...options, ...where]);
  }
}
