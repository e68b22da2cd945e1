/** The frames of the tunnel: a byte for the kind, four for the channel, then the content. */
export const kinds = { open: 0, opened: 1, data: 2, close: 3, closed: 4 };

const HEAD = 5;

/** @param {Uint8Array} content */
export function frame(kind, channel, content = new Uint8Array()) {
  const bytes = new Uint8Array(HEAD + content.length);
  bytes[0] = kind;
  new DataView(bytes.buffer).setUint32(1, channel);
  bytes.set(content, HEAD);
  return bytes;
}

/** @param {Uint8Array} bytes */
export function readFrame(bytes) {
  const channel = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  return { kind: bytes[0], channel, content: bytes.subarray(HEAD) };
}
