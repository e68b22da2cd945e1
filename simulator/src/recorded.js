/**
 * A message that was sent, as a line of a recording: `run --record` and the page write it, `replay`
 * reads it.
 *
 * `time` (ISO 8601) and `deviceId` say when, and by which device. `body` is the message as JSON; if
 * it is not JSON, or not in its shortest form, `text` is the message as text. `properties`,
 * `contentType` and `contentEncoding` come from the message, `name` from the scene.
 *
 * @param {string} deviceId
 * @param {import('./device-telemetry.js').SentMessage} message
 * @param {number} time milliseconds since 1970
 */
export function recordedLine(deviceId, message, time) {
  const { name, text, properties, contentType, contentEncoding } = message;
  return {
    time: new Date(time).toISOString(),
    deviceId,
    name,
    ...bodyOf(text),
    properties,
    contentType,
    contentEncoding,
  };
}

/** A body is JSON only if it can be written as exactly the same text. */
function bodyOf(text) {
  try {
    const body = JSON.parse(text);
    return JSON.stringify(body) === text ? { body } : { text };
  } catch {
    return { text };
  }
}
