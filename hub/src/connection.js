import mqttPacket from 'mqtt-packet';
import { acceptConnect } from './connect.js';
import { ProtocolViolation } from './errors.js';
import { FrameWriter } from './frame-writer.js';
import { PacketDecoder } from './packet-decoder.js';
import { resetTcp } from './tls.js';

const CONNECT_TIMEOUT = 60_000;
/** The longest timer of Node.js; a token that lasts longer needs none. */
const MAX_TIMER = 2 ** 31 - 1;
/** The maximum, so that packet ids are left for the message queue. */
const MAX_UNACKNOWLEDGED = 16_000;
/** The maximum number of bytes that wait for a device that does not read. */
const MAX_BUFFERED = 64 * 1024 * 1024;

/**
 * What the hub knows about a connection before its first packet; `url` is from the upgrade request.
 * @typedef {{url: string, protocol: string, secure: boolean,
 *            clientCertificate?: import('./tls.js').ClientCertificate}} Transport
 */

/**
 * Who connects: a device or module, or a client that registers to become a device.
 * @typedef {import('./identity.js').Identity
 *   | import('./provisioning/registrant.js').Registrant} Peer
 */

/** One MQTT connection over one WebSocket, from the upgrade to its end. */
export class Connection {
  /**
   * The identity that CONNECT names.
   * @type {Peer}
   */
  identity;
  /** @type {string | undefined} */
  apiVersion = undefined;
  /** Whether CONNACK 0 was sent. */
  isEstablished = false;
  /**
   * The properties that the hub adds to messages of this connection.
   * @type {Record<string, string>}
   */
  annotations = {};
  /**
   * The message that is stored when the connection ends without DISCONNECT.
   * @type {ReturnType<typeof import('./publish.js').readWill>}
   */
  will = undefined;
  /**
   * Packet ids of publishes to the device, other than those of its message queue.
   * @type {Set<number>}
   */
  unacknowledged = new Set();
  /** @type {Transport} */
  transport;
  #hub;
  #webSocket;
  #socket;
  #decoder = new PacketDecoder();
  #framesIn = 0;
  #writer;
  /** Packets that arrived before CONNACK was sent. */
  #early = [];
  /** Entry in the log of the identity's connections. */
  #entry;
  #isClosed = false;
  #isHalfOpen = false;
  #isCorked = false;
  #silenceTimer;
  #expires = Infinity;
  #expiryTimer;

