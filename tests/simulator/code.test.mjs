/** The programs that the page offers to copy, run unchanged. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer, text as readText } from 'node:stream/consumers';
import { runInNewContext } from 'node:vm';

import { transform } from 'esbuild';

import { createSasToken } from '../../examples/token-server/sas-token.mjs';
import { findOnPath } from '../../scripts/lib/run.mjs';
import { root } from '../../scripts/lib/project.mjs';
import { jsLiteral, pyLiteral, shellWord } from '../../www/code/literals.js';
import { programsFor } from '../../www/code/programs.js';
import { createDevice, createPair, hub, test } from '../node/support.mjs';

const HOSTILE =
  `' " \\ \\" \` \${x} $HOME $(exit 3) !! %s {0} #{x} </script><!-- <SCRIPT> \n\r\t\u0001\u2028` +
  '\u2029 ä 日本 😀 \\u0041 */ //';

const VALUE = {
  text: HOSTILE,
  [HOSTILE]: [1, -2.5e-7, 1e21, true, false, null, [], {}],
  ['__proto__']: { a: 1 },
  constructor: 'c',
  long: Array.from({ length: 30 }, (_, index) => `value ${index}`),
};

const python = findOnPath('python3', 'python');

/** Whether the rest of a test must be skipped, because the program is not installed. */
function isMissing(t, command, name) {
  if (!command) t.diagnostic(`note: SKIPPED: ${name} is not installed.`);
  return !command;
}

