/** Code that readers copy compiles under `strict`, with the oldest and the newest TypeScript. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { before, test } from 'node:test';

import { root } from '../../scripts/lib/project.mjs';
import { blocks } from './blocks.mjs';

const folder = join(root, 'target/strict');
const PACKAGE = "'iothub-device-client'";
const DOCUMENTS = /^(?:README\.md|docs\/guide\/.*)$/;

/** What a program can import here: no frameworks, and no other files of its document. */
const KNOWN = /^(?:node:.*|iothub-device-client|\.\/node_modules\/.*)$/;
const isWhole = (code) =>
  [...code.matchAll(/ from '([^']+)'/g)].every(([, name]) => KNOWN.test(name));

/** The blocks that are programs; pages in the documents are not TypeScript. */
const programs = blocks
  .filter(({ document, language }) => DOCUMENTS.test(document) && /^[jt]s$/.test(language))
  .filter(({ name, code }) => isWhole(code) && !name.endsWith('.d.ts'))
  .map(({ document, line, name, code }) => ({
    file: `${document.replaceAll('/', '_')}_${line}${extensionOf(name, code)}`,
    // A page without a bundler names the file.
    code: code
      .replace("'./node_modules/iothub-device-client/index.browser.js'", PACKAGE)
      .replace(/'\.\/node_modules\/(iothub-device-client\/[a-z]+-store)\.js'/, "'$1'"),
  }));

/** TypeScript, unless its types are in comments. */
function extensionOf(name, code) {
  if (extname(name) === '.cjs') return '.cts';
  return /@(?:param|type) \{/.test(code) ? '.mjs' : '.mts';
}

/** All in one compilation: each block is a module, so they share only globals. */
const compilerOptions = {
  noEmit: true,
  strict: true,
  allowJs: true,
  checkJs: true,
  skipLibCheck: true,
  target: 'es2022',
  // Both declare their globals; conflicts between them are skipped with `skipLibCheck`.
  lib: ['es2022', 'dom', 'webworker'],
  module: 'nodenext',
  moduleDetection: 'force',
  types: ['node'],
  paths: { 'iothub-device-client': ['../../pkg-template/index.d.ts'] },
};

async function compile(version, include) {
  const project = join(folder, `${version}.json`);
  await writeFile(project, JSON.stringify({ compilerOptions, include }));
  const tsc = join(root, 'node_modules', version, 'bin/tsc');
  const args = [tsc, '--pretty', 'false', '--project', project];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (_, output, errors) => resolve(output + errors));
  });
}

before(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await Promise.all(programs.map(({ file, code }) => writeFile(join(folder, file), code)));
});

test('the code of README and guide compiles under strict', async () => {
  assert.equal(await compile('typescript', ['*']), '');
});

test('the same code compiles in TypeScript 5.0', async () => {
  assert.ok(programs.filter(({ file }) => file.endsWith('.mts')).length > 25);
  // In JavaScript, TypeScript cannot infer a handler's parameters.
  assert.equal(await compile('typescript-5.0', ['*.mts', '*.cts']), '');
});
