/** The scene editor without its page: what edits do, undo and redo, and mistakes with their paths. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { mistakesIn } from '../../simulator/src/mistakes.js';
import { checkScene } from '../../simulator/src/scene.js';
import { holdsSecret } from '../../simulator/src/secrets.js';
import { afterPause } from '../../www/ui/after-pause.js';
import { readJson } from '../../www/ui/read-json.js';
import { readSceneText } from '../../www/ui/scene-json.js';
import { leavesOf } from '../../www/ui/values.js';
import { inWords } from '../../www/ui/words.js';
import {
  newScene,
  renamedKinds,
  withCopiedKind,
  withKind,
  withMembers,
  withNewKind,
  withoutKind,
} from '../../www/ui/scene-edits.js';
import { historyOf, redone, undone, withEdit } from '../../www/ui/scene-history.js';

const file = new URL('../../simulator/scenes/vehicles.json', import.meta.url);
const vehicles = checkScene(JSON.parse(readFileSync(file, 'utf8')));
const namesOf = ({ kinds }) => kinds.map(({ name }) => name);

/** Fails if something changes the object, at any depth. */
function frozen(value) {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(frozen);
  return Object.freeze(value);
}

const edits = [
  (scene) => withMembers(scene, { title: 'Delivery', description: 'Vans', seed: 7, view: 'map' }),
  (scene) => withMembers(scene, { description: undefined, seed: undefined, view: undefined }),
  (scene) => withNewKind(scene),
  (scene) => withCopiedKind(scene, 'van'),
  (scene) => withCopiedKind(scene, 'van'),
  (scene) => withCopiedKind(scene, 'van 2'),
  (scene) => withKind(scene, 'van 2', { name: 'truck', count: 4, modelId: 'dtmi:a:Truck;1' }),
  (scene) => withKind(scene, 'truck', { modelId: undefined }),
  (scene) => withoutKind(scene, 'van'),
];

test('every edit of a valid scene is a valid scene, and does not change the previous one', () => {
  checkScene(newScene());
  const last = edits.reduce((scene, edit) => checkScene(edit(frozen(scene))), vehicles);
  assert.deepEqual(namesOf(last), ['van 3', 'truck', 'van 4', 'lorry', 'device']);
  assert.equal(last.title, 'Delivery');
  assert.equal('seed' in last, false);
});

test('undo goes back through every edit to the first scene, and redo to the last', () => {
  let history = historyOf(vehicles);
  const seen = [vehicles];
  for (const edit of edits) {
    history = withEdit(history, edit(history.scene), `${edit}`);
    seen.push(history.scene);
  }
  const last = history;
  for (const scene of seen.toReversed()) {
    assert.equal(history.scene, scene);
    history = undone(history);
  }
  assert.equal(history.scene, vehicles);
  for (const scene of seen) {
    assert.equal(history.scene, scene);
    history = redone(history);
  }
  assert.deepEqual(history, last);
});

test('an edit after an undo ends what could be redone; one that changes nothing is no step', () => {
  const edited = withEdit(historyOf(vehicles), withNewKind(vehicles), 'add');
  assert.equal(withEdit(edited, structuredClone(edited.scene), 'again'), edited);
  const other = withEdit(undone(edited), withoutKind(vehicles, 'van'), 'remove');
  assert.equal(redone(other), other);
  assert.equal(undone(other).scene, vehicles);
  assert.deepEqual(
    other.past.map(({ what }) => what),
    ['remove'],
  );
});

test('the steps that are kept are bounded', () => {
  let history = historyOf(vehicles);
  for (let seed = 1; seed <= 500; seed += 1) {
    history = withEdit(history, withMembers(history.scene, { seed }), `seed ${seed}`);
  }
  assert.equal(history.past.length, 200);
  assert.equal(history.past.at(-1).what, 'seed 500');
});

test('a renamed kind is recognized, also by undo; a removed or added kind is not a renamed one', () => {
  const renamed = withKind(vehicles, 'van', { name: 'truck' });
  assert.deepEqual([...renamedKinds(vehicles, renamed)], [['van', 'truck']]);
  assert.deepEqual([...renamedKinds(renamed, vehicles)], [['truck', 'van']]);
  assert.deepEqual([...renamedKinds(vehicles, withoutKind(vehicles, 'van'))], []);
  assert.deepEqual([...renamedKinds(vehicles, withNewKind(vehicles))], []);
  const swapped = { ...vehicles, kinds: vehicles.kinds.toReversed() };
  assert.deepEqual([...renamedKinds(vehicles, swapped)], []);
});

