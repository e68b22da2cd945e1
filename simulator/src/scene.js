/**
 * A scene: what can be saved and shared of a simulation, which holds no key and no token.
 *
 * @typedef {import('valibot').InferOutput<typeof Scene>} Scene
 * @typedef {import('valibot').InferOutput<typeof Behaviour>} Behaviour
 */
import { visit } from 'jsonc-parser';
import * as v from 'valibot';

/** More bytes would be no scene; it also bounds what a link may unpack to. */
const MAX_LENGTH = 256 * 1024;

/** What names a secret, alone or before its value. */
const SECRET =
  /(?:SharedAccess(?:Key|Signature)|AccountKey|\b(?:primary|secondary)Key)(?:["':=\s]|$)|\bsig=/i;

/** Base64 of 32 or 64 bytes, as keys of devices and of storage accounts are. */
const KEY = /^(?:[a-z0-9+/]{43}=|[a-z0-9+/]{86}==)$/i;

/** How the fragment of a link with a scene begins. */
const LINKED = '#scene=';

const IS_SECRET = 'holds a key or a token, which belongs in no scene';

const isSecret = (value) => SECRET.test(value) || KEY.test(value.trim());

/** Whether JSON holds a secret as it stands, or with its escapes resolved. */
function holdsSecret(source) {
  let isFound = SECRET.test(source);
  const look = (value) => (isFound ||= typeof value === 'string' && isSecret(value));
  visit(source, { onObjectProperty: look, onLiteralValue: look });
  return isFound;
}

/** What may be a key, also within a text that is not finished. */
const ANY_KEY = /[a-z0-9+/]{43}=|[a-z0-9+/]{86}==/i;

/** Whether no text in something half edited looks like a secret: then it may be kept. */
export function mayBeKept(value) {
  if (typeof value === 'string') {
    return !isSecret(value) && !ANY_KEY.test(value) && !holdsSecret(value);
  }
  return typeof value !== 'object' || value === null || Object.values(value).every(mayBeKept);
}

const text = v.pipe(
  v.string(),
  v.check((value) => !isSecret(value), IS_SECRET),
);
const template = v.pipe(
  v.string(),
  v.check((value) => !holdsSecret(value), IS_SECRET),
);
const name = v.pipe(text, v.nonEmpty('is empty'), v.maxLength(128, 'is longer than 128'));
const whole = (least, most) =>
  v.pipe(
    v.number('is no number'),
    v.integer('is no whole number'),
    v.minValue(least, `is below ${least}`),
    v.maxValue(most, `is above ${most}`),
  );
const json = v.custom(
  (value) => value !== undefined && !holdsSecret(JSON.stringify(value)),
  IS_SECRET,
);
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const uniqueNames = (list) => new Set(list.map((item) => item.name)).size === list.length;

const Telemetry = v.strictObject({
  template,
  periodMs: whole(10, 86_400_000),
  jitter: v.pipe(
    v.number('is no number'),
    v.minValue(0, 'is below 0'),
    v.maxValue(1, 'is above 1'),
  ),
  properties: v.record(name, text),
  contentType: text,
  contentEncoding: text,
  isOn: v.boolean(),
});

const Method = v.strictObject({
  name,
  delayMs: whole(0, 300_000),
  status: whole(-2_147_483_648, 2_147_483_647),
  payload: template,
});

const Behaviour = v.strictObject({
  telemetry: Telemetry,
  twin: v.strictObject({
    reported: v.pipe(json, v.check(isObject, 'is no object')),
    followsDesired: v.boolean(),
  }),
  methods: v.pipe(v.array(Method), v.check(uniqueNames, 'has a name twice')),
});

const Kind = v.strictObject({ name, count: whole(1, 1000), behaviour: Behaviour });

const Scene = v.strictObject({
  version: v.literal(1, 'is not 1, the only version that is known'),
  title: name,
  description: v.optional(text),
  kinds: v.pipe(
    v.array(Kind),
    v.minLength(1, 'is empty'),
    v.check(uniqueNames, 'has a name twice'),
  ),
  view: v.optional(v.picklist(['table', 'map'], 'is neither "table" nor "map"')),
});

/**
 * Gives the scene, or throws what is wrong with it and where.
 * @returns {Scene}
 */
export function checkScene(value) {
  return check(Scene, value, 'scene');
}

/**
 * Gives the behaviour, or throws what is wrong with it and where.
 * @returns {Behaviour}
 */
export function checkBehaviour(value) {
  return check(Behaviour, value, 'behaviour');
}

/** Reads a saved scene. */
export function parseScene(source) {
  checkLength(new Blob([source]).size);
  let value;
  try {
    value = JSON.parse(source);
  } catch {
    throw new Error('This is no scene: it is not JSON.');
  }
  return checkScene(value);
}

/** The text of a file that `parseScene` reads. */
export function sceneToText(scene) {
  const source = `${JSON.stringify(checkScene(scene), null, 2)}\n`;
  checkLength(new Blob([source]).size);
  return source;
}

/** A link to the simulator at `address` that holds the scene, in its fragment. */
export async function sceneToLink(scene, address) {
  const source = new Blob([JSON.stringify(checkScene(scene))]);
  checkLength(source.size);
  const packed = source.stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  const packedText = base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return `${address}${LINKED}${packedText}`;
}

/** The scene of such a link's fragment; `undefined` where there is none in it. */
export async function sceneFromHash(hash) {
  if (!hash.startsWith(LINKED)) return undefined;
  return parseScene(await unpack(hash.slice(LINKED.length)));
}

async function unpack(base64) {
  const parts = [];
  let length = 0;
  try {
    const binary = atob(base64.replaceAll('-', '+').replaceAll('_', '/'));
    const packed = new Blob([Uint8Array.from(binary, (character) => character.charCodeAt(0))]);
    const unpacked = packed.stream().pipeThrough(new DecompressionStream('deflate-raw'));
    for await (const part of readAll(unpacked)) {
      length += part.length;
      if (length > MAX_LENGTH) break;
      parts.push(part);
    }
  } catch {
    throw new Error('The link is damaged: part of its scene is missing or changed.');
  }
  checkLength(length);
  return new Blob(parts).text();
}

function checkLength(bytes) {
  if (bytes <= MAX_LENGTH) return;
  throw new Error(`The scene is too long: it has more than ${MAX_LENGTH} bytes.`);
}

/** Streams cannot be iterated in every browser yet. */
async function* readAll(stream) {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

function check(schema, value, what) {
  const { success, output, issues } = v.safeParse(schema, value, { abortEarly: true });
  if (success) return output;
  const [issue] = issues;
  throw new Error(`The ${what} cannot be used: ${placeOf(issue)}${inWords(issue)}.`);
}

function placeOf({ path = [] }) {
  const names = path.map(({ key }) => String(key));
  const secret = names.findIndex(isSecret);
  if (secret < 0) return names.length > 0 ? `${names.join('.')} ` : '';
  return secret > 0 ? `a name in ${names.slice(0, secret).join('.')} ` : 'a name ';
}

/** The library's own messages say what it expected; ours are half sentences already. */
function inWords({ kind, type, expected, received, message }) {
  if (type === 'strict_object' && expected === 'never') return 'is not known';
  if (kind === 'schema' && received === 'undefined') return 'is missing';
  if (message.startsWith('Invalid')) return `should be ${expected}, not ${received}`;
  return message;
}
