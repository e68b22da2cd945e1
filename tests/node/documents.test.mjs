/**
 * Everything that the documentation names exists: tests, files, headings, and every row of the API.
 */
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

test('every test that docs/TESTS.md names exists', () => {
  const named = [...read('docs/TESTS.md').matchAll(/^ {2}- `(.*?)`: (.*)$/gm)];
  assert.ok(named.length > 200);
  const missing = named.filter(([, file, name]) => !hasTest(file, name));
  assert.deepEqual(
    missing.map(([line]) => line),
    [],
  );
});

for (const [document, title, fewest] of [
  ['docs/FAULTS.md', 'Faults', 50],
  ['docs/PYTHON.md', 'From Python to JavaScript', 40],
  ['docs/PROTOCOL.md', 'Protocol', 15],
]) {
  test(`every row of ${document} has its tests in docs/TESTS.md`, () => {
    const [, evidence] = read('docs/TESTS.md').split(`\n## ${title}\n`);
    const sections = evidence.split('\n## ')[0].split('\n### ').slice(1);
    const rows = sections.flatMap((section) => {
      const [heading] = section.split('\n');
      const listed = [...section.matchAll(/^- (.*)\n {2}- /gm)].map(([, row]) => row);
      assert.deepEqual(listed, rowsOf(document, heading));
      return listed;
    });
    assert.ok(rows.length > fewest);
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

/** The rows of a section's table, each by the first cell that says something. */
function rowsOf(document, heading) {
  const [, section] = read(document).split(`\n## ${heading}\n`);
  const [table] = /(^\|.*\n)+/m.exec(section);
  const rows = table.trim().split('\n').slice(2);
  return rows.map((row) => {
    const [first, second] = row.slice(2).split(' | ');
    return first === 'none' ? second.replace(/ \|$/, '') : first;
  });
}

function hasTest(file, name) {
  const source = withoutEscapes(read(file));
  if (file.endsWith('.rs')) return source.includes(`fn ${name}(`);
  return ["'", '"', '`'].some((quote) => source.includes(quote + withoutEscapes(name) + quote));
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

/** `hostname` and `deviceId` next to a token function count as arguments. */
function optionsOfFactories() {
  const declarations = read('pkg-template/index.d.ts');
  const names = ['ClientOptions', 'ConnectionStringOptions', 'GatewayOptions'];
  return names.flatMap((name) => {
    const [, body] = new RegExp(`interface ${name}\\b.*?\\{(.*?)^\\}`, 'ms').exec(declarations);
    return [...body.matchAll(/^ {2}(\w+)\?:/gm)].map(([, option]) => option);
  });
}
