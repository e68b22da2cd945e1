/** The tables of names contain every name of the other clients, and our names exist. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import * as iothub from '../../pkg/index.node.js';
import { officialPython } from '../../scripts/lib/official-python.mjs';
import { officialClients } from '../../scripts/lib/npm-dependencies.mjs';
import { readText, root } from '../../scripts/lib/project.mjs';

const rowsOf = (document) =>
  readText(document)
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.slice(2).split(' | '));
const codeIn = (cells) =>
  cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code));
const namesIn = (code) => new Set(code.join(' ').match(/[A-Za-z_]\w+/g));

function assertNamed(document, wanted) {
  const names = namesIn(codeIn(rowsOf(document).map(([first]) => first)));
  assert.ok(wanted.length > 20);
  assert.deepEqual(
    wanted.filter((name) => !names.has(name)),
    [],
  );
}

test('docs/NODE_SDK.md has every public name of the clients of azure-iot-device', () => {
  const require = createRequire(`${root}/${officialClients}/package.json`);
  const { Client, ModuleClient, Twin, Message, DeviceMethodResponse } = require('azure-iot-device');
  const ofPlatform = new Set([Object, require('node:events')].map((one) => one.prototype));
  const membersOf = (prototype) =>
    ofPlatform.has(prototype)
      ? []
      : [...Object.getOwnPropertyNames(prototype), ...membersOf(Object.getPrototypeOf(prototype))];
  const classes = [Client, ModuleClient, Twin, Message, DeviceMethodResponse];
  const members = [
    ...classes.flatMap((one) => membersOf(one.prototype)),
    ...Object.keys(new Message('')).filter((name) => name !== 'data'),
    ...[Client, ModuleClient].flatMap((one) =>
      Object.getOwnPropertyNames(one).filter((name) => name.startsWith('from')),
    ),
  ];
  const isPublic = (name) => !name.startsWith('_') && name !== 'constructor';
  assertNamed('docs/NODE_SDK.md', members.filter(isPublic));
});

const python = officialPython();
const skip = !python && 'the packages of the Python client could not be installed';

test('docs/PYTHON.md has every public name of azure-iot-device', { skip }, () => {
  const program = `
import azure.iot.device as d, azure.iot.device.aio as a, azure.iot.device.exceptions as e
public = lambda names: [name for name in names if not name.startswith('_')]
classes = [a.IoTHubDeviceClient, a.IoTHubModuleClient]
classes += [d.Message, d.MethodRequest, d.MethodResponse, d.X509]
values = [d.Message(''), d.MethodResponse('1', 200)]
names = [*dir(e), *(n for c in classes for n in dir(c)), *(n for v in values for n in vars(v))]
print(*public(names))`;
  const printed = execFileSync(python, ['-c', program], { encoding: 'utf8' });
  assertNamed('docs/PYTHON.md', printed.trim().split(' '));
});

for (const document of ['docs/NODE_SDK.md', 'docs/PYTHON.md']) {
  test(`every name of this package in ${document} is in the declarations`, () => {
    const declared = new Set(readText('pkg-template/index.d.ts').match(/[A-Za-z_$]\w+/g));
    const ours = codeIn(rowsOf(document).map(([, second]) => second ?? ''));
    // Our names, recognised by their form: classes, options, methods, properties in camelCase.
    const isOurs = (name) => /^[a-z]+[A-Z]\w*$|^[A-Z]\w+Error$/.test(name);
    const names = [...namesIn(ours)].filter(isOurs);
    assert.ok(names.length > 40 && names.includes('sendMessage'));
    const platform = ['randomUUID', 'TypeError', 'RangeError'];
    assert.deepEqual(
      names.filter((name) => !declared.has(name) && !platform.includes(name)),
      [],
    );
  });
}

test('every exported class is in docs/PYTHON.md', () => {
  const text = readText('docs/PYTHON.md');
  const classes = Object.keys(iothub).filter((name) => name !== 'version');
  assert.deepEqual(
    classes.filter((name) => !text.includes(`\`${name}`)),
    [],
  );
});
