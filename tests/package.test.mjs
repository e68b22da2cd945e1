/**
 * The package that `npm pack` creates from pkg/ installs into an empty project and can be imported
 * there.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

import { bytesOf, textOf } from '../pkg-template/ascii.js';
import { crateField, readJson, root } from '../scripts/lib/project.mjs';
import { outputOf } from '../scripts/lib/run.mjs';
import { nameFunctions } from '../scripts/names.mjs';
import { openThrowAwayProjects } from './environments/throw-away.mjs';

const pkg = join(root, 'pkg');

/**
 * Every file that users get. New files must be added here and in the template's `files` on purpose.
 */
const publishedFiles = [
  'LICENSE',
  'README.md',
  'THIRD-PARTY-NOTICES.txt',
  'certificate-request.cjs',
  'certificate-request.d.cts',
  'certificate-request.d.ts',
  'certificate-request.js',
  'index.browser.cjs',
  'index.browser.js',
  'index.d.cts',
  'index.d.ts',
  'index.node.cjs',
  'index.node.js',
  'indexeddb-store.cjs',
  'indexeddb-store.d.cts',
  'indexeddb-store.d.ts',
  'indexeddb-store.js',
  'iothub_device_client_bg.wasm',
  'iothub_device_client_bg.wasm.d.cts',
  'iothub_device_client_bg.wasm.d.ts',
  'level-store.cjs',
  'level-store.d.cts',
  'level-store.d.ts',
  'level-store.js',
  'own-store.cjs',
  'own-store.d.cts',
  'own-store.d.ts',
  'own-store.js',
  'package.json',
  'slim.browser.js',
  'slim.d.cts',
  'slim.d.ts',
  'slim.node.cjs',
  'slim.node.js',
  'slim.workerd.js',
];

const exportedNames = [
  'ClientError',
  'ConnectionDroppedError',
  'ConnectionFailedError',
  'CredentialError',
  'IoTHubDeviceClient',
  'Message',
  'MethodRequest',
  'MethodResponse',
  'NoConnectionError',
  'OperationCancelled',
  'OperationTimeout',
  'ProvisioningDeviceClient',
  'ServiceError',
  'X509',
  'deriveDeviceKey',
  'version',
];

const { folder, packed, close } = await openThrowAwayProjects();
after(close);

const packedFiles = packed.files.map((file) => file.path);

test('the tarball holds the published files and nothing else', () => {
  assert.deepEqual(packedFiles.sort(), publishedFiles.sort());
});

test('the tarball holds exactly one WebAssembly module', () => {
  assert.equal(packedFiles.filter((file) => file.endsWith('.wasm')).length, 1);
});