/** Runs a program from standard input; returns its output. */
async function run(command, input, environment = {}, cwd = root) {
  const [name, ...args] = command;
  const child = spawn(name, args, {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  const exit = once(child, 'close');
  const [output, errors] = await Promise.all([readText(child.stdout), readText(child.stderr)]);
  const [code] = await exit;
  assert.equal(code, 0, errors);
  return output;
}

const node = [process.execPath, '--input-type=module', '-'];

/** The programs of an action, by language. */
const programs = (action, device) =>
  Object.fromEntries(programsFor(action, device).map(({ name, text }) => [name, text]));

const environmentOf = ({ connectionString, endpoint }) => ({
  IOTHUB_DEVICE_CONNECTION_STRING: connectionString,
  IOTHUB_ENDPOINT: endpoint,
});

const backEndEnvironment = () => ({
  IOTHUB_URL: hub.url,
  IOTHUB_AUTHORIZATION: hub.authorization(),
});

const sent = (text, properties = {}) => ({
  kind: 'send',
  text,
  properties,
  systemProperties: { contentType: 'application/json', contentEncoding: 'utf-8' },
});

test('a value is the same in JavaScript, and cannot end a script element', () => {
  const code = jsLiteral(VALUE);
  assert.equal(runInNewContext(`JSON.stringify(${code})`), JSON.stringify(VALUE));
  assert.doesNotMatch(code, /<\/script|<!--|<script/i);
});

test('a value is the same in Python', async (t) => {
  if (isMissing(t, python, 'Python')) return;
  const program = `import json\nprint(json.dumps(${pyLiteral(VALUE)}))`;
  assert.deepEqual(JSON.parse(await run([python, '-'], program)), VALUE);
});

test('a text becomes one word of a shell command', async () => {
  const output = await run(['sh'], `printf %s ${shellWord(HOSTILE)}`);
  assert.equal(output, HOSTILE);
});

test('a message is sent by Node.js as the page has sent it, whatever it contains', async () => {
  const backEnd = await createDevice();
  const device = { id: backEnd.deviceId };
  const properties = { room: 'Küche', 'a b': HOSTILE.replaceAll('+', ''), ['__proto__']: 'x' };
  const texts = [JSON.stringify(VALUE), HOSTILE, '{"big": 12345678901234567890}'];
  for (const [index, text] of texts.entries()) {
    await run(node, programs(sent(text, properties), device)['Node.js'], environmentOf(backEnd));
    const seen = (await backEnd.waitForTelemetry(index + 1))[index];
    assert.equal(seen.text, text);
    assert.deepEqual(Object.entries(seen.properties).sort(), Object.entries(properties).sort());
    assert.equal(seen.systemProperties.contentType, 'application/json');
  }
});

test('a message is sent by a page that gets a token from its server', async () => {
  const { deviceId, primaryKey: key, endpoint, ...backEnd } = await createDevice();
  const { hostname } = hub;
  const token = createSasToken({ key, hostname, deviceId, seconds: 600 });
  const program = programs(sent('{"a":1}'), { id: deviceId, hostname, endpoint }).Page;
  assert.ok(!program.includes(key));
  const stub = `globalThis.fetch = async (path) =>
    new Response(path === '/device-token' ? ${JSON.stringify(token)} : '', { status: 200 });`;
  await run(node, `${stub}\n${program}`);
  const { messages } = await (
    await fetch(`${hub.url}/local/devices/${deviceId}/telemetry`, {
      headers: { authorization: hub.authorization() },
    })
  ).json();
  assert.equal(messages[0].text, '{"a":1}', backEnd);
});

test('properties are reported by Node.js', async () => {
  const backEnd = await createDevice();
  const patch = { firmware: HOSTILE, nested: { on: true } };
  const program = programs({ kind: 'report', patch }, { id: backEnd.deviceId })['Node.js'];
  await run(node, program, environmentOf(backEnd));
  const { $metadata, $version, ...reported } = (await backEnd.twin()).properties.reported;
  assert.deepEqual(reported, patch);
});

test('Node.js responds to methods, and to unknown ones with 404', async (t) => {
  const backEnd = await createDevice();
  const methods = [{ name: "re'boot", status: 202, payload: { said: HOSTILE }, delayMs: 1 }];
  const program = programs({ kind: 'answer', methods }, { id: backEnd.deviceId })['Node.js'];
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: root,
    env: { ...process.env, ...environmentOf(backEnd) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  t.after(() => child.kill());
  const wait = { connectTimeoutInSeconds: 20 };
  const answer = await backEnd.invokeMethod("re'boot", {}, wait);
  assert.deepEqual(answer, { status: 202, payload: { said: HOSTILE } });
  assert.equal((await backEnd.invokeMethod('constructor', {}, wait)).status, 404);
});

test('a file is uploaded by Node.js', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'code-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'a.txt');
  writeFileSync(file, 'the content');
  const backEnd = await createDevice();
  const action = { kind: 'upload', name: "it's <b>.txt" };
  const program = programs(action, { id: backEnd.deviceId })['Node.js'];
  await run([...node, file], program, environmentOf(backEnd));
  const headers = { authorization: hub.authorization() };
  const uploads = await fetch(`${hub.url}/local/devices/${backEnd.deviceId}/uploads`, { headers });
  const [upload] = (await uploads.json()).uploads;
  assert.match(upload.blobName, /it's <b>\.txt$/);
  assert.equal(await (await fetch(upload.blobUrl)).text(), 'the content');
});

for (const [language, command] of [
  ['Node.js', node],
  ['Python', python && [python, '-']],
  ['curl', findOnPath('curl') && ['sh']],
]) {
  test(`the back end acts by ${language}`, async (t) => {
    if (isMissing(t, command, language)) return;
    const { client, backEnd } = await createPair(t);
    const id = backEnd.deviceId;
    const act = (action) => run(command, programs(action, { id })[language], backEndEnvironment());
    client.onMethodRequestReceived = ({ name, payload }) => ({
      status: 200,
      payload: { name, payload },
    });
    const arrived = new Promise((resolve) => (client.onMessageReceived = resolve));
    await client.connect();

    const body = HOSTILE;
    await act({ kind: 'deliver', body, properties: { a: 'b' } });
    const message = await arrived;
    assert.deepEqual([message.text(), { ...message.customProperties }], [body, { a: 'b' }]);

    const payload = { text: HOSTILE };
    const answer = JSON.parse(
      language === 'Node.js'
        ? JSON.stringify(
            runInNewContext(`(${await act({ kind: 'invoke', methodName: 'x', payload })})`),
          )
        : await act({ kind: 'invoke', methodName: 'x', payload }),
    );
    assert.deepEqual(answer, { status: 200, payload: { name: 'x', payload } });

    await act({ kind: 'desire', patch: { interval: 5, text: HOSTILE } });
    const { interval, text } = (await backEnd.twin()).properties.desired;
    assert.deepEqual([interval, text], [5, HOSTILE]);
  });
}

/**
 * Microsoft's service clients use AMQP, which the local hub does not support. These stand-ins have
 * the same calls, as in azure-iothub 1.16 and azure-iot-hub 2.7, and print what they would send.
 */
const STAND_INS = {
  'node_modules/azure-iot-common/index.js': `exports.Message = class {
    constructor(body) { this.body = body; this.list = []; }
    get properties() { return { add: (name, value) => this.list.push([name, value]) }; }
  };`,
  'node_modules/azure-iothub/index.js': `let open = false;
  exports.Client = {
    fromConnectionString: (hub) => ({
      open: async () => (open = true),
      send: async (id, { body, list }) =>
        console.log(JSON.stringify({ hub, open, id, body, properties: Object.fromEntries(list) })),
      close: async () => (open = false),
    }),
  };`,
  'azure/iot/hub/__init__.py': `import json
class IoTHubRegistryManager:
    @classmethod
    def from_connection_string(cls, hub):
        manager = cls()
        manager.hub = hub
        return manager
    def send_c2d_message(self, id, body, properties={}):
        print(json.dumps(dict(hub=self.hub, open=True, id=id, body=body, properties=properties)))
`,
};

for (const [language, command] of [
  ['Node.js', node],
  ['Python', python && [python, '-']],
]) {
  test(`a message to the device is sent by Azure’s hub in ${language}, with no key in the text`, async (t) => {
    if (isMissing(t, command, language)) return;
    const folder = mkdtempSync(join(tmpdir(), 'code-'));
    t.after(() => rmSync(folder, { recursive: true }));
    for (const [file, text] of Object.entries(STAND_INS)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    const body = HOSTILE;
    const properties = { [HOSTILE]: HOSTILE, a: 'b' };
    const program = programs({ kind: 'deliver', body, properties }, { id: 'a device' });
    const environment = { IOTHUB_SERVICE_CONNECTION_STRING: 'its string', PYTHONPATH: folder };
    const output = await run(command, program[`Azure, ${language}`], environment, folder);
    const sent = { hub: 'its string', open: true, id: 'a device', body, properties };
    assert.deepEqual(JSON.parse(output), sent);
  });
}

test('telemetry is sent by curl, with its properties as headers', async (t) => {
  if (isMissing(t, findOnPath('curl'), 'curl')) return;
  let request;
  const server = createServer(async (message, response) => {
    request = { url: message.url, headers: message.headers, body: await buffer(message) };
    response.writeHead(204).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const url = `http://127.0.0.1:${server.address().port}`;
  const id = "a$b'c!d*(e)@f";
  const program = programs(sent(HOSTILE, { room: "it's`1`", x: '$HOME!' }), { id }).curl;
  await run(['sh'], program, { IOTHUB_URL: url, IOTHUB_AUTHORIZATION: 'a token' });
  assert.equal(decodeURIComponent(request.url.split('/')[2]), id);
  assert.equal(request.body.toString(), HOSTILE);
  const { authorization, ...headers } = request.headers;
  assert.equal(authorization, 'a token');
  assert.equal(headers['iothub-app-room'], "it's`1`");
  assert.equal(headers['iothub-app-x'], '$HOME!');
  assert.equal(headers['iothub-contenttype'], 'application/json');
});

test('messages that HTTP cannot carry are not offered for curl, nor modules for a page', () => {
  const languages = (action, id = 'd') => Object.keys(programs(action, { id }));
  assert.ok(languages(sent('x', { a: 'b' })).includes('curl'));
  for (const properties of [{ a: 'ä' }, { a: 'b\r\nx: y' }, { 'a b': 'c' }, { a: '' }]) {
    assert.ok(!languages(sent('x', properties)).includes('curl'), JSON.stringify(properties));
  }
  assert.ok(!languages(sent('\0')).includes('curl'));
  assert.deepEqual(languages(sent('x'), 'd/m'), ['Node.js', 'Python']);
  assert.match(programs(sent('x'), { id: 'd/m' }).Python, /IoTHubModuleClient/);
});

test('every program for a page is a module of JavaScript', async () => {
  const actions = [
    sent(HOSTILE, { a: HOSTILE }),
    { kind: 'report', patch: VALUE },
    { kind: 'answer', methods: [{ name: HOSTILE, status: 200, payload: VALUE, delayMs: 0 }] },
    { kind: 'upload', name: HOSTILE },
  ];
  for (const action of actions) {
    const program = programs(action, { id: HOSTILE.replaceAll('/', '_'), hostname: HOSTILE }).Page;
    assert.doesNotMatch(program, /<\/script|<!--/i);
    await transform(program, { loader: 'js', format: 'esm' });
  }
});
