const encoder = new TextEncoder();
const decoder = new TextDecoder();

const systemProperties = [
  'messageId',
  'correlationId',
  'userId',
  'contentType',
  'contentEncoding',
  'expiryTimeUtc',
  'ack',
  'outputName',
  'inputName',
  'iothubInterfaceId',
];

/** A message, to the hub or from it. */
export class Message {
  data;
  customProperties = Object.create(null);
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
    const { body, system, custom } = encodeMessage(this);
    const values = system.filter((_, index) => index % 2 === 1);
    const bytes = (text) => (text === null ? 0 : encoder.encode(text).length);
    return [...values, ...custom].reduce((size, text) => size + bytes(text), body.length);
  }

  bytes() {
    return toBytes(this.data).bytes;
  }

  text() {
    return decoder.decode(this.bytes());
  }

  json() {
    return JSON.parse(this.text());
  }
}

/**
 * What crosses to the core: the body, and properties as names and values in turn.
 * @param {unknown} value a `Message`, or the data of one
 */
export function encodeMessage(value) {
  const message = value instanceof Message ? value : new Message(value);
  const { bytes, isJson } = toBytes(message.data);
  const system = [];
  for (const name of systemProperties) {
    const text = systemProperty(message, name, isJson);
    if (text !== undefined) {
      system.push(name, text);
    }
  }
  const custom = Object.entries(message.customProperties ?? {}).flat();
  custom.forEach((text, index) => {
    if (typeof text !== 'string' && text !== null) {
      throw new TypeError(`the custom property ${custom[index - 1]} must be a string or null`);
    }
  });
  return { body: bytes, system, custom };
}

/** Makes a received message of what comes from the core. */
export function decodeMessage(body, system, custom) {
  const message = new Message(body);
  assignPairs(message, system);
  assignPairs(message.customProperties, custom);
  return message;
}

function assignPairs(target, pairs) {
  for (let index = 0; index < pairs.length; index += 2) {
    target[pairs[index]] = pairs[index + 1];
  }
}

function systemProperty(message, name, isJson) {
  let value = message[name];
  if (isJson && value === undefined) {
    if (name === 'contentType') return 'application/json';
    if (name === 'contentEncoding') return 'utf-8';
  }
  if (name === 'expiryTimeUtc' && value instanceof Date) {
    value = value.toISOString();
  }
  if (value !== undefined && typeof value !== 'string') {
    const kind = name === 'expiryTimeUtc' ? 'a Date or a string' : 'a string';
    throw new TypeError(`the ${name} of a message must be ${kind}`);
  }
  return value;
}

function toBytes(data) {
  if (typeof data === 'string') {
    return { bytes: encoder.encode(data), isJson: false };
  }
  if (ArrayBuffer.isView(data)) {
    return { bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength), isJson: false };
  }
  if (Object.prototype.toString.call(data) === '[object ArrayBuffer]') {
    return { bytes: new Uint8Array(data), isJson: false };
  }
  const json = JSON.stringify(data);
  if (json === undefined) {
    throw new TypeError('the data of a message must be a string, bytes, or what JSON can hold');
  }
  return { bytes: encoder.encode(json), isJson: true };
}
