import { createHmac, timingSafeEqual } from 'node:crypto';

const API_VERSION = /^20\d\d-\d\d-\d\d(-preview)?$/;

/**
 * Reads an MQTT user name: `{host}/{device}[/{module}]/?api-version=...&...`, where the question
 * mark, and the whole last part, may be missing.
 * @param {string | undefined} text
 * @returns {{host: string, deviceId: string, moduleId?: string, apiVersion?: string,
 *            modelId?: string} | null}
 */
export function parseUserName(text) {
  const [host, deviceId, ...rest] = (text ?? '').split('/');
  if (!host || !deviceId) return null;
  const isQuery = (part) => /^($|\?|api-version=)/.test(part);
  const moduleId = rest.length > 0 && !isQuery(rest[0]) ? rest.shift() : undefined;
  const query = new Map();
  for (const pair of rest.join('/').replace(/^\?/, '').split('&')) {
    const [key, value = ''] = pair.split(/=(.*)/s);
    if (!query.has(key)) query.set(key, value);
  }
  const apiVersion = query.get('api-version');
  if (apiVersion !== undefined && !API_VERSION.test(apiVersion)) return null;
  try {
    const modelId = query.has('model-id') ? decodeURIComponent(query.get('model-id')) : undefined;
    return { host, deviceId, moduleId, apiVersion, modelId };
  } catch {
    return null;
  }
}

/**
 * Splits `SharedAccessSignature sr=...&sig=...&se=...`, values still percent-encoded.
 * @returns {{sr: string, sig: string, se: string, skn?: string} | null}
 */
export function parseSasToken(text) {
  const [, fields] = /^SharedAccessSignature (.+)$/.exec(text) ?? [];
  if (!fields) return null;
  const token = Object.create(null);
  for (const field of fields.split('&')) {
    const [name, value] = field.split(/=(.*)/s);
    if (!['sr', 'sig', 'se', 'skn'].includes(name) || !value || token[name]) return null;
    token[name] = value;
  }
  return token.sr && token.sig && /^\d+$/.test(token.se) ? token : null;
}

/**
 * Says why a SAS token does not open the resource, or nothing when it does.
 * @param {ReturnType<typeof parseSasToken>} token
 * @param {{host: string, path: string[], keys: string[], now: number}} expected `path` are the
 *   segments after the host, `keys` are base64, `now` is in milliseconds
 * @returns {string | undefined}
 */
export function whySasRefused(token, { host, path, keys, now }) {
  if (!token) return 'the password is not a SAS token with sr, sig and se';
  if (token.skn) return 'the hub has no shared access policies, sign with the key of the device';
  const [tokenHost, ...tokenPath] = decode(token.sr)?.split('/') ?? [];
  if (
    tokenHost?.toLowerCase() !== host.toLowerCase() ||
    tokenPath.length !== path.length ||
    tokenPath.some((segment, index) => segment !== path[index])
  ) {
    return `the SAS token is for another resource than ${host}/${path.join('/')}`;
  }
  // The text as transmitted is what was signed: encodings differ from client to client.
  const signed = `${token.sr}\n${token.se}`;
  const signature = Buffer.from(decode(token.sig) ?? '', 'base64');
  if (!keys.some((key) => isSignature(signature, key, signed))) {
    return 'the signature of the SAS token is wrong, check the key';
  }
  if (Number(token.se) * 1000 <= now) {
    return `the SAS token expired at ${token.se}, check the clock`;
  }
  return undefined;
}

function isSignature(signature, key, signed) {
  const expected = createHmac('sha256', Buffer.from(key, 'base64')).update(signed).digest();
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
