/**
 * `npm run load`: how much load a hub can handle. Many devices are connected at the same time, each
 * with some QoS 1 messages in flight; the hub and the devices both count the messages.
 */
import { fork } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Device } from './device.js';

const HELP = `npm run load -- [options]

Starts a hub in a separate process, connects devices to it and sends telemetry as fast as the hub
acknowledges it. Prints rates, the hub's CPU time and memory, and how many messages it has.

  --devices N     how many devices to connect (2000)
  --messages N    how many messages each device sends (200)
  --in-flight N   how many messages of a device may be unacknowledged (5)
  --bytes N       the size of a payload in bytes (110)
  --help          print this`;

/** How many devices connect at the same time; a listening socket has a short queue. */
const CONNECTING = 100;

async function run({ devices: count, messages, 'in-flight': inFlight, bytes }) {
  const ids = Array.from({ length: Number(count) }, (_, index) => `device${index + 1}`);
  const hub = await HubProcess.start(ids);
  const empty = await hub.ask('memory');

  const connecting = performance.now();
  const devices = await connectAll(hub, ids);
  report('connected', ids.length, 'devices', performance.now() - connecting);
  const idle = await hub.ask('memory');

  const cpu = await hub.ask('cpu');
  const sending = performance.now();
  const load = { messages: Number(messages), inFlight: Number(inFlight), bytes: Number(bytes) };
  await Promise.all(devices.map((device) => device.send(load)));
  const sent = ids.length * load.messages;
  report('acknowledged', sent, 'messages', performance.now() - sending);
  const { user, system } = await hub.ask('cpu');
  const micros = user + system - cpu.user - cpu.system;
  console.log(`CPU of the hub: ${(micros / sent).toFixed(1)} µs per message`);

  const kept = await countAtHub(hub, ids, load.messages);
  console.log(`at the hub: ${kept} messages, ${sent - kept} lost`);
  const full = await hub.ask('memory');
  console.log(
    `memory of the hub: ${mega(empty)} at first, ${mega(idle)} with all devices connected, ` +
      `${mega(full)} with all messages stored`,
  );
  console.log(`memory per connected device: ${((idle - empty) / ids.length / 1000).toFixed(1)} KB`);

  for (const device of devices) device.close();
  hub.stop();
  if (kept !== sent) process.exitCode = 1;
}

function report(what, count, things, milliseconds) {
  const rate = Math.round(count / (milliseconds / 1000));
  console.log(
    `${what}: ${count} ${things} in ${(milliseconds / 1000).toFixed(2)} s, ${rate} a second`,
  );
}

const mega = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;

async function connectAll(hub, ids) {
  const password = hub.token();
  const devices = [];
  for (let start = 0; start < ids.length; start += CONNECTING) {
    const some = ids.slice(start, start + CONNECTING);
    devices.push(...(await Promise.all(some.map((id) => Device.connect(hub, id, password)))));
  }
  return devices;
}

/** How many messages the hub has; more than `expected` of a device are an error. */
async function countAtHub(hub, ids, expected) {
  let kept = 0;
  for (const id of ids) {
    const { messages } = await hub.get(`/local/devices/${id}/telemetry?after=0`);
    if (messages.length > expected) throw new Error(`${id} has ${messages.length} messages`);
    kept += messages.length;
  }
  return kept;
}

/** The hub, in a separate process. */
class HubProcess {
  #child;

  static async start(ids) {
    const hub = new HubProcess();
    const file = fileURLToPath(new URL('hub-process.js', import.meta.url));
    hub.#child = fork(file, [JSON.stringify(ids)]);
    const [started] = await once(hub.#child, 'message');
    return Object.assign(hub, started);
  }

  async ask(question) {
    this.#child.send(question);
    const [answer] = await once(this.#child, 'message');
    return answer;
  }

  async get(path) {
    const { origin } = new URL(this.endpoint.replace('ws:', 'http:'));
    const response = await fetch(origin + path, { headers: { authorization: this.token() } });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.json();
  }

  /** A SAS token of the owner's policy, which has all rights. */
  token() {
    const resource = encodeURIComponent(this.hostname);
    const expiry = Math.floor(Date.now() / 1000) + 3600;
    const key = Buffer.from(this.policies.iothubowner.primaryKey, 'base64');
    const signature = createHmac('sha256', key).update(`${resource}\n${expiry}`).digest('base64');
    const sig = encodeURIComponent(signature);
    return `SharedAccessSignature sr=${resource}&sig=${sig}&se=${expiry}&skn=iothubowner`;
  }

  stop() {
    this.#child.disconnect();
  }
}

const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '2000' },
    messages: { type: 'string', default: '200' },
    'in-flight': { type: 'string', default: '5' },
    bytes: { type: 'string', default: '110' },
    help: { type: 'boolean' },
  },
});
if (values.help) console.log(HELP);
else await run(values);
