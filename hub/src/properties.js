import { ProtocolViolation } from './errors.js';

/** System properties by their names in topics, in the order in which the hub writes them. */
const SYSTEM_NAMES = new Map([
  ['$.mid', 'messageId'],
  ['$.to', 'to'],
  ['$.cid', 'correlationId'],
  ['$.uid', 'userId'],
  ['$.ct', 'contentType'],
  ['$.ce', 'contentEncoding'],
  ['$.ctime', 'creationTimeUtc'],
  ['$.exp', 'expiryTimeUtc'],
  ['$.on', 'outputName'],
  ['$.ifid', 'interfaceId'],
  ['$.sub', 'componentName'],
  ['$.schema', 'schema'],
]);

/** Percent-encodes all but the unreserved characters of RFC 3986. */
export function percentEncode(text) {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Reads what follows `.../messages/events` in a topic.
 * @param {string} bagText
 * @param {import('./settings.js').Settings} settings
 * @returns {{systemProperties: Record<string, string | null>,
 *            properties: Record<string, string | null>}}
 */
export function parseBag(bagText, { plusInProperties, emptyProperty, expiryInTelemetry }) {
  const encoded = bagText.replace(/^\//, '').replace(/^\?/, '').replace(/\/$/, '');
  if (plusInProperties === 'close' && encoded.includes('+')) {
    throw new ProtocolViolation('a plus sign in the topic is a wildcard, write %2B');
  }
  const bag = plusInProperties === 'space' ? encoded.replaceAll('+', '%20') : encoded;
  const system = [];
  const custom = [];
  for (const pair of bag === '' ? [] : bag.split('&')) {
    const [key, text] = parsePair(pair);
    const value = text === '' && emptyProperty === 'null' ? null : text;
    if (key.startsWith('$.')) system.push([SYSTEM_NAMES.get(key) ?? key, value]);
    else custom.push([key, value]);
  }
  // Without a prototype, any name is an ordinary key, even `__proto__`.
  const systemProperties = Object.fromEntries(system);
  const properties = Object.fromEntries(custom);
  if ('expiryTimeUtc' in systemProperties && expiryInTelemetry === 'close') {
    throw new ProtocolViolation('telemetry must not have $.exp');
  }
  return { systemProperties, properties };
}

/** @returns {[key: string, value: string | null]} */
function parsePair(pair) {
  const [key, value, ...rest] = pair.split('=');
  if (key === '' || rest.length > 0 || pair.includes('/')) {
    throw new ProtocolViolation(`malformed property "${pair}" in the topic`);
  }
  try {
    return [decodeURIComponent(key), value === undefined ? null : decodeURIComponent(value)];
  } catch {
    throw new ProtocolViolation(`bad percent-encoding in property "${pair}" of the topic`);
  }
}

/**
 * Writes a property bag as the hub sends it: system properties first.
 * @param {Record<string, string | undefined>} systemProperties by their long names
 * @param {Record<string, string | null>} properties
 */
export function formatBag(systemProperties, properties) {
  const pairs = [];
  for (const [wireName, name] of SYSTEM_NAMES) {
    if (systemProperties[name] !== undefined) pairs.push([wireName, systemProperties[name]]);
  }
  return [...pairs, ...Object.entries(properties)]
    .map(([key, value]) =>
      value === null ? percentEncode(key) : `${percentEncode(key)}=${percentEncode(value)}`,
    )
    .join('&');
}
