// The `trace` option: logs what a client does, without secrets and payloads.

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

/**
 * A host that reports what a client does to `trace`.
 * @param {import('./host.js').Platform} host
 * @param {unknown} option the user's `trace`
 * @param {string} resource which client it is
 * @param {() => { state: string, seconds?: number }} activity of its connection
 * @returns {import('./host.js').Platform}
 */
export function tracingHost(host, option, resource, activity) {
  const trace = option === undefined && host.isDebugged() ? 'console' : option;
  if (trace === undefined) return host;
  if (trace !== 'console' && typeof trace !== 'function') {
    throw new TypeError('trace must be a function or "console"');
  }
  const take = trace === 'console' ? printer(host.log, resource) : trace;
  /** @param {{payload?: Uint8Array, [name: string]: unknown}} record */
  const tell = ({ payload, ...record }) => {
    const told = { time: new Date(), ...record };
    // Copies and logs of the record leave it out.
    if (payload) Object.defineProperty(told, 'payload', { value: payload });
    // It may be an async function.
    (async () => take(told))().catch((error) => console.error(error));
  };
  let last = 'disconnected';
  /** The connection's state must be read: do so before recording anything that follows from it. */
  const note = (record) => {
    const present = activity();
    if (present.state !== last) {
      last = present.state;
      tell(present);
    }
    if (record) tell(record);
  };

  const openSocket = (url, transport) => {
    note({ state: 'socket opening', url });
    const socket = host.openSocket(url, transport);
    const sent = packetReader((packet) => note({ direction: 'sent', ...packet }));
    const received = packetReader((packet) => note({ direction: 'received', ...packet }));
    const send = socket.send.bind(socket);
    socket.send = (bytes) => {
      // First, because `trace` may use the client, which can move the memory that holds the bytes.
      send(bytes);
      sent(bytes);
    };
    let failure;
    socket.addEventListener('open', () => note({ state: 'socket open' }));
    socket.addEventListener('error', ({ message }) => (failure = message));
    socket.addEventListener('close', ({ code, reason }) =>
      note({ state: 'socket closed', code, reason: failure || reason || undefined }),
    );
    socket.addEventListener('message', ({ data }) => {
      if (typeof data !== 'string') received(new Uint8Array(data));
    });
    return socket;
  };

  const request = async (url, options, transport) => {
    const begun = Date.now();
    // The query of the storage account is a secret.
    const call = { http: options.method, url: url.split('?')[0] };
    const end = (result) => note({ ...call, ...result, seconds: (Date.now() - begun) / 1000 });
    try {
      const answer = await host.request(url, options, transport);
      end({ status: answer.status });
      return answer;
    } catch (error) {
      end({ error });
      throw error;
    }
  };

  return Object.assign(Object.create(host), { openSocket, request, note });
}

/** Writes a line for each record. */
function printer(log, resource) {
  const [, identity] = resource.split(/\/(?:devices|registrations)\//);
  return (record) => log(`iothub-device-client ${identity} ${lineOf(record)}`);
}

function lineOf({ time, direction, packet, state, http, ...details }) {
  const words = [direction, packet, state, http].filter(Boolean);
  const given = Object.entries(details).filter(([, value]) => value !== undefined);
  const values = given.map(([name, value]) => `${name}=${shown(value)}`);
  return [time.toISOString().slice(11, 23), ...words, ...values].join(' ');
}

/** On one line, whatever it contains. */
function shown(value) {
  const text = value instanceof Error ? `${value.name}: ${value.message}` : String(value);
  return /^[!#-~]+$/.test(text) ? text : JSON.stringify(text);
}

/** Takes the bytes of frames; calls `found` for each complete packet. */
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
    const end = header + 2 + topicLength;
    if (record.qos > 0) record.packetId = number(end);
    record.payload = bytes.subarray(record.qos > 0 ? end + 2 : end);
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
