/** What git says has changed, and the suites that it can touch. */
import { Failure, outputOf } from './run.mjs';
import { root } from './project.mjs';

/** What every suite runs on. */
const machinery = [/^scripts\/(?!docs|start)/, /^package(-lock)?\.json$/, /^\.ci\//];

/** The suites that can notice what differs from the branch `main`, or on it from its last commit. */
export const selectChanged = (suites) => selectTouched(suites, changedFiles());

/** The suites that can notice a change of these files. */
export function selectTouched(suites, files) {
  const isRead = (file) => suites.some(({ reads }) => reads && matches(reads, file));
  // A file that no suite names could matter to any.
  const some = files.every((file) => !matches(machinery, file) && isRead(file));
  if (!some) return suites;
  return suites.filter(({ reads }) => !reads || files.some((file) => matches(reads, file)));
}

function changedFiles() {
  const base = git('merge-base', 'HEAD', 'main') ?? git('merge-base', 'HEAD', 'origin/main');
  const changed = git('diff', '--name-only', base ?? 'HEAD');
  const untracked = git('ls-files', '--others', '--exclude-standard');
  if (changed === undefined || untracked === undefined) {
    throw new Failure('--changed asks git what has changed, and git does not answer here.');
  }
  return `${changed}\n${untracked}`.split('\n').filter(Boolean);
}

const git = (...args) => outputOf('git', args, { cwd: root });

const matches = (patterns, file) => patterns.some((pattern) => pattern.test(file));
