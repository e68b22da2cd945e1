/** Links that contain a scene in their fragment, which is sent to no server. */
import { checkLength, MAX_LENGTH } from './limits.js';

/** A page loads it with the first link. */
const scenes = () => import('./scene.js');

/** How the fragment of a link with a scene begins. */
const LINKED = '#scene=';

/** A link to the simulator at `address` that contains the scene in its fragment. */
export async function sceneToLink(scene, address) {
  const { checkScene } = await scenes();
  const source = new Blob([JSON.stringify(checkScene(scene))]);
  checkLength(source.size);
  const packed = source.stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  const packedText = base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return `${address}${LINKED}${packedText}`;
}

/** The scene in the fragment of a link; `undefined` if there is none. */
export async function sceneFromHash(hash) {
  if (!hash.startsWith(LINKED)) return undefined;
  const { parseScene } = await scenes();
  return parseScene(await unpack(hash.slice(LINKED.length)));
}

async function unpack(base64) {
  const parts = [];
  let length = 0;
  try {
    const binary = atob(base64.replaceAll('-', '+').replaceAll('_', '/'));
    const packed = new Blob([Uint8Array.from(binary, (character) => character.charCodeAt(0))]);
    const unpacked = packed.stream().pipeThrough(new DecompressionStream('deflate-raw'));
    for await (const part of readAll(unpacked)) {
      length += part.length;
      if (length > MAX_LENGTH) break;
      parts.push(part);
    }
  } catch {
    throw new Error('The link is damaged: part of its scene is missing or changed.');
  }
  checkLength(length);
  return new Blob(parts).text();
}

/** Streams cannot be iterated in every browser yet. */
async function* readAll(stream) {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}
