import { createHmac, timingSafeEqual } from 'node:crypto';

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
 * @param {{host: string, path: string[], keys: string[], now: number,
 *          policies: import('./policies.js').Policies}} expected
 *   `path` are the segments after the host, `keys` are base64, `now` is in milliseconds
 * @returns {string | undefined}
 */
export function whySasRefused(token, { host, path, keys, policies, now }) {
  if (!token) return 'what came is not a SAS token with sr, sig and se';
  const policyName = token.skn && decode(token.skn);
  if (policyName && !Object.hasOwn(policies, policyName)) {
    return `there is no shared access policy "${policyName}"`;
  }
  if (!isResource(token, { host, path, allowsPrefix: Boolean(policyName) })) {
    return `the SAS token is for another resource than ${host}/${path.join('/')}`;
  }
  const accepted = policyName ? Object.values(policies[policyName]) : keys;
  // The text as transmitted is what was signed: encodings differ from client to client.
  const signed = `${token.sr}\n${token.se}`;
  const signature = Buffer.from(decode(token.sig) ?? '', 'base64');
  if (!accepted.some((key) => isSignature(signature, key, signed))) {
    return 'the signature of the SAS token is wrong, check the key';
  }
  if (Number(token.se) * 1000 <= now) {
    return `the SAS token expired at ${token.se}, check the clock`;
  }
  return undefined;
}

/** The token of a policy may name a resource further up, by whole segments. */
function isResource(token, { host, path, allowsPrefix }) {
  const [tokenHost, ...tokenPath] = decode(token.sr)?.split('/') ?? [];
  return (
    tokenHost?.toLowerCase() === host.toLowerCase() &&
    tokenPath.every((segment, index) => segment === path[index]) &&
    (allowsPrefix || tokenPath.length === path.length)
  );
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
