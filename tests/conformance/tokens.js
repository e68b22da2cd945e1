// SAS tokens made with WebCrypto, independently of the package's code.

const encode = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);

/** Seconds since 1970. */
export const now = () => Math.floor(Date.now() / 1000);

/** A token of the key for `{hostname}/{path}`, or for the whole hub, that expires at `se`. */
export async function signToken({ hostname, path, key, se, skn }) {
  const resource = encode(path === undefined ? hostname : `${hostname}/${path}`);
  const bytes = Uint8Array.from(atob(key), (character) => character.charCodeAt(0));
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const hmac = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign']);
  const signed = new TextEncoder().encode(`${resource}\n${se}`);
  const signature = new Uint8Array(await crypto.subtle.sign('HMAC', hmac, signed));
  const sig = encode(btoa(String.fromCharCode(...signature)));
  const token = `SharedAccessSignature sr=${resource}&sig=${sig}&se=${se}`;
  return { sig, token: skn === undefined ? token : `${token}&skn=${encode(skn)}` };
}
