/** The README for publication: relative links do not work outside the repository. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, root } from './project.mjs';

const PICTURE = /\.(?:webp|png|svg)$/;

export function readmeOfPackage() {
  const { homepage } = readJson('pkg-template/package.json');
  const repository = homepage.replace('#readme', '');
  const addressOf = (path) => `${repository}/${PICTURE.test(path) ? 'raw' : 'blob'}/main/${path}`;
  return readFileSync(join(root, 'README.md'), 'utf8').replaceAll(
    /\]\((?!https?:|#)([^)]+)\)/g,
    (_, path) => `](${addressOf(path)})`,
  );
}
