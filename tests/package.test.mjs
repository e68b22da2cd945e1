/** What `npm pack` makes of pkg/ installs into an empty project and can be imported there. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const pkg = fileURLToPath(new URL('../pkg/', import.meta.url));
const shell = process.platform === 'win32';

/** Every file that users get. A new one is added here and in the template's `files`, on purpose. */
const publishedFiles = [
  'LICENSE',
  'README.md',
  'client.js',
  'commands.js',
  'errors.js',
  'exports.js',
  'factories.js',
  'file-upload.js',
  'handlers.js',
  'host.js',
  'index.browser.js',
  'index.d.ts',
  'index.node.js',
  'index.workerd.js',
  'init.browser.js',
  'init.d.ts',
  'init.node.js',
  'init.workerd.js',
  'iothub_device_client.js',
  'iothub_device_client_bg.wasm',
  'iteration.js',
  'message.js',
  'method.js',
  'options.js',
  'package.json',
  'properties.js',
  'proxy.node.js',
  'receiving.js',
  'request.js',
  'shell.js',
  'socket.js',
  'trace.js',
  'transport.browser.js',
  'transport.node.js',
  'upload.js',
  'watch.browser.js',
  'x509.js',
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
  'ServiceError',
  'X509',
  'version',
];

let project;
let packed;

before(async () => {
  project = await mkdtemp(join(tmpdir(), 'packed-'));
  await writeFile(join(project, 'package.json'), '{ "private": true }');
  [packed] = JSON.parse(await execute('npm', ['pack', pkg, '--json'], { shell }));
  await execute('npm', ['install', '--prefer-offline', `./${packed.filename}`], { shell });
});

after(() => rm(project, { recursive: true, force: true }));

test('the tarball holds the published files and nothing else', () => {
  assert.deepEqual(packed.files.map((file) => file.path).sort(), [...publishedFiles].sort());
});

test('the tarball holds exactly one WebAssembly module', () => {
  assert.equal(packed.files.filter((file) => file.path.endsWith('.wasm')).length, 1);
});

test('nothing in the tarball makes code of text', async () => {
  for (const name of publishedFiles.filter((name) => name.endsWith('.js'))) {
    const code = await readFile(join(pkg, name), 'utf8');
    assert.doesNotMatch(code, /\beval\b|\bFunction\s*\(|set(?:Timeout|Interval)\(\s*['"`]/, name);
  }
});

test('the manifest names every published file', async () => {
  const manifest = JSON.parse(await readFile(join(pkg, 'package.json'), 'utf8'));
  assert.deepEqual([...manifest.files, 'package.json'].sort(), [...publishedFiles].sort());
});

test('the package can be imported', async () => {
  const script = `import * as client from 'iothub-device-client'; ${printsNames}`;
  assert.deepEqual(await namesPrintedBy('import.mjs', script), exportedNames);
});

test('the package can be required', async () => {
  const script = `const client = require('iothub-device-client'); ${printsNames}`;
  assert.deepEqual(await namesPrintedBy('require.cjs', script), exportedNames);
});

const printsNames = 'console.log(JSON.stringify(Object.keys(client).sort()));';

async function namesPrintedBy(file, script) {
  await writeFile(join(project, file), script);
  return JSON.parse(await execute(process.execPath, [file]));
}

async function execute(program, args, options) {
  const { stdout } = await promisify(execFile)(program, args, { cwd: project, ...options });
  return stdout;
}

test('a command has the same number in JavaScript and in Rust', async () => {
  const numbers = async (file, pattern) => {
    const text = await readFile(new URL(`../${file}`, import.meta.url), 'utf8');
    return [...text.matchAll(pattern)].map(([, name, number]) => `${name} ${number}`);
  };
  const javaScript = await numbers('pkg-template/commands.js', /^export const (\w+) = (\d+);$/gm);
  const rust = await numbers('src/js/command.rs', /^(?:pub )?const (\w+): u8 = (\d+);$/gm);
  // `FEATURES` in Rust has no numbers but the order.
  const features = ['MESSAGES 0', 'METHODS 1', 'DESIRED_PROPERTIES 2'];
  assert.ok(rust.length > 0);
  assert.deepEqual(javaScript, [...rust, ...features]);
});
