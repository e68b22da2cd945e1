import { createHmac, timingSafeEqual } from 'node:crypto';
import { missingRights } from './policies.js';

/**
 * Creates a SAS token of a shared access policy.
 * @param {{resource: string, policyName: string, key: string, seconds: number}} token
 *   `key` is base64, `seconds` is how long the token lasts
 */
export function createSasToken({ resource, policyName, key, seconds }) {
  const sr = encodeURIComponent(resource);
  const se = Math.floor(Date.now() / 1000) + seconds;
  const sig = encodeURIComponent(sign(`${sr}\n${se}`, key).toString('base64'));
  return `SharedAccessSignature sr=${sr}&sig=${sig}&se=${se}&skn=${encodeURIComponent(policyName)}`;
}

/**
 * Splits `SharedAccessSignature sr=...&sig=...&se=...`, with values still percent-encoded.
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
 * Returns why a SAS token does not give access to the resource, or nothing if it does.
 * @param {ReturnType<typeof parseSasToken>} token
 * @param {{host: string, path: string[], keys?: string[], now: number,
 *          policies: import('./policies.js').Policies, rights: string[]}} expected
 * `path` are the segments after the host, `keys` are in base64 and give access in addition to the
 * policies that have the rights, `now` is in milliseconds
 * @returns {string | undefined}
 */
export function whySasRefused(token, { host, path, keys, policies, rights, now }) {
  if (!token) return 'the credentials are not a SAS token with sr, sig and se';
  const policyName = token.skn && decode(token.skn);
  if (!policyName && !keys) return 'the SAS token names no shared access policy in skn';
  if (policyName && !Object.hasOwn(policies, policyName)) {
    return `there is no shared access policy "${policyName}"`;
  }
  if (!isResource(token, { host, path, allowsPrefix: Boolean(policyName) })) {
    return `the SAS token is for a resource other than ${host}/${path.join('/')}`;
  }
  const accepted = policyName ? Object.values(policies[policyName]) : (keys ?? []);
  // The signature is over the text as transmitted: encodings differ between clients.
  const signed = `${token.sr}\n${token.se}`;
  const signature = Buffer.from(decode(token.sig) ?? '', 'base64');
  if (!accepted.some((key) => isSignature(signature, key, signed))) {
    return 'the signature of the SAS token is wrong, check the key';
  }
  if (Number(token.se) * 1000 <= now) {
    return `the SAS token expired at ${token.se}, check the clock`;
  }
  const missing = policyName ? missingRights(policyName, rights) : [];
  if (missing.length === 0) return undefined;
  return `the shared access policy "${policyName}" lacks the right ${missing.join(', ')}`;
}

/** The token of a policy may name a parent resource, in whole segments. */
function isResource(token, { host, path, allowsPrefix }) {
  const [tokenHost, ...tokenPath] = decode(token.sr)?.split('/') ?? [];
  return (
    tokenHost?.toLowerCase() === host.toLowerCase() &&
    tokenPath.every((segment, index) => segment === path[index]) &&
    (allowsPrefix || tokenPath.length === path.length)
  );
}

function isSignature(signature, key, signed) {
  const expected = sign(signed, key);
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}

const sign = (text, key) => createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest();

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
