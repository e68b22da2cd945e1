/** `npm run docs` builds a complete site: no warnings, no broken links. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

import * as iothub from '../../pkg/index.node.js';
import { root } from '../../scripts/lib/project.mjs';

const site = join(root, 'target', 'docs');
let output;

before(() => {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['scripts/docs.mjs'], {
    cwd: root,
    encoding: 'utf8',
  });
  output = stdout + stderr;
  assert.equal(status, 0, output);
});

test('the site is built without a warning', () => {
  assert.doesNotMatch(output, /warning/i);
});

test('every link of the site leads to a file and a place in it', () => {
  const pages = readdirSync(site, { recursive: true }).filter((file) => file.endsWith('.html'));
  const links = pages.flatMap((page) => linksOf(join(site, page)));
  assert.ok(links.some(({ to }) => to.hash));
  const broken = links.filter(({ to }) => !leadsSomewhere(to));
  assert.deepEqual(
    broken.map(({ from, link }) => `${from}: ${link}`),
    [],
  );
});

test('every page of the documentation is on the site', () => {
  const folder = join(site, 'documents');
  const pages = readdirSync(folder).map((page) => read(join(folder, page)));
  const documents = readdirSync(join(root, 'docs'), { recursive: true }).filter((file) =>
    file.endsWith('.md'),
  );
  const missing = documents.filter((file) => {
    const [heading] = /(?<=^# ).*$/m.exec(read(join(root, 'docs', file)));
    return !pages.some((page) => page.includes(`<title>${heading} |`));
  });
  assert.deepEqual(missing, []);
});

test('every export has its page', () => {
  const pages = readdirSync(site, { recursive: true });
  for (const name of Object.keys(iothub)) {
    assert.ok(
      pages.some((page) => page.endsWith(`iothub-device-client.${name}.html`)),
      name,
    );
  }
});

test('the site includes the documentation of the core', () => {
  assert.ok(existsSync(join(site, 'core/iothub_device_client/protocol/client/struct.Client.html')));
  assert.match(read(join(site, 'index.html')), /href="core\/iothub_device_client\/index\.html"/);
});

const read = (file) => readFileSync(file, 'utf8');
const entities = { amp: '&', quot: '"', lt: '<', gt: '>', '#39': "'" };
const decode = (text) => text.replaceAll(/&(amp|quot|lt|gt|#39);/g, (_, name) => entities[name]);

/** The links of a page to the site itself. */
function linksOf(file) {
  const base = pathToFileURL(file);
  const found = read(file).matchAll(/<[a-z][^>]*?\s(?:href|src)="([^"]*)"/g);
  return [...found]
    .map(([, link]) => ({ from: relative(site, file), link, to: new URL(decode(link), base) }))
    .filter(({ to }) => to.protocol === 'file:');
}

const texts = new Map();

function leadsSomewhere({ href, hash }) {
  const file = fileURLToPath(href.replace(/[?#].*$/, '').replace(/\/$/, '/index.html'));
  if (!existsSync(file) || !statSync(file).isFile()) return false;
  const id = hash.slice(1);
  // rustdoc creates the anchors of source lines with a script.
  if (id === '' || href.includes('/core/src/')) return true;
  if (!texts.has(file)) texts.set(file, decode(read(file)));
  return [id, decodeURIComponent(id)].some((text) => texts.get(file).includes(`id="${text}"`));
}
