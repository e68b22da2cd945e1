/** The blocks of code in all documents. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { root } from '../../scripts/lib/project.mjs';

/** Folders of packages contain dependencies, and documents only at the top level. */
const isFlat = (folder) => ['', 'hub', 'simulator', 'artillery'].includes(folder);

const documents = ['', 'docs', 'examples', 'hub', 'simulator', 'artillery'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: !isFlat(folder) })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file)),
);

export const blocks = documents.flatMap((document) => {
  const text = readFileSync(join(root, document), 'utf8');
  return [...text.matchAll(/^```(\S*) ?([^\n]*)\n(.*?)^```$/gms)].map((match) => {
    const [, language, name, code] = match;
    const line = text.slice(0, match.index).split('\n').length;
    return { document, line, language, name, code };
  });
});
