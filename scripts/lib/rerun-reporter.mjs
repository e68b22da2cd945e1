/** A reporter of `node --test`: for each test that failed, the command that runs it alone. */
import { relative } from 'node:path';
import { root } from './project.mjs';
import { rerunLine } from './rerun.mjs';

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
    yield rerunLine(['node', '--test', ...options, file]);
  }
}
