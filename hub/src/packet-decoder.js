import mqttPacket from 'mqtt-packet';

/** 256 KB of body, a topic of the maximum length, and their headers. */
const MAX_PACKET_LENGTH = 262_144 + 65_535 + 4;

/** Decodes the bytes of one connection, cut anywhere, into MQTT packets. */
export class PacketDecoder {
  #parser = mqttPacket.parser({ protocolVersion: 4 });
  #packets = [];
  #error;

  constructor() {
    this.#parser.on('packet', (packet) => {
      this.#error ??= whyMalformed(packet);
      if (!this.#error) this.#packets.push(packet);
    });
    this.#parser.on('error', (error) => {
      this.#error ??= error.message;
    });
  }

  /**
   * @param {Buffer} bytes
   * @returns {{packets: object[], error?: string}} the packets that are complete and valid, and
   *   what is wrong after them
   */
  feed(bytes) {
    try {
      this.#parser.parse(bytes);
    } catch (error) {
      // mqtt-packet reads past the end of some truncated packets.
      this.#error ??= error.message;
    }
    // Its types do not declare the packet that it is reading.
    const { packet } = /** @type {any} */ (this.#parser);
    if (packet.length > MAX_PACKET_LENGTH) this.#error ??= 'packet too large';
    const packets = this.#packets;
    this.#packets = [];
    return { packets, error: this.#error };
  }
}

/** Returns what violates MQTT 3.1.1 although mqtt-packet accepts it. */
function whyMalformed(packet) {
  const { cmd, length, messageId } = packet;
  if (messageId !== undefined && messageId < 1) return `${cmd} without packet id`;
  switch (cmd) {
    case 'publish':
      return whyPublishMalformed(packet);
    case 'subscribe':
      return whyFiltersMalformed(packet.subscriptions.map(({ topic }) => topic));
    case 'unsubscribe':
      return whyFiltersMalformed(packet.unsubscriptions);
    case 'puback':
      return length === 2 ? undefined : 'PUBACK with a wrong length';
    case 'pingreq':
    case 'disconnect':
      return length === 0 ? undefined : `${cmd} with a wrong length`;
    default:
      return undefined;
  }
}

function whyPublishMalformed({ topic, qos, dup, length }) {
  if (2 + Buffer.byteLength(topic) + (qos > 0 ? 2 : 0) > length) return 'PUBLISH cut short';
  if (topic === '' || hasWildcards(topic)) {
    return 'PUBLISH topic is empty or has wildcards';
  }
  if (!isText(topic)) return 'PUBLISH topic is not UTF-8';
  if (dup && qos === 0) return 'PUBLISH with DUP at QoS 0';
  return undefined;
}

/** Ignores plus signs in properties: a setting decides whether these are allowed. */
function hasWildcards(topic) {
  const beforeBag = topic.replace(
    /^(devices\/[^/]*(\/modules\/[^/]*)?\/messages\/events\/).*/s,
    '$1',
  );
  return topic.includes('#') || beforeBag.includes('+');
}

function whyFiltersMalformed(filters) {
  if (filters.length === 0) return 'packet without topic filters';
  return filters.every(isText) ? undefined : 'topic filter is not UTF-8';
}

/** The decoder replaces invalid UTF-8 with U+FFFD; NUL is forbidden (section 1.5.3). */
function isText(text) {
  return !/[\uFFFD\0]/.test(text);
}
