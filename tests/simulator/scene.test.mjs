import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { readBehaviour } from '../../simulator/src/behaviour.js';
import { sceneFromHash, sceneToLink } from '../../simulator/src/scene-link.js';
import { checkScene, parseScene, sceneToText } from '../../simulator/src/scene.js';
import { behaviourOf, sceneOf } from './scenes.mjs';

const folder = new URL('../../simulator/scenes/', import.meta.url);
const examples = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'));
const [example] = examples.map((text) => JSON.parse(text));

/** The mistake in the example after a change. */
function mistakeOf(change) {
  const scene = structuredClone(example);
  const { behaviour } = scene.kinds[0];
  change(scene, { ...behaviour, telemetry: behaviour.telemetry[0] });
  let found;
  assert.throws(
    () => checkScene(scene),
    (error) => Boolean((found = error.message)),
  );
  return found;
}

test('each of the examples can be used, and differs from the others', () => {
  assert.equal(examples.length, 4);
  const titles = new Set();
  for (const text of examples) {
    const scene = parseScene(text);
    titles.add(scene.title);
    for (const { name, behaviour } of scene.kinds) {
      const device = readBehaviour(behaviour)(`${name}-1`);
      assert.ok(Object.keys(device.messages[0].next(0).body).length > 2);
    }
  }
  assert.equal(titles.size, 4);
});

