/** The servers for the contenders, in a separate process or thread. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { aptInstall } from '../scripts/lib/apt.mjs';
import { Failure, findOnPath, isExecutable } from '../scripts/lib/run.mjs';
import { BackEnd } from '../scripts/start/back-end.mjs';
import { connectPacket, publishPacket } from './contenders/packets.js';
import { json } from './work.js';

const HOSTNAME = 'bench.azure-devices.net';
const DISCONNECT = Uint8Array.of(0xe0, 0);
const PAYLOAD = json(110);

/**
 * Debian's MQTT broker. It accepts any password, and does not respond to twin requests or method
 * calls.
 */
export class Mosquitto {
  name = 'mosquitto';
  #process;
  #folder;
  #port;
  #tcpPort;

  static async start() {
    const server = new Mosquitto();
    const program = await findMosquitto();
    [server.#port, server.#tcpPort] = [await freePort(), await freePort()];
    server.#folder = mkdtempSync(join(tmpdir(), 'mosquitto-'));
    const file = join(server.#folder, 'mosquitto.conf');
    writeFileSync(file, configuration(server.#port, server.#tcpPort));
    server.#process = spawn(program, ['-c', file], { stdio: 'ignore' });
    process.once('exit', () => server.#process.kill());
    for (const port of [server.#port, server.#tcpPort]) {
      while (!(await isListening(port))) {
        if (server.#process.exitCode !== null) {
          throw new Failure(`${program} does not start: run it yourself to see why.`);
        }
        await setTimeout(20);
      }
    }
    return server;
  }

  /** @returns {import('./contenders/contender.js').Device} */
  createDevice(deviceId) {
    const key = randomBytes(32).toString('base64');
    return {
      deviceId,
      endpoint: `ws://127.0.0.1:${this.#port}/$iothub/websocket`,
      connectionString: `HostName=${HOSTNAME};DeviceId=${deviceId};SharedAccessKey=${key}`,
      username: username(HOSTNAME, deviceId),
      password: 'any',
    };
  }

  /** Sends cloud-to-device messages at QoS 1, as fast as the server accepts them. */
  async publish({ deviceId }, count) {
    const topic = `devices/${deviceId}/messages/devicebound/%24.mid=1&colour=blue`;
    const packet = publishPacket(1, topic, PAYLOAD);
    const packets = Buffer.concat(Array(count).fill(packet));
    for (let sent = 0; sent < count; sent += 1) {
      const packetIdAt = (sent + 1) * packet.length - PAYLOAD.length - 2;
      packets.writeUInt16BE((sent % 0xffff) + 1, packetIdAt);
    }
    const socket = connect(this.#tcpPort, '127.0.0.1');
    // The responses must be read, otherwise the broker would wait.
    socket.resume();
    socket.write(connectPacket({ deviceId: `${deviceId}-sender` }));
    await new Promise((resolve) => socket.write(packets, resolve));
    socket.end(DISCONNECT);
  }

  async stop() {
    this.#process.kill();
    await once(this.#process, 'exit');
    rmSync(this.#folder, { recursive: true });
  }
}

/** The local hub, in a thread. */
export class LocalHub {
  name = 'the local hub';
  #thread;
  #access;

  static async start() {
    const server = new LocalHub();
    server.#thread = new Worker(new URL('../tests/conformance/hub-thread.mjs', import.meta.url));
    const [{ url, authorization }] = await once(server.#thread, 'message');
    server.#access = { url, authorization: () => authorization };
    return server;
  }

  async createDevice(deviceId) {
    const { connectionString, endpoint } = await BackEnd.createDevice(this.#access, deviceId);
    const [, hostname] = /HostName=([^;]+)/.exec(connectionString);
    return {
      deviceId,
      endpoint,
      connectionString,
      username: username(hostname, deviceId),
      password: this.#access.authorization(),
    };
  }

  async publish({ deviceId }, count) {
    const backEnd = await BackEnd.createDevice(this.#access, deviceId);
    for (let sent = 0; sent < count; sent += 1) await backEnd.sendMessage({ body: PAYLOAD });
  }

  async stop() {
    await this.#thread.terminate();
  }
}

const username = (hostname, deviceId) => `${hostname}/${deviceId}/?api-version=2021-04-12`;

async function findMosquitto() {
  const find = () => findOnPath('mosquitto') ?? ['/usr/sbin/mosquitto'].find(isExecutable);
  if (!find()) await aptInstall(['mosquitto'], 'Mosquitto, the server of the benchmarks,');
  return find();
}

const configuration = (port, tcpPort) => `
per_listener_settings false
allow_anonymous true
persistence false
set_tcp_nodelay true
max_inflight_messages 0
max_queued_messages 0
connection_messages false
log_type error
user root

listener ${port} 127.0.0.1
socket_domain ipv4
protocol websockets

listener ${tcpPort} 127.0.0.1
protocol mqtt
`;

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function isListening(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket
      .once('error', () => resolve(false))
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      });
  });
}
