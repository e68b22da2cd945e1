/** Finds keys and tokens in text, to keep them out of scenes. */
import { createScanner, SyntaxKind } from 'jsonc-parser';

/** The names of secrets, alone or before a value. */
const SECRET =
  /(?:SharedAccess(?:Key|Signature)|AccountKey|\b(?:primary|secondary)Key)(?:["':=\s]|$)|\bsig=/i;

/** Base64 of 32 or 64 bytes, as keys of devices and of storage accounts are. */
const KEY = /^(?:[a-z0-9+/]{43}=|[a-z0-9+/]{86}==)$/i;

/** Text that may be a key, also within unfinished text. */
const ANY_KEY = /[a-z0-9+/]{43}=|[a-z0-9+/]{86}==/i;

export const isSecret = (text) => SECRET.test(text) || KEY.test(text.trim());

/** Whether JSON contains a secret, as written or with its escapes resolved. */
export function holdsSecret(source) {
  if (SECRET.test(source)) return true;
  const scanner = createScanner(source);
  for (let token = scanner.scan(); token !== SyntaxKind.EOF; token = scanner.scan()) {
    if (token === SyntaxKind.StringLiteral && isSecret(scanner.getTokenValue())) return true;
  }
  return false;
}

/** Whether no text in an unfinished edit looks like a secret: then it may be kept. */
export function mayBeKept(value) {
  if (typeof value === 'string') {
    return !isSecret(value) && !ANY_KEY.test(value) && !holdsSecret(value);
  }
  return typeof value !== 'object' || value === null || Object.values(value).every(mayBeKept);
}