  /**
   * @param {import('./server.js').Hub} hub
   * @param {import('ws').WebSocket} webSocket
   * @param {import('node:net').Socket} socket below the WebSocket
   * @param {Transport} transport
   */
  constructor(hub, webSocket, socket, transport) {
    this.transport = transport;
    this.#hub = hub;
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#writer = new FrameWriter(webSocket);
    this.#silenceTimer = setTimeout(() => this.close('no CONNECT arrived'), CONNECT_TIMEOUT);
    webSocket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    webSocket.on('close', () => this.#end('the client closed the connection'));
    webSocket.on('error', (error) => this.#end(error.message));
  }

  /** Sends one packet, as soon as the state that it reports is saved. */
  send(packet) {
    if (!this.#isClosed) this.#hub.store.whenSaved(() => this.#write(packet));
  }

  #write(packet) {
    if (this.#isHalfOpen) return;
    const frame = this.#writer.write(mqttPacket.generate(packet), this.identity?.faults);
    this.#record(packet, 'out', frame);
    // Later, because the caller may have more to send on this connection.
    if (this.#webSocket.bufferedAmount > MAX_BUFFERED) process.nextTick(() => this.#giveUp());
  }

  #giveUp() {
    if (!this.#isClosed) this.reset(`the device does not read, ${MAX_BUFFERED} bytes wait for it`);
  }

  /** Sends a frame with any content: a Buffer as a binary one, a string as a text one. */
  sendRaw(content) {
    this.#writer.writeRaw(content);
  }

  /**
   * Publishes to the device; at QoS 1 with a new packet id, unless one is given.
   * @param {{topic: string, payload: Buffer | string, qos: number, dup?: boolean,
   *          messageId?: number}} message
   */
  publish({ topic, payload, qos, dup = false, messageId }) {
    if (qos > 0 && messageId === undefined) {
      if (this.unacknowledged.size === MAX_UNACKNOWLEDGED) {
        this.close(`${MAX_UNACKNOWLEDGED} publishes to the device are unacknowledged`);
        return;
      }
      messageId = this.identity.takePacketId();
      this.unacknowledged.add(messageId);
    }
    const packet = { cmd: 'publish', topic, payload, qos, dup, retain: false, messageId };
    this.send(packet);
    if (qos > 0 && this.identity.faults.duplicate) this.send({ ...packet, dup: true });
  }

  /**
   * Acknowledges a PUBLISH that was accepted.
   * @param {import('mqtt-packet').IPublishPacket} packet
   */
  acknowledge({ qos, messageId }) {
    if (qos > 0) this.#sendAnswer('puback', { messageId });
  }

  /**
   * Responds to the device, unless a fault delays or withholds the response or drops the
   * connection.
   * @param {string} kind of response
   * @param {() => void} send
   */
  answer(kind, send) {
    if (this.dropsAt(kind)) return;
    const { withhold, delay } = this.identity.faults;
    if (withhold.includes(kind)) return;
    if (!delay[kind]) send();
    else setTimeout(() => this.#isClosed || send(), delay[kind]).unref();
  }

  /** Drops the connection if a fault requires that at this step. */
  dropsAt(step) {
    const how = this.identity.faults.dropsAt(step);
    if (how) this[how](`dropped at ${step}, because of an injected fault`);
    return how !== undefined;
  }

  /** Closes the WebSocket: MQTT 3.1.1 gives a server no other way to report an error. */
  close(reason) {
    this.#end(reason);
    if (this.#isHalfOpen) this.#webSocket.terminate();
    else this.#hub.store.whenSaved(() => this.#closeWebSocket());
  }

  #closeWebSocket() {
    this.#writer.flush();
    this.#webSocket.close();
  }

  /** Resets the TCP connection. */
  reset(reason) {
    this.#end(reason);
    resetTcp(this.#socket);
  }

  /** Ends the connection immediately, without a closing handshake. */
  cut(reason) {
    this.#end(reason);
    this.#socket.destroy();
  }

  /** Stops reading and sending, as if the hub had vanished; TCP stays open. */
  goHalfOpen() {
    this.#writer.flush();
    this.#isHalfOpen = true;
    this.#stopTimers();
    this.#webSocket.pause();
  }

  /**
   * Assigns the connection to the identity that CONNECT names, even if the hub refuses the login.
   */
  identify(identity, connect) {
    this.identity = identity;
    this.#entry = identity.connectionLog.open(this.transport);
    this.#record(connect, 'in', this.#framesIn);
  }

  /** Sends CONNACK 0: from now on the device can use the connection. */
  establish({ sessionPresent }) {
    this.isEstablished = true;
    this.#entry.accepted = true;
    this.send({ cmd: 'connack', returnCode: 0, sessionPresent });
    this.#hub.log(`${this.identity.id}: connected`);
    this.identity.established();
    for (const packet of this.#early.splice(0)) this.#handle(packet);
  }

  /** Starts the timers of an accepted connection: keep alive, and expiry of its token. */
  startTimers({ keepalive, expires }) {
    const { maxSilence } = this.#hub.settings;
    const silence = Math.min(keepalive === 0 ? Infinity : keepalive * 1.5, maxSilence);
    this.#silenceTimer = setTimeout(
      () => this.close(`nothing arrived for ${silence} s, with a keep alive of ${keepalive} s`),
      silence * 1000,
    );
    this.#expires = expires;
    this.watchExpiry();
  }

  /** Restarts the timer for the expiry of the token, since the clock may have changed. */
  watchExpiry() {
    clearTimeout(this.#expiryTimer);
    const lifetime = this.#expires - this.identity.now;
    if (lifetime > MAX_TIMER || this.#isHalfOpen) return;
    this.#expiryTimer = setTimeout(() => this.close('the SAS token expired'), lifetime);
  }

  #receive(data, isBinary) {
    if (this.#isClosed) return;
    this.#framesIn++;
    if (!isBinary) {
      this.close('a text frame arrived, MQTT requires binary frames');
      return;
    }
    const { packets, error } = this.#decoder.feed(data);
    this.#cork();
    for (const packet of packets) this.#handle(packet);
    if (error && !this.#isClosed) this.close(`malformed packet: ${error}`);
  }

  /** Sends the responses to everything from one read of the socket in one write. */
  #cork() {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      this.#socket.uncork();
    });
  }

  #handle(packet) {
    if (this.#isClosed) return;
    try {
      if (!this.identity) this.#handleFirst(packet);
      else this.#handleNext(packet);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.close(error.message);
    }
  }

  #handleFirst(packet) {
    if (packet.cmd !== 'connect') throw new ProtocolViolation('the first packet is not CONNECT');
    clearTimeout(this.#silenceTimer);
    acceptConnect(this, packet, this.#hub);
  }

  #handleNext(packet) {
    this.#record(packet, 'in', this.#framesIn);
    this.#silenceTimer.refresh();
    if (packet.cmd === 'connect') throw new ProtocolViolation('a second CONNECT arrived');
    if (this.isEstablished) this.#handleEstablished(packet);
    // A fault delays or withholds CONNACK.
    else this.#early.push(packet);
  }

  #handleEstablished(packet) {
    if (this.dropsAt(packet.cmd)) return undefined;
    this.identity.lastActivity = new Date();
    switch (packet.cmd) {
      case 'publish':
        return this.identity.handlePublish(this, packet);
      case 'puback':
        return this.#handlePuback(packet);
      case 'subscribe':
        return this.#handleSubscribe(packet);
      case 'unsubscribe':
        for (const filter of packet.unsubscriptions) this.identity.unsubscribe(filter);
        return this.#sendAnswer('unsuback', { messageId: packet.messageId });
      case 'pingreq':
        return this.#sendAnswer('pingresp', {});
      case 'disconnect':
        this.will = undefined;
        return this.close('the device disconnected');
      default:
        throw new ProtocolViolation(`a device must not send ${packet.cmd}`);
    }
  }

  #sendAnswer(cmd, fields) {
    this.answer(cmd, () => this.send({ cmd, ...fields }));
  }

  #handlePuback({ messageId }) {
    if (!this.identity.acknowledged(messageId, this)) this.unacknowledged.delete(messageId);
  }

  #handleSubscribe({ subscriptions, messageId }) {
    const { unknownFilter, maxSubscriptions } = this.#hub.settings;
    const granted = subscriptions.map(({ topic, qos }) => {
      const kind = this.identity.subscriptionOf(topic);
      if (!kind && unknownFilter === 'close') {
        throw new ProtocolViolation(`the hub has no topic filter "${topic}"`);
      }
      return { topic, kind, qos: Math.min(qos, 1) };
    });
    const filters = new Set([...this.identity.filters, ...granted.map(({ topic }) => topic)]);
    if (filters.size > maxSubscriptions) {
      throw new ProtocolViolation(`more than ${maxSubscriptions} subscriptions`);
    }
    this.#sendAnswer('suback', { messageId, granted: granted.map(({ qos }) => qos) });
    for (const { topic, kind, qos } of granted) this.identity.subscribe(topic, kind, qos);
  }

  /** Writes the packet into the log of the identity, if one is known. */
  #record(packet, direction, frame) {
    this.identity?.packets.record(packet, this.#entry.sequence, direction, frame);
  }

  #end(reason) {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopTimers();
    if (this.#entry) this.#entry.closedBecause = reason;
    this.#hub.log(`${this.identity?.id ?? 'a connection'}: closed, ${reason}`);
    this.identity?.detach(this);
    if (this.will) this.identity.takeWill(this.will, this.annotations);
  }

  #stopTimers() {
    clearTimeout(this.#silenceTimer);
    clearTimeout(this.#expiryTimer);
  }
}
