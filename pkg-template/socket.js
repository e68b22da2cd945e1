// The events of a client's WebSocket.

/**
 * Listens to a socket until it has closed, or `detach` is called.
 * @param {WebSocket} socket
 * @param {object} told
 * @param {() => void} told.opened
 * @param {(frame: Uint8Array | string) => void} told.received
 * @param {(detail: string) => void} told.closed
 */
export function attach(socket, { opened, received, closed }) {
  // A Blob could be read only later, and out of order. Those of npm `ws` are Node.js Buffers.
  if (socket.binaryType === 'blob') socket.binaryType = 'arraybuffer';
  let failure;
  socket.onopen = opened;
  socket.onmessage = ({ data }) =>
    // An ArrayBuffer of another realm, as in jsdom, is not an instance of this realm's class.
    received(data.byteLength === undefined || data.buffer ? data : new Uint8Array(data));
  socket.onerror = (/** @type {Event & {message?: string}} */ { message }) => {
    // npm `ws` reports the reason, which browsers do not.
    failure = message;
  };
  socket.onclose = ({ code, reason }) => {
    detach(socket);
    closed(failure || `close code ${code}${reason && `: ${reason}`}`);
  };
}

/** A late event must not have a listener. */
export function detach(socket) {
  socket.onopen = socket.onmessage = socket.onerror = socket.onclose = null;
}
