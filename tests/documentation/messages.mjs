/** The product's error messages, from its sources; `…` replaces variable parts. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { readText, root } from '../../scripts/lib/project.mjs';

const sources = (folder, ending) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((file) => file.endsWith(ending))
    .map((file) => readText(join(folder, file)));

/** Removes comments, and quotes that do not begin a string. */
const rust = ['src/protocol', 'src/bridge']
  .flatMap((folder) => sources(folder, '.rs'))
  .map((code) =>
    code
      .replace(/#\[cfg\(test\)\].*/s, '')
      .replaceAll(/^\s*\/\/.*$/gm, '')
      .replaceAll(/b?'(?:\\.|[^'\\])'/g, "' '"),
  );
const javascript = sources('pkg-template', '.js').map((code) =>
  code.replaceAll(/^\s*\/\/.*$/gm, '').replaceAll(/^\s*\/\*.*?\*\//gms, ''),
);

const RUST_TEXT = /"((?:\\.|[^"\\])*)"/gs;
/** The first string in the call that creates an error, or in the sentence passed to it. */
const RUST_ERROR = new RegExp(
  `(?:Error::(?:client|new|invalid_argument|out_of_range|service)|Problem::custom)\\([^";]*${RUST_TEXT.source}`,
  'gs',
);
const JAVASCRIPT_PART = /(?:'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|"[^"\n]*")/.source;
const JAVASCRIPT_TEXT = `(${JAVASCRIPT_PART}(?:\\s*\\+\\s*${JAVASCRIPT_PART})*)`;
const JAVASCRIPT_ERROR = new RegExp(`(?:Error|errorCausedBy)\\(\\s*${JAVASCRIPT_TEXT}`, 'gs');

const firstGroups = (texts, pattern) =>
  texts.flatMap((text) => [...text.matchAll(pattern)].map(([, found]) => found));

const ofRust = (text) =>
  text
    .replaceAll(/\\\n\s*/g, '')
    .replaceAll(/\{[^}]*\}/g, '…')
    .replaceAll('\\"', '"');
const ofJavascript = (text) =>
  text
    .replaceAll(/['`"]\s*\+\s*['`"]/gs, '')
    .slice(1, -1)
    .replaceAll(/\$\{[^}]*\}/g, '…');

/**
 * Some messages are built before they are passed to an error: any text that reads like a sentence
 * counts.
 */
const isSentence = (text) =>
  (text.split(' ').length > 5 || /^the .* answered /.test(text)) && !text.includes('\n');

export const messages = [
  ...firstGroups(rust, RUST_ERROR).map(ofRust),
  ...firstGroups(rust, RUST_TEXT)
    .map(ofRust)
    .filter((text) => /^the (?:hub|server|provisioning service|enrollment) \w+ /.test(text)),
  ...firstGroups(javascript, JAVASCRIPT_ERROR).map(ofJavascript),
  ...firstGroups(javascript, new RegExp(JAVASCRIPT_TEXT, 'gs'))
    .map(ofJavascript)
    .filter(isSentence),
].filter((text) => /\p{L}{2}/u.test(text));