test('every mistake in the shape of a scene is named with its path', () => {
  const scene = structuredClone(vehicles);
  scene.titel = 'x';
  scene.kinds[0].count = 0;
  delete scene.kinds[0].behaviour.telemetry[0].periodMs;
  scene.kinds[0].behaviour.methods.push({ name: '', delayMs: -1, status: 200, payload: '{}' });
  const methods = scene.kinds[0].behaviour.methods.length - 1;
  const found = mistakesIn(scene).map(({ path, message }) => [path.join('.'), message]);
  assert.deepEqual(
    new Map(found),
    new Map([
      ['titel', 'is not known'],
      ['kinds.0.count', 'is below 1'],
      ['kinds.0.behaviour.telemetry.0.periodMs', 'is missing'],
      [`kinds.0.behaviour.methods.${methods}.name`, 'is empty'],
      [`kinds.0.behaviour.methods.${methods}.delayMs`, 'is below 0'],
    ]),
  );
});

test('a mistake in a template of each kind is named with its path and line', () => {
  const scene = withNewKind(structuredClone(vehicles));
  const last = scene.kinds.length - 1;
  const behaviour = structuredClone(scene.kinds[last].behaviour);
  behaviour.telemetry[0].template = '{\n"a": "{{nothing}}"}';
  scene.kinds[last] = { ...scene.kinds[last], behaviour };
  scene.kinds[0].behaviour.twin.reported = { a: [0, { b: 'a {{range 1}}' }] };
  const [first, second, ...more] = mistakesIn(scene);
  assert.deepEqual(more, []);
  assert.deepEqual(first.path, ['kinds', 0, 'behaviour', 'twin', 'reported', 'a', 1, 'b']);
  assert.match(first.message, /^range: it takes 2 to 3 arguments/);
  assert.deepEqual(second.path, ['kinds', last, 'behaviour', 'telemetry', 0, 'template']);
  assert.match(second.message, /^line 2, column 7: there is no "nothing"/);
  assert.deepEqual(mistakesIn(vehicles), []);
});

test('text that is nested too deep for the stack is a mistake with its line', async () => {
  const { mistakes } = await readSceneText('\n{"a":'.repeat(20_000), mistakesIn);
  assert.deepEqual(
    mistakes.map(({ message, line }) => [message, line]),
    [['nested deeper than 100 levels', 102]],
  );
  assert.equal(holdsSecret('['.repeat(20_000)), false);
});

test('text that no file of a scene may have is a mistake', async () => {
  const { mistakes } = await readSceneText(JSON.stringify('x'.repeat(300_000)), mistakesIn);
  assert.deepEqual(
    mistakes.map(({ message }) => message),
    ['longer than 262144 bytes'],
  );
});

test('mistakes in a text are shown after a pause, and never those of an earlier text', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const answers = [];
  const shown = [];
  const look = () =>
    afterPause(
      100,
      () => new Promise((answer) => answers.push(answer)),
      (found) => shown.push(found),
    );
  const leave = look();
  t.mock.timers.tick(99);
  leave();
  const leaveAgain = look();
  t.mock.timers.tick(100);
  leaveAgain();
  look();
  t.mock.timers.tick(100);
  const [first, second, ...more] = answers;
  assert.deepEqual(more, []);
  second('mistake');
  first('none');
  await new Promise(setImmediate);
  assert.deepEqual(shown, ['mistake']);
});

test('a value that would be sent as null is a mistake, and names that every object has are kept', () => {
  for (const text of ['{"a": 1e999}', '[-1e301]']) {
    assert.match(readJson(text).error.message, /numbers go up to 1e\+300/);
  }
  assert.match(readJson('['.repeat(20_000)).error.message, /Nested deeper/);
  const text = '{"__proto__":{"a":1}}';
  assert.equal(JSON.stringify(readJson(text, 'object').value), text);
  assert.deepEqual(Object.entries(leavesOf(JSON.parse('{"__proto__":1}'))), [['__proto__', 1]]);
});

test('places in a scene and messages of the client are shown in words of the page', () => {
  const words = {
    'values.2.next: empty': 'value 3, next: empty',
    'kinds.0 is missing': 'kind 1 is missing',
    'twin.reported.a: no': 'reported at the start, a: no',
    'kinds.1.behaviour.events.0.actions.1: no': 'kind 2, event 1, action 2: no',
    'the hub did not respond to the message within operationTimeout; x':
      'the hub did not respond to the message in time; x',
    'cancelled by disconnect()': 'The device was stopped before the hub responded.',
  };
  for (const [message, expected] of Object.entries(words)) {
    assert.equal(inWords(message), expected);
  }
});

test('a path that contains a secret ends before it', () => {
  const key = `${'a'.repeat(43)}=`;
  const mistakes = mistakesIn({ ...vehicles, [key]: 1 });
  assert.ok(mistakes.length > 0);
  assert.ok(!JSON.stringify(mistakes).includes(key));
});
