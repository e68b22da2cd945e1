/** Cloud-to-device messages as the page shows them. */

/** How many bytes are shown of a body that is not text. */
const SHOWN_BYTES = 256;

/** @param {import('iothub-device-client').Message} message */
export function receivedOf(message) {
  const { messageId, correlationId, userId, contentType, contentEncoding } = message;
  return {
    time: Date.now(),
    ...bodyOf(message.bytes()),
    properties: { ...message.customProperties },
    messageId,
    correlationId,
    userId,
    contentType,
    contentEncoding,
  };
}

/** The text or, if it is not text, its bytes in hexadecimal. */
function bodyOf(bytes) {
  const size = bytes.length;
  try {
    return { size, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    const shown = [...bytes.subarray(0, SHOWN_BYTES)];
    return { size, hex: shown.map((byte) => byte.toString(16).padStart(2, '0')).join(' ') };
  }
}
