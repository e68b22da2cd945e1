/** What the documentation names is there: tests, files, headings, and every row of the API. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { IoTHubDeviceClient } from '../../pkg/index.node.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path) => readFileSync(join(root, path), 'utf8');
const list = (folder, ending) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file));

const documents = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'hub/README.md'],
  ...list('docs', '.md'),
  ...list('examples', '.md'),
];

for (const [document, fewest] of [
  ['docs/PYTHON.md', 40],
  ['docs/FAULTS.md', 50],
]) {
  test(`every test that ${document} names exists`, () => {
    const text = read(document);
    assert.deepEqual([...missingTests(text), ...missingRustTests(text)], []);
  });

  test(`every row of ${document} names a test`, () => {
    const tables = read(document)
      .split(/\n\n/)
      .filter((part) => part.includes('| tests |'));
    const rows = tables.flatMap((table) => table.trim().split('\n').slice(2));
    assert.ok(rows.length > fewest);
    assert.deepEqual(
      rows.filter((row) => !/`: "|`\w+::/.test(row)),
      [],
    );
  });
}

test('every link leads to a file and a heading', () => {
  const broken = documents.flatMap((document) =>
    [...read(document).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)]
      .filter(([, link]) => !leadsSomewhere(document, link))
      .map(([, link]) => `${document}: ${link}`),
  );
  assert.deepEqual(broken, []);
});

test('every member of the client and every option has its row in docs/PYTHON.md', () => {
  const cells = read('docs/PYTHON.md')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split(' | ')[1]);
  const hasRow = (name) => cells.some((cell) => new RegExp(`\`${name}\\b`).test(cell));
  const names = [...membersOfClient(), ...optionsOfFactories()];
  assert.ok(names.includes('updateSasToken') && names.includes('keepAlive'));
  assert.deepEqual(
    names.filter((name) => !hasRow(name)),
    [],
  );
});

/** `file`: "title", "title" */
function missingTests(text) {
  const missing = [];
  const references = /`([\w/-]+)`: ((?:"(?:\\"|[^"])*"(?:, )?)+)/g;
  for (const [, name, titles] of text.matchAll(references)) {
    const rows = name.replace(/^rows\//, 'tests/conformance/rows/');
    const file = rows === name ? `tests/node/${name}.test.mjs` : `${rows}.js`;
    const source = existsSync(join(root, file)) ? withoutEscapes(read(file)) : '';
    for (const [, title] of titles.matchAll(/"((?:\\"|[^"])*)"/g)) {
      const wanted = withoutEscapes(title);
      const isThere = ["'", '"', '`'].some((quote) => source.includes(quote + wanted + quote));
      if (!isThere) missing.push(`${file}: ${wanted}`);
    }
  }
  return missing;
}

/** `file::name` */
function missingRustTests(text) {
  const references = [...text.matchAll(/`(\w+)::(\w+)`/g)];
  return references
    .filter(([, file, name]) => !read(`tests/protocol/${file}.rs`).includes(`fn ${name}(`))
    .map(([reference]) => reference);
}

const withoutEscapes = (text) => text.replaceAll('\\', '');

function leadsSomewhere(document, link) {
  const [path, heading] = link.split('#');
  const target = path === '' ? document : relative('.', join(dirname(document), path));
  if (!existsSync(join(root, target))) return false;
  if (heading === undefined) return true;
  if (statSync(join(root, target)).isDirectory()) return false;
  const headings = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return headings.includes(heading);
}

function membersOfClient() {
  const statics = Object.getOwnPropertyNames(IoTHubDeviceClient).filter(
    (name) => typeof IoTHubDeviceClient[name] === 'function',
  );
  const members = Object.getOwnPropertyNames(IoTHubDeviceClient.prototype);
  return [...statics, ...members].filter((name) => name !== 'constructor');
}

/** `hostname` and `deviceId` beside a function are arguments in all but name. */
function optionsOfFactories() {
  const declarations = read('pkg-template/index.d.ts');
  const names = ['ClientOptions', 'ConnectionStringOptions', 'GatewayOptions'];
  return names.flatMap((name) => {
    const [, body] = new RegExp(`interface ${name}\\b.*?\\{(.*?)^\\}`, 'ms').exec(declarations);
    return [...body.matchAll(/^ {2}(\w+)\?:/gm)].map(([, option]) => option);
  });
}
