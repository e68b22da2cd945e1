// The `trace` option: what goes over a client's sockets, without what is secret or bulky.

const packetNames = [
  undefined,
  'CONNECT',
  'CONNACK',
  'PUBLISH',
  'PUBACK',
  'PUBREC',
  'PUBREL',
  'PUBCOMP',
  'SUBSCRIBE',
  'SUBACK',
  'UNSUBSCRIBE',
  'UNSUBACK',
  'PINGREQ',
  'PINGRESP',
  'DISCONNECT',
];

const decoder = new TextDecoder();

/** A host whose sockets tell `trace` what they carry. */
export function tracingHost(host, trace) {
  const tell = (record) => {
    try {
      trace({ time: new Date(), ...record });
    } catch (error) {
      console.error(error);
    }
  };
  const openSocket = (url, transport) => {
    const socket = host.openSocket(url, transport);
    const sent = packetReader((packet) => tell({ direction: 'sent', ...packet }));
    const received = packetReader((packet) => tell({ direction: 'received', ...packet }));
    const send = socket.send.bind(socket);
    socket.send = (bytes) => {
      // First, as `trace` may use the client: that moves the memory that the bytes are in.
      send(bytes);
      sent(bytes);
    };
    socket.addEventListener('open', () => tell({ state: 'socket open' }));
    socket.addEventListener('close', ({ code }) => tell({ state: 'socket closed', code }));
    socket.addEventListener('message', ({ data }) => {
      if (typeof data !== 'string') received(new Uint8Array(data));
    });
    tell({ state: 'socket opening', url });
    return socket;
  };
  return Object.assign(Object.create(host), { openSocket });
}

/** Takes the bytes of frames; calls `found` for each packet that is whole. */
function packetReader(found) {
  let rest = new Uint8Array();
  return (frame) => {
    const bytes = new Uint8Array(rest.length + frame.length);
    bytes.set(rest);
    bytes.set(frame, rest.length);
    let start = 0;
    for (;;) {
      const end = packetEnd(bytes, start);
      if (end === undefined || end.total > bytes.length) break;
      found(describe(bytes.subarray(start, end.total), end.header));
      start = end.total;
    }
    rest = bytes.slice(start);
  };
}

/** Where the packet at `start` ends, and how long its fixed header is (MQTT 3.1.1, section 2.2). */
function packetEnd(bytes, start) {
  let length = 0;
  for (let index = 1; index <= 4; index += 1) {
    const byte = bytes[start + index];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 128 ** (index - 1);
    if (byte < 0x80) return { total: start + index + 1 + length, header: index + 1 };
  }
  return { total: bytes.length, header: 5 };
}

function describe(bytes, header) {
  const [first] = bytes;
  const packet = packetNames[first >> 4] ?? 'unknown';
  const record = { packet, size: bytes.length };
  const number = (at) => bytes[at] * 256 + bytes[at + 1];
  if (packet === 'PUBLISH') {
    const topicLength = number(header);
    record.qos = (first >> 1) & 3;
    record.dup = (first & 8) !== 0;
    record.topic = text(bytes, header, topicLength);
    if (record.qos > 0) record.packetId = number(header + 2 + topicLength);
  } else if (packet === 'CONNACK') {
    record.returnCode = bytes[header + 1];
  } else if (packet !== 'CONNECT' && bytes.length >= header + 2) {
    record.packetId = number(header);
  }
  if (packet === 'SUBSCRIBE' || packet === 'UNSUBSCRIBE') {
    // The client names one filter in each.
    record.filter = text(bytes, header + 2, number(header + 2));
  }
  return record;
}

function text(bytes, lengthAt, length) {
  return decoder.decode(bytes.subarray(lengthAt + 2, lengthAt + 2 + length));
}
