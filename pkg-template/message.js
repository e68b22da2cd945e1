import { mustBeOwn, optionsOf } from './arguments.js';
import { knowCopies } from './copies.js';
import { isPlain, jsonOf } from './json.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** A buffer for short texts that go to the core: a new array for each takes five times as long. */
const buffer = new Uint8Array(16_384);

/** The options of the constructor of a message. */
const FIELDS = [
  ...['messageId', 'correlationId', 'userId', 'contentType', 'contentEncoding', 'expiryTimeUtc'],
  ...['customProperties', 'outputName', 'inputName', 'ack'],
];

/** A message, to the hub or from it. */
export class Message {
  data;
  // Adding to the result of `Object.create(null)` takes V8 ten times as long.
  customProperties = Object.setPrototypeOf({}, null);
  messageId;
  expiryTimeUtc;
  correlationId;
  userId;
  contentEncoding;
  contentType;
  outputName;
  inputName;
  ack;
  #iothubInterfaceId;

  /**
   * @param {unknown} data
   * @param {Record<string, any>} [options]
   */
  constructor(data, options) {
    this.data = data;
    if (!options) return;
    const { customProperties, ...fields } = optionsOf(options, ...FIELDS);
    Object.assign(this, fields);
    mustBePlain(customProperties);
    Object.assign(this.customProperties, customProperties);
  }

  get iothubInterfaceId() {
    mustBeOwn(#iothubInterfaceId in this);
    return this.#iothubInterfaceId;
  }

  setAsSecurityMessage() {
    mustBeOwn(#iothubInterfaceId in this);
    this.#iothubInterfaceId = 'urn:azureiot:Security:SecurityAgent:1';
  }

  getSize() {
    const { content, isJson } = contentOf(this.data);
    const system = Object.values(parse(systemPropertiesOf(this, isJson)));
    const custom = Object.entries(parse(customPropertiesOf(this))).flat();
    const parts = [content, ...system, ...custom];
    return parts.reduce((sum, part) => sum + (part === null ? 0 : bytesOf(part).length), 0);
  }

  bytes() {
    return bytesOf(contentOf(this.data).content);
  }

  text() {
    return decoder.decode(this.bytes());
  }

  json() {
    return JSON.parse(this.text());
  }
}

knowCopies(Message, 'Message');

/**
 * What crosses to the core: the body, valid until the next call, and the properties as JSON, or an
 * empty text if there are none.
 * @param {unknown} value a `Message`, or the data of one
 * @param {() => string} [makeId] creates the id of a message that has none
 */
export function encodeMessage(value, makeId) {
  const message = value instanceof Message ? value : new Message(value);
  const { content, isJson } = contentOf(message.data);
  const systemProperties = systemPropertiesOf(message, isJson, makeId);
  const customProperties = customPropertiesOf(message);
  // Last of all: user getters may have sent something else in the meantime.
  const body = typeof content === 'string' ? encodeIntoBuffer(content) : content;
  return { body, systemProperties, customProperties };
}

/** Creates a received message from the core's data. */
export function decodeMessage(body, systemProperties, customProperties) {
  const message = new Message(body);
  if (systemProperties) Object.assign(message, JSON.parse(systemProperties));
  if (customProperties) {
    message.customProperties = Object.setPrototypeOf(JSON.parse(customProperties), null);
  }
  return message;
}

/** Written out: a loop over the names takes several times as long. */
function systemPropertiesOf(message, isJson, makeId) {
  let { contentType, contentEncoding, expiryTimeUtc } = message;
  if (isJson && contentType === undefined) contentType = 'application/json';
  if (isJson && contentEncoding === undefined) contentEncoding = 'utf-8';
  // An invalid date becomes `null`, not a RangeError as with `toISOString`.
  if (expiryTimeUtc instanceof Date) expiryTimeUtc = expiryTimeUtc.toJSON();
  let json = '';
  json = addMember(json, 'messageId', message.messageId ?? makeId?.());
  json = addMember(json, 'correlationId', message.correlationId);
  json = addMember(json, 'userId', message.userId);
  json = addMember(json, 'contentType', contentType);
  json = addMember(json, 'contentEncoding', contentEncoding);
  json = addMember(json, 'expiryTimeUtc', expiryTimeUtc, 'a valid Date or string');
  json = addMember(json, 'ack', message.ack);
  json = addMember(json, 'outputName', message.outputName);
  json = addMember(json, 'inputName', message.inputName);
  json = addMember(json, 'iothubInterfaceId', message.iothubInterfaceId);
  return closed(json);
}

/** Adds a member to a JSON object that is not closed yet, unless the property is not set. */
function addMember(json, name, value, kind = 'a string') {
  if (value === undefined) return json;
  if (typeof value !== 'string') {
    throw new TypeError(`the ${name} of a message must be ${kind}`);
  }
  return `${opened(json)}"${name}":${quote(value)}`;
}

function customPropertiesOf({ customProperties }) {
  if (customProperties == null) return '';
  mustBePlain(customProperties);
  let isEmpty = true;
  // Faster than `Object.keys`, but includes what a library adds to `Object.prototype`.
  for (const name in customProperties) {
    if (name === '') throw new TypeError('the name of a custom property must not be empty');
    const value = customProperties[name];
    const isValid = typeof value === 'string' || value === null;
    if (!isValid && Object.hasOwn(customProperties, name)) {
      throw new TypeError(`the custom property ${name} must be a string or null`);
    }
    isEmpty = false;
  }
  return isEmpty ? '' : JSON.stringify(customProperties);
}

function mustBePlain(customProperties) {
  if (customProperties == null || isPlain(customProperties)) return;
  throw new TypeError(
    'customProperties must be a plain object; convert a Map or Headers with Object.fromEntries',
  );
}

/** A JSON object, left open to take one more member. */
const opened = (json) => (json === '' ? '{' : json + ',');
/** A closed JSON object; an empty text if it has no members. */
const closed = (json) => (json === '' ? '' : json + '}');

/** Most texts need no escapes, and checking that is faster than `JSON.stringify`. */
const quote = (text) =>
  /["\\\x00-\x1f\ud800-\udfff]/.test(text) ? JSON.stringify(text) : `"${text}"`;

const parse = (json) => (json === '' ? {} : JSON.parse(json));

/** User data as a text or as bytes. */
function contentOf(data) {
  const content = textOrBytes(data);
  if (content !== undefined) return { content, isJson: false };
  return { content: jsonOf(data, 'the data of a message'), isJson: true };
}

/** `undefined` for anything else. */
export function textOrBytes(data) {
  if (typeof data === 'string' || data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  const isBuffer = Object.prototype.toString.call(data) === '[object ArrayBuffer]';
  return isBuffer ? new Uint8Array(data) : undefined;
}

function bytesOf(content) {
  return typeof content === 'string' ? encoder.encode(content) : content;
}

/** A UTF-16 unit becomes up to three bytes. */
function encodeIntoBuffer(text) {
  if (text.length > buffer.length / 3) return encoder.encode(text);
  return buffer.subarray(0, encoder.encodeInto(text, buffer).written);
}
