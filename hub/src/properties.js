import { ProtocolViolation } from './errors.js';

/** System properties by their names in a topic, in the order in which the hub writes them. */
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

/** An object on which any name is an ordinary one, `__proto__` too. */
const bare = () => Object.create(null);

/** Percent-encodes all but the unreserved characters of RFC 3986. */
export function percentEncode(text) {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Reads what follows `.../messages/events` in a topic.
 * @param {string} text
 * @returns {{systemProperties: Record<string, string | null>,
 *            properties: Record<string, string | null>}}
 */
export function parseBag(text) {
  const bag = text.replace(/^\//, '').replace(/^\?/, '').replace(/\/$/, '');
  const systemProperties = bare();
  const properties = bare();
  for (const pair of bag === '' ? [] : bag.split('&')) {
    const [key, value] = parsePair(pair);
    if (SYSTEM_NAMES.has(key)) systemProperties[SYSTEM_NAMES.get(key)] = value;
    else if (key.startsWith('$.')) systemProperties[key] = value;
    else properties[key] = value;
  }
  return { systemProperties, properties };
}

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
