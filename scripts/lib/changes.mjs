/** The changed files according to git, and the suites that they can affect. */
import { Failure, outputOf } from './run.mjs';
import { root } from './project.mjs';

/** Files that every suite depends on. */
const machinery = [/^scripts\/(?!docs|start)/, /^package(-lock)?\.json$/, /^\.ci\//];

/** The suites affected by changes since the branch `main`, or, on `main`, since its last commit. */
export const selectChanged = (suites) => selectTouched(suites, changedFiles());

/** The suites affected by a change of these files. */
export function selectTouched(suites, files) {
  const isRead = (file) => suites.some(({ reads }) => reads && matches(reads, file));
  // A file that no suite names could affect any of them.
  const some = files.every((file) => !matches(machinery, file) && isRead(file));
  if (!some) return suites;
  return suites.filter(({ reads }) => !reads || files.some((file) => matches(reads, file)));
}

function changedFiles() {
  const base = git('merge-base', 'HEAD', 'main') ?? git('merge-base', 'HEAD', 'origin/main');
  const changed = git('diff', '--name-only', base ?? 'HEAD');
  const untracked = git('ls-files', '--others', '--exclude-standard');
  if (changed === undefined || untracked === undefined) {
    throw new Failure('--changed needs git to find what has changed, and git fails here.');
  }
  return `${changed}\n${untracked}`.split('\n').filter(Boolean);
}

const git = (...args) => outputOf('git', args, { cwd: root });

const matches = (patterns, file) => patterns.some((pattern) => pattern.test(file));