test('a link contains the whole scene, and only its fragment changes', async () => {
  for (const text of examples) {
    const scene = parseScene(text);
    const link = new URL(await sceneToLink(scene, 'https://example.com/page?x=1'));
    assert.match(link.hash, /^#scene=[\w-]+$/);
    assert.equal(link.href.split('#')[0], 'https://example.com/page?x=1');
    assert.deepEqual(await sceneFromHash(link.hash), scene);
    assert.ok(link.href.length < 2000, `${link.href.length} characters`);
  }
});

test('a link without a scene is ignored, and a damaged one is reported', async () => {
  assert.equal(await sceneFromHash(''), undefined);
  assert.equal(await sceneFromHash('#other'), undefined);
  const { hash } = new URL(await sceneToLink(example, 'https://example.com/'));
  for (const damaged of [hash.slice(0, -20), `${hash}.`, `${hash})`, `${hash}&a=1`, '#scene=']) {
    await assert.rejects(sceneFromHash(damaged), /link is damaged/, damaged);
  }
});

test('a link cannot unpack to more than the largest scene', async () => {
  const huge = new Blob([`"${'x'.repeat(50_000_000)}"`]).stream();
  const packed = await new Response(
    huge.pipeThrough(new CompressionStream('deflate-raw')),
  ).arrayBuffer();
  const hash = `#scene=${Buffer.from(packed).toString('base64url')}`;
  await assert.rejects(sceneFromHash(hash), /too long/);
});

test('no file or link is created that could not be loaded', async () => {
  const scene = structuredClone(example);
  const [telemetry] = scene.kinds[0].behaviour.telemetry;
  telemetry.template = JSON.stringify('x'.repeat(250_000));
  assert.deepEqual(parseScene(sceneToText(scene)), scene);
  const { hash } = new URL(await sceneToLink(scene, 'https://example.com/'));
  assert.deepEqual(await sceneFromHash(hash), scene);
  // Fewer characters than are allowed, but more bytes.
  telemetry.template = JSON.stringify('é'.repeat(150_000));
  assert.throws(() => sceneToText(scene), /too long/);
  await assert.rejects(sceneToLink(scene, 'https://example.com/'), /too long/);
  assert.throws(() => parseScene(JSON.stringify(scene)), /too long/);
});

test('an invalid scene is reported', () => {
  assert.throws(() => parseScene('{'), /does not contain JSON/);
  assert.throws(() => parseScene('\uFEFF{'), /does not contain JSON/);
  assert.throws(() => parseScene('\uFEFFnull'), /cannot be used/);
  assert.throws(() => parseScene('null'), /cannot be used/);
  assert.throws(() => parseScene('[]'), /cannot be used/);
});

test('a mistake is reported with its place', () => {
  const mistakes = [
    [(scene) => (scene.version = 3), /version is neither 1 nor 2/],
    [(scene) => delete scene.title, /title is missing/],
    [(scene) => (scene.kinds = []), /kinds is empty/],
    [(scene) => scene.kinds.push(scene.kinds[0]), /kinds has a name twice/],
    [(scene) => (scene.kinds[0].count = 0), /kinds\.0\.count is below 1/],
    [(scene) => (scene.view = 'chart'), /view is neither "table" nor "map"/],
    [(_, { telemetry }) => (telemetry.periodMs = 1), /telemetry\.0\.periodMs is below 10/],
    [(_, { telemetry }) => (telemetry.periodMs = '1'), /telemetry\.0\.periodMs is not a number/],
    [(_, { telemetry }) => (telemetry.jitter = 2), /telemetry\.0\.jitter is above 1/],
    [(_, { telemetry }) => (telemetry.properties.a = 1), /properties\.a should be string/],
    [(_, { twin }) => (twin.reported = []), /twin\.reported is not an object/],
    [(_, { methods }) => (methods[0].status = 1.5), /methods\.0\.status is not a whole number/],
    [(_, { methods }) => methods.push(methods[0]), /methods has a name twice/],
  ];
  for (const [change, expected] of mistakes) assert.match(mistakeOf(change), expected);
});

test('unknown members are refused, so that no key can hide in a scene', () => {
  const mistakes = [
    (scene) => (scene.key = 'x'),
    (scene) => (scene.devices = []),
    (scene) => (scene.kinds[0].connectionString = 'x'),
    (_, behaviour) => (behaviour.twin.sasToken = 'x'),
    (_, { telemetry }) => (telemetry.key = 'x'),
    (_, { twin }) => (twin.desired = {}),
    (_, { methods }) => (methods[0].key = 'x'),
  ];
  for (const change of mistakes) assert.match(mistakeOf(change), /is not known/);
});

test('a key or a token that was pasted into a field is refused, and not repeated', () => {
  const secrets = [
    'HostName=h.azure-devices.net;DeviceId=d;SharedAccessKey=c2VjcmV0',
    'SharedAccessSignature sr=h.azure-devices.net&sig=c2VjcmV0&se=1',
    'https://h.blob.core.windows.net/c/b?sv=1&sig=c2VjcmV0',
  ];
  const places = [
    (scene, secret) => (scene.title = secret),
    (scene, secret) => (scene.description = secret),
    (scene, secret) => (scene.kinds[0].name = secret),
    (scene, secret) => (scene.kinds[0].behaviour.telemetry[0].template = `"${secret}"`),
    (scene, secret) => (scene.kinds[0].behaviour.telemetry[0].properties.a = secret),
    (scene, secret) => (scene.kinds[0].behaviour.telemetry[0].properties[secret] = 'a'),
    (scene, secret) => (scene.kinds[0].behaviour.telemetry[0].contentType = secret),
    (scene, secret) => (scene.kinds[0].behaviour.twin.reported = { a: [{ b: secret }] }),
    (scene, secret) => (scene.kinds[0].behaviour.methods[0].payload = `"${secret}"`),
  ];
  for (const secret of secrets) {
    for (const place of places) {
      const message = mistakeOf((scene) => place(scene, secret));
      assert.match(message, /contains a key or a token/);
      assert.doesNotMatch(message, /c2VjcmV0/);
    }
    assert.doesNotMatch(
      mistakeOf((scene) => (scene[secret] = 1)),
      /c2VjcmV0/,
    );
  }
});

test('a secret is found by its name, by its form, and behind escapes, and its place is reported', () => {
  const key = Buffer.alloc(32, 7).toString('base64');
  const accountKey = Buffer.alloc(64, 7).toString('base64');
  const account = `AccountName=a;AccountKey=${accountKey};EndpointSuffix=core.windows.net`;
  const fields = [
    ['telemetry.0.template', (text) => ({ telemetry: { template: text } })],
    ['methods.0.payload', (text) => ({ methods: [{ payload: text }] })],
    ['twin.reported', (text) => ({ twin: { reported: { a: JSON.parse(text) } } })],
  ];
  const values = [
    ...['SharedAccessKey', 'SharedAccessSignature', 'primaryKey', 'secondaryKey', 'AccountKey'].map(
      (name) => `{ "${name}" : "x" }`,
    ),
    `["${key}"]`,
    `{"a": ["${accountKey}"]}`,
    JSON.stringify(account),
    '"SharedAccessKey\\u003dx"',
    '"?a=1&\\u0073ig=x"',
    '{"primary\\u004bey": 1}',
  ];
  for (const [place, make] of fields) {
    for (const value of values) {
      const message = mistakeOf((_, behaviour) => {
        for (const [part, change] of Object.entries(make(value))) {
          if (part === 'methods') Object.assign(behaviour.methods[0], change[0]);
          else Object.assign(behaviour[part], change);
        }
      });
      assert.match(message, /contains a key or a token/, value);
      assert.ok(message.includes(`kinds.0.behaviour.${place} contains`), message);
      assert.ok(!message.includes(key) && !message.includes(accountKey));
    }
  }
  const asName = mistakeOf((_, { telemetry }) => (telemetry.properties.sharedAccessKey = 'x'));
  assert.match(asName, /a name in kinds\.0\.behaviour\.telemetry\.0\.properties contains a key/);
  assert.match(
    mistakeOf((scene) => (scene.title = key)),
    /title contains a key/,
  );
});

test('text that only resembles a secret is not one', () => {
  const scene = structuredClone(example);
  const [telemetry] = scene.kinds[0].behaviour.telemetry;
  const { twin } = scene.kinds[0].behaviour;
  scene.description = 'Keys are rotated; a signal; design=2';
  telemetry.template = '{"rotatesPrimaryKeys": true, "SharedAccessKeyName": "device", "key": 1}';
  twin.reported = { hash: 'c2VjcmV0', text: 'x'.repeat(44) };
  assert.deepEqual(checkScene(scene), scene);
});

test('a scene that is nested too deeply is refused immediately, before it is parsed', () => {
  const scene = JSON.stringify(sceneOf({ kind: behaviourOf({}) }));
  const deep = `${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`;
  const text = scene.replace('"reported":{}', `"reported":${deep}`);
  assert.notEqual(text, scene);
  assert.throws(() => parseScene(text), /nested deeper than 100 levels/);
});
