/** The pinned versions. */
import { readFileSync } from 'node:fs';

export const versions = JSON.parse(readFileSync(new URL('versions.json', import.meta.url), 'utf8'));

/** `vite@7` becomes `vite@7.3.8`, as npm expects it. */
export function pinned(key) {
  const version = versions[key];
  if (!version) throw new Error(`versions.json has no ${key}`);
  return `${key.replace(/(?<=.)@[^/]*$/, '')}@${version}`;
}
