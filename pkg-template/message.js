const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** For short texts on their way to the core: a new array for each takes five times as long. */
const buffer = new Uint8Array(16_384);

/** A message, to the hub or from it. */
export class Message {
  data;
  // V8 takes ten times as long to add to what `Object.create(null)` makes.
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
   * @param {Record<string, any>} [properties]
   */
  constructor(data, { messageId, contentEncoding, contentType, outputName } = {}) {
    this.data = data;
    this.messageId = messageId;
    this.contentEncoding = contentEncoding;
    this.contentType = contentType;
    this.outputName = outputName;
  }

  get iothubInterfaceId() {
    return this.#iothubInterfaceId;
  }

  setAsSecurityMessage() {
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

/**
 * What crosses to the core: the body, which is good until the next call, and the properties as
 * JSON, or an empty text where there are none.
 * @param {unknown} value a `Message`, or the data of one
 */
export function encodeMessage(value) {
  const message = value instanceof Message ? value : new Message(value);
  const { content, isJson } = contentOf(message.data);
  const systemProperties = systemPropertiesOf(message, isJson);
  const customProperties = customPropertiesOf(message);
  // Last of all: getters of the user may have sent something else meanwhile.
  const body = typeof content === 'string' ? encodeIntoBuffer(content) : content;
  return { body, systemProperties, customProperties };
}

/** Makes a received message of what comes from the core. */
export function decodeMessage(body, systemProperties, customProperties) {
  const message = new Message(body);
  if (systemProperties) Object.assign(message, JSON.parse(systemProperties));
  if (customProperties) {
    message.customProperties = Object.setPrototypeOf(JSON.parse(customProperties), null);
  }
  return message;
}

/** Written out: a loop over the names takes several times as long. */
function systemPropertiesOf(message, isJson) {
  let { contentType, contentEncoding, expiryTimeUtc } = message;
  if (isJson && contentType === undefined) contentType = 'application/json';
  if (isJson && contentEncoding === undefined) contentEncoding = 'utf-8';
  if (expiryTimeUtc instanceof Date) expiryTimeUtc = expiryTimeUtc.toISOString();
  let json = '';
  json = addMember(json, 'messageId', message.messageId);
  json = addMember(json, 'correlationId', message.correlationId);
  json = addMember(json, 'userId', message.userId);
  json = addMember(json, 'contentType', contentType);
  json = addMember(json, 'contentEncoding', contentEncoding);
  json = addMember(json, 'expiryTimeUtc', expiryTimeUtc, 'a Date or a string');
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
  let json = '';
  for (const name of Object.keys(customProperties)) {
    const value = customProperties[name];
    if (typeof value !== 'string' && value !== null) {
      throw new TypeError(`the custom property ${name} must be a string or null`);
    }
    json = `${opened(json)}${quote(name)}:${value === null ? 'null' : quote(value)}`;
  }
  return closed(json);
}

/** A JSON object, as it has to be to take one more member. */
const opened = (json) => (json === '' ? '{' : json + ',');
/** A JSON object that takes no more; an empty text without any. */
const closed = (json) => (json === '' ? '' : json + '}');

/** Most texts need no escape, which takes less time to see than `JSON.stringify` takes. */
const quote = (text) =>
  /["\\\x00-\x1f\ud800-\udfff]/.test(text) ? JSON.stringify(text) : `"${text}"`;

const parse = (json) => (json === '' ? {} : JSON.parse(json));

/** What a user gives, as a text or as bytes. */
export function contentOf(data) {
  if (typeof data === 'string' || data instanceof Uint8Array) {
    return { content: data, isJson: false };
  }
  if (ArrayBuffer.isView(data)) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return { content: bytes, isJson: false };
  }
  if (Object.prototype.toString.call(data) === '[object ArrayBuffer]') {
    return { content: new Uint8Array(data), isJson: false };
  }
  const json = JSON.stringify(data);
  if (json === undefined) {
    throw new TypeError('the data of a message must be a string, bytes, or what JSON can hold');
  }
  return { content: json, isJson: true };
}

function bytesOf(content) {
  return typeof content === 'string' ? encoder.encode(content) : content;
}

/** A UTF-16 unit becomes up to three bytes. */
function encodeIntoBuffer(text) {
  if (text.length > buffer.length / 3) return encoder.encode(text);
  return buffer.subarray(0, encoder.encodeInto(text, buffer).written);
}
