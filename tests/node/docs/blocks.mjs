/** The blocks of code in docs/guide, each known by its page and the heading above it. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './programs.mjs';

const guide = join(root, 'docs', 'guide');

const FENCED = /^```(js|html)\n(.*?)^```$/gms;

/** @type {Map<string, {language: string, code: string}>} by `page.md: Heading` */
export const blocks = new Map(
  readdirSync(guide)
    .filter((name) => name.endsWith('.md'))
    .flatMap(blocksOf),
);

function blocksOf(page) {
  const text = readFileSync(join(guide, page), 'utf8');
  return text.split(/^## /m).flatMap((section) => {
    const [heading] = section.split('\n', 1);
    return [...section.matchAll(FENCED)].map(([, language, code], index) => {
      const name = index === 0 ? heading : `${heading}, block ${index + 1}`;
      return [`${page}: ${name}`, { language, code }];
    });
  });
}
