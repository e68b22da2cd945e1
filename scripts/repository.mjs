/**
 * `npm run repository -- owner/name`: writes the repository's owner and name on GitHub into every
 * file that has the placeholders for them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib/project.mjs';
import { Failure, outputOf, runAsProgram, say } from './lib/run.mjs';

// In two parts, so that this file does not contain the placeholder.
const PLACEHOLDERS = ['OWNER', 'REPOSITORY'];

await runAsProgram(() => {
  const [name = '', ...others] = process.argv.slice(2);
  const [, owner] = /^([A-Za-z\d][A-Za-z\d-]*)\/[\w.-]+$/.exec(name) ?? [];
  if (!owner || others.length > 0) throw new Failure('Usage: npm run repository -- owner/name');
  const places = [
    [PLACEHOLDERS.join('/'), name],
    [`@${PLACEHOLDERS[0]}`, `@${owner}`],
  ];
  const files = filesWith(places.map(([placeholder]) => placeholder));
  if (files.length === 0)
    throw new Failure('There are no placeholders: they have already been replaced.');
  for (const file of files) {
    const replace = (text, [placeholder, value]) => text.replaceAll(placeholder, value);
    const text = readFileSync(join(root, file), 'utf8');
    writeFileSync(join(root, file), places.reduce(replace, text));
  }
  say(`${name} is in ${files.join(', ')}.`);
});

function filesWith(texts) {
  const patterns = texts.flatMap((text) => ['-e', text]);
  const found = outputOf('git', ['grep', '-lIF', ...patterns], { cwd: root });
  return found?.split('\n').filter(Boolean) ?? [];
}
