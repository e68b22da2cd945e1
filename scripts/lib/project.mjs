/** The project's paths, and facts from Cargo.toml and Cargo.lock. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Tools built for this project are kept per user: a second clone need not build them again. */
export const cacheFolder = join(userCacheFolder(), 'iothub-device-client');

function userCacheFolder() {
  switch (process.platform) {
    case 'win32':
      return process.env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local');
    case 'darwin':
      return join(homedir(), 'Library', 'Caches');
    default:
      return process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  }
}

export function readText(path) {
  return readFileSync(join(root, path), 'utf8');
}

export function readJson(path) {
  return JSON.parse(readText(path));
}

/** `version` or `rust-version` of the crate. */
export function crateField(field) {
  return capture(readText('Cargo.toml'), new RegExp(`^${field} = "([^"]+)"`, 'm'), 'Cargo.toml');
}

/** The version of a dependency that Cargo.lock pins. */
export function lockedVersion(name) {
  const entry = new RegExp(`^name = "${name}"\\r?\\nversion = "([^"]+)"`, 'm');
  return capture(readText('Cargo.lock'), entry, 'Cargo.lock');
}

function capture(text, pattern, file) {
  const found = pattern.exec(text);
  if (!found) throw new Error(`${file} has nothing that matches ${pattern}`);
  return found[1];
}

/** Whether a dotted version is at least another; a missing part counts as 0. */
export function isAtLeast(version, minimum) {
  const [have, want] = [version, minimum].map((text) => text.split('.').map(Number));
  for (let part = 0; part < want.length; part += 1) {
    const difference = (have[part] ?? 0) - want[part];
    if (difference !== 0) return difference > 0;
  }
  return true;
}
