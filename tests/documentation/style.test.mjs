/** Documentation and comments are free of the phrases that docs/STYLE.md replaces. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { root } from '../../scripts/lib/project.mjs';

const phrases = [
  'whoever',
  'but for (?:the|those|this|that|what|a|an)\\b',
  'sees? to it that',
  '(?:gives?|tells?) whether',
  '(?:is|are) told (?:of|when|what|whether|that)\\b',
  'anew',
  'none of the others',
  'in the place of',
  'what is to be',
  'made again',
  'proves? who it is',
  'fulfils',
  'as long may',
  'as (?:it|they) stands?\\b',
  '(?:by|of) (?:itself|themselves)',
  'somebody',
  'whom\\b',
  '(?:is|are) to be\\b',
  'in place of',
  '(?:asked|tried) again',
  'for so long',
  'where there is (?:none|no)\\b',
  '(?<!there )(?:is|are) no (?:JSON|text|string|object|number|part|packet|error|message|scene)\\b',
  'all the same\\b',
];
const forbidden = new RegExp(`\\b(?:${phrases.join('|')})`, 'gi');

/** Lists of the phrases. */
const exempt = /^(?:docs\/(?:STYLE|TESTS)\.md|tests\/documentation\/style\.test\.mjs)$/;

test('documents and comments say it in plain English', () => {
  const files = execFileSync(
    'git',
    ['ls-files', '*.md', '*.ts', '*.rs', '*.js', '*.mjs', '*.jsx'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  const found = files
    .trim()
    .split('\n')
    .filter((file) => !exempt.test(file))
    .flatMap((file) =>
      proseOf(file, readFileSync(join(root, file), 'utf8')).flatMap(({ line, text }) =>
        [...text.matchAll(forbidden)].map(([phrase]) => `${file}:${line}: ${phrase}`),
      ),
    );
  assert.deepEqual(found, []);
});

/** The lines of a document without its code, or the comments of a source. */
function proseOf(file, source) {
  const isDocument = file.endsWith('.md');
  const text = isDocument
    ? source.replaceAll(/^```.*?^```$/gms, (code) => code.replaceAll(/.+/g, ''))
    : source;
  return text.split('\n').flatMap((line, index) => {
    const prose = isDocument ? line.replaceAll(/`[^`]*`|"[^"]*"/g, '') : commentOf(line);
    return prose === '' ? [] : [{ line: index + 1, text: prose }];
  });
}

const commentOf = (line) => /(?:^|\s)(?:\/\/[/!]?|\/\*\*?|\*) (.*)$/.exec(line)?.[1] ?? '';