test('nothing in the tarball turns text into code', async () => {
  for (const name of packedFiles.filter((name) => /\.c?js$/.test(name))) {
    const code = await readFile(join(pkg, name), 'utf8');
    assert.doesNotMatch(code, /\beval\b|\bFunction\s*\(|set(?:Timeout|Interval)\(\s*['"`]/, name);
  }
});

test('nothing in the tarball names a folder of the machine that built it', async () => {
  for (const file of publishedFiles) {
    const text = await readFile(join(pkg, file), 'latin1');
    assert.ok(!text.includes(root), file);
  }
});

test('the manifest names every published file', async () => {
  const manifest = JSON.parse(await readFile(join(pkg, 'package.json'), 'utf8'));
  assert.deepEqual([...manifest.files, 'package.json'].sort(), publishedFiles.sort());
});

test('no link of the published README depends on where it is read', async () => {
  const { homepage } = readJson('pkg-template/package.json');
  const repository = homepage.replace('#readme', '');
  const readme = await readFile(join(pkg, 'README.md'), 'utf8');
  const links = Array.from(readme.matchAll(/\]\(([^)]+)\)|(?:src|href)="([^"]+)"/g));
  const targets = links.map(([, markdown, html]) => markdown ?? html);
  const own = targets.filter((target) => target.startsWith(repository));
  assert.ok(own.length > 20);
  for (const target of own) {
    const [, kind, path] = /\/(raw|blob)\/main\/([^#]+)/.exec(target);
    assert.ok(existsSync(join(root, path)), target);
    assert.equal(kind, /\.webp$/.test(path) ? 'raw' : 'blob');
  }
  const others = targets.filter((target) => !target.startsWith(repository));
  assert.deepEqual(
    others.filter((target) => !/^(?:https:|#)/.test(target)),
    [],
  );
});

test('the package can be imported', async () => {
  const script = `import * as client from 'iothub-device-client'; ${printsNames}`;
  assert.deepEqual(await namesPrintedBy('import.mjs', script), exportedNames);
});

test('the package can be required', async () => {
  const script = `const client = require('iothub-device-client'); ${printsNames}`;
  assert.deepEqual(await namesPrintedBy('require.cjs', script), exportedNames);
});

test('the JavaScript of pages contains the module of the separate file, as text without escapes', async () => {
  const javaScript = await readFile(join(pkg, 'index.browser.js'), 'utf8');
  const [text] = javaScript.match(/(?<=")[ !#-;=-[\]-~]{100000,}(?=")/) ?? [];
  const module = await readFile(join(pkg, 'iothub_device_client_bg.wasm'));
  assert.deepEqual(Buffer.from(bytesOf(text)), module);
});

test('every pair of bytes is read back from its text', () => {
  const bytes = Uint8Array.from({ length: 2 * 256 * 256 }, (_, index) =>
    index % 2 === 0 ? index / 512 : (index - 1) / 2,
  );
  assert.deepEqual(bytesOf(textOf(bytes)), bytes);
});

const printsNames = 'console.log(JSON.stringify(Object.keys(client).sort()));';

async function namesPrintedBy(file, script) {
  await writeFile(join(folder, file), script);
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder });
  return JSON.parse(stdout);
}

test('the version of the crate is that of the manifest and of the module', async () => {
  const { version } = await import('../pkg/index.node.js');
  assert.deepEqual([packed.version, version], [crateField('version'), crateField('version')]);
  assert.equal(readJson('pkg-template/package.json').version, undefined);
});

test('every crate that is linked into the module is in the notices with its licence', async () => {
  const notices = await readFile(join(pkg, 'THIRD-PARTY-NOTICES.txt'), 'utf8');
  const [, ...sections] = notices.split(/^-{78}\n/m);
  const crates = sections.filter((_, index) => index % 2 === 0).join('');
  const licences = sections.filter((_, index) => index % 2 === 1);
  const named = [...crates.matchAll(/^([\w-]+ \d\S*) \(/gm)].map(([, crate]) => crate);
  assert.deepEqual(named.sort(), linkedCrates());
  for (const licence of licences) {
    assert.match(licence, /Permission is hereby granted|Redistribution and use|Apache License/);
  }
});

/** As Cargo itself lists them. */
function linkedCrates() {
  const edges = ['--edges', 'normal,no-proc-macro', '--target', 'wasm32-unknown-unknown'];
  const module = ['--package', 'iothub-device-client-module'];
  const options = ['tree', '--locked', '--prefix', 'none', '--no-dedupe', ...edges, ...module];
  const lines = outputOf('cargo', options, { cwd: root }).split(/\r?\n/);
  const crates = lines.filter((line) => !line.endsWith(')')).map((line) => line.replace(' v', ' '));
  return [...new Set(crates)].sort();
}

/** The stack of a call by the module, in the entry point `file` of the package. */
async function stackInModule(t, file) {
  const { IoTHubDeviceClient } = await import(`../pkg/${file}`);
  const { stackTraceLimit } = Error;
  t.after(() => (Error.stackTraceLimit = stackTraceLimit));
  Error.stackTraceLimit = 30;
  let stack;
  t.mock.method(Date, 'now', () => {
    stack ??= new Error('called by the module').stack;
    return 0;
  });
  const token = 'SharedAccessSignature sr=hub%2Fdevices%2Fdevice&sig=c2ln&se=9';
  IoTHubDeviceClient.createFromSasToken(token);
  return stack;
}

test('in Node.js a stack names the functions of the module', async (t) => {
  // The optimiser decides which functions are in between.
  assert.match(
    await stackInModule(t, 'index.node.js'),
    /clienthandle_fromSasToken.*\n.*\.fromSasToken /,
  );
});

test('the numbers of functions in a stack of a page are turned into names', async (t) => {
  const stack = await stackInModule(t, 'index.browser.js');
  assert.match(stack, /wasm-function\[\d+\]/);
  const named = nameFunctions(stack);
  assert.match(named, /clienthandle_fromSasToken/);
  assert.doesNotMatch(named, /wasm-function\[/);
});
