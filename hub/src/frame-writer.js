/** Writes MQTT packets into WebSocket frames: one each, unless a fault is active. */
export class FrameWriter {
  /** How many frames were sent. */
  frames = 0;
  #webSocket;
  #gathered = [];
  #timer;

  /** @param {import('ws').WebSocket} webSocket */
  constructor(webSocket) {
    this.#webSocket = webSocket;
  }

  /**
   * @param {Buffer} packet
   * @param {import('./faults.js').Faults} [faults]
   * @returns {number} the number of the frame that completes it
   */
  write(packet, faults) {
    if (faults?.mergeFor) return this.#gather(packet, faults);
    this.flush();
    this.#cut(packet, faults?.frameSize);
    return this.frames;
  }

  /** Sends a frame with any content: a Buffer as a binary one, a string as a text one. */
  writeRaw(content) {
    this.flush();
    this.#webSocket.send(content);
    this.frames++;
  }

  /** Sends the packets collected so far. */
  flush(frameSize) {
    if (this.#gathered.length === 0) return;
    clearTimeout(this.#timer);
    this.#cut(Buffer.concat(this.#gathered.splice(0)), frameSize);
  }

  #gather(packet, { mergeFor, frameSize }) {
    if (this.#gathered.length === 0) {
      this.#timer = setTimeout(() => this.flush(frameSize), mergeFor).unref();
    }
    this.#gathered.push(packet);
    return this.frames + 1;
  }

  #cut(bytes, size = bytes.length) {
    for (let start = 0; start < bytes.length; start += size) {
      this.#webSocket.send(bytes.subarray(start, start + size));
      this.frames++;
    }
  }
}
