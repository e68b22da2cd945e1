import mqttPacket from 'mqtt-packet';
import { acceptConnect } from './connect.js';
import { ProtocolViolation } from './errors.js';
import { PacketDecoder } from './packet-decoder.js';
import { handlePublish } from './publish.js';
import { subscriptionOf } from './topics.js';

const CONNECT_TIMEOUT = 60_000;
/** The hub waits 29.45 minutes at most, whatever the client asked for. */
const MAX_SILENCE = 1_767_000;
/** Node.js has no longer timer; a token that outlives it needs none. */
const MAX_TIMER = 2 ** 31 - 1;
/** Leaves packet ids for the message queue. */
const MAX_UNACKNOWLEDGED = 16_000;

/**
 * What is known of a connection before its first packet; `url` is that of the upgrade.
 * @typedef {{url: string, protocol: string, secure: boolean,
 *            clientCertificate?: import('./tls.js').ClientCertificate}} Transport
 */

/** One MQTT connection over one WebSocket, from the upgrade to its end. */
export class Connection {
  identity = null;
  apiVersion = undefined;
  /** Whether CONNACK 0 was sent. */
  isEstablished = false;
  /** Packet ids of publishes to the device, other than those of its message queue. */
  unacknowledged = new Set();
  /** @type {Transport} */
  transport;
  #hub;
  #webSocket;
  #socket;
  #decoder = new PacketDecoder();
  #frames = { in: 0, out: 0 };
  /** Entry in the log of the identity's connections. */
  #entry;
  #isClosed = false;
  #isHalfOpen = false;
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
    this.#silenceTimer = setTimeout(() => this.close('no CONNECT came'), CONNECT_TIMEOUT);
    webSocket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    webSocket.on('close', () => this.#end('the client closed the connection'));
    webSocket.on('error', (error) => this.#end(error.message));
  }

  /**
   * Sends one packet, when what it tells is saved: in a frame of its own, or in many where a fault
   * limits their size.
   */
  send(packet) {
    if (!this.#isClosed) this.#hub.store.whenSaved(() => this.#write(packet));
  }

  #write(packet) {
    if (this.#isHalfOpen) return;
    const bytes = mqttPacket.generate(packet);
    const size = this.identity?.faults.frameSize ?? bytes.length;
    for (let start = 0; start < bytes.length; start += size) {
      this.#webSocket.send(bytes.subarray(start, start + size));
      this.#frames.out++;
    }
    this.#record(packet, 'out');
  }

  /** Sends a frame with any content: a Buffer as a binary one, a string as a text one. */
  sendRaw(content) {
    this.#webSocket.send(content);
    this.#frames.out++;
  }

  /** Publishes to the device; at QoS 1 with a new packet id, unless one is given. */
  publish({ topic, payload, qos, dup = false, messageId }) {
    if (qos > 0 && messageId === undefined) {
      if (this.unacknowledged.size === MAX_UNACKNOWLEDGED) {
        this.close(`${MAX_UNACKNOWLEDGED} publishes to the device are unacknowledged`);
        return;
      }
      messageId = this.identity.takePacketId();
      this.unacknowledged.add(messageId);
    }
    this.send({ cmd: 'publish', topic, payload, qos, dup, retain: false, messageId });
  }

  /** Acknowledges a PUBLISH that was accepted. */
  acknowledge({ qos, messageId }) {
    if (qos > 0) this.#answer('puback', { messageId });
  }

  /** Closes the WebSocket, which is all that a hub can say. */
  close(reason) {
    this.#end(reason);
    if (this.#isHalfOpen) this.#webSocket.terminate();
    else this.#hub.store.whenSaved(() => this.#webSocket.close());
  }

  /** Resets the TCP connection. */
  reset(reason) {
    this.#end(reason);
    this.#socket.resetAndDestroy();
  }

  /** Reads and sends nothing any more, as if the hub's end were gone; TCP stays open. */
  goHalfOpen() {
    this.#isHalfOpen = true;
    this.#stopTimers();
    this.#webSocket.pause();
  }

  /** The connection belongs to the identity that CONNECT names, whether or not it is let in. */
  identify(identity, connect) {
    this.identity = identity;
    this.#entry = identity.connectionLog.open(this.transport);
    this.#record(connect, 'in');
  }

  /** From now on the connection is of use. */
  establish() {
    this.isEstablished = true;
    this.#entry.accepted = true;
  }

  /** Starts the clocks of a connection that was let in: keep alive, and end of its token. */
  startTimers({ keepalive, expires }) {
    const silence = Math.min(keepalive === 0 ? MAX_SILENCE : keepalive * 1500, MAX_SILENCE);
    this.#silenceTimer = setTimeout(
      () => this.close(`nothing came for 1.5 times the keep alive of ${keepalive} s`),
      silence,
    );
    this.#expires = expires;
    this.watchExpiry();
  }

  /** Starts the timer for the end of the token anew, as the clock may have changed. */
  watchExpiry() {
    clearTimeout(this.#expiryTimer);
    const lifetime = this.#expires - this.identity.now;
    if (lifetime > MAX_TIMER || this.#isHalfOpen) return;
    this.#expiryTimer = setTimeout(() => this.close('the SAS token expired'), lifetime);
  }

  #receive(data, isBinary) {
    if (this.#isClosed) return;
    this.#frames.in++;
    if (!isBinary) {
      this.close('a text frame came, MQTT needs binary ones');
      return;
    }
    const { packets, error } = this.#decoder.feed(data);
    // Answers to what came in one frame leave in one write.
    this.#socket.cork();
    for (const packet of packets) {
      if (!this.#isClosed) this.#handle(packet);
    }
    this.#socket.uncork();
    if (error && !this.#isClosed) this.close(`malformed packet: ${error}`);
  }

  #handle(packet) {
    try {
      if (!this.identity) this.#handleFirst(packet);
      else this.#handleNext(packet);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.close(error.message);
    }
  }

  #handleFirst(packet) {
    if (packet.cmd !== 'connect') throw new ProtocolViolation('the first packet is no CONNECT');
    clearTimeout(this.#silenceTimer);
    acceptConnect(this, packet, this.#hub);
  }

  #handleNext(packet) {
    this.#record(packet, 'in');
    this.#silenceTimer.refresh();
    if (packet.cmd === 'connect') throw new ProtocolViolation('a second CONNECT came');
    // CONNACK is being withheld.
    if (!this.isEstablished) return;
    this.identity.lastActivity = new Date();
    switch (packet.cmd) {
      case 'publish':
        return handlePublish(this, packet);
      case 'puback':
        return this.#handlePuback(packet);
      case 'subscribe':
        return this.#handleSubscribe(packet);
      case 'unsubscribe':
        for (const filter of packet.unsubscriptions) this.identity.unsubscribe(filter);
        return this.send({ cmd: 'unsuback', messageId: packet.messageId });
      case 'pingreq':
        return this.#answer('pingresp', {});
      case 'disconnect':
        return this.close('the device disconnected');
      default:
        throw new ProtocolViolation(`a device must not send ${packet.cmd}`);
    }
  }

  /** Sends the answer unless a fault withholds that kind. */
  #answer(cmd, fields) {
    if (!this.identity.faults.withholds(cmd)) this.send({ cmd, ...fields });
  }

  #handlePuback({ messageId }) {
    if (!this.identity.messages.acknowledge(messageId, this)) this.unacknowledged.delete(messageId);
  }

  #handleSubscribe({ subscriptions, messageId }) {
    const granted = subscriptions.map(({ topic, qos }) => {
      const kind = subscriptionOf(topic, this.identity);
      if (!kind) throw new ProtocolViolation(`the hub has no topic filter "${topic}"`);
      return { topic, kind, qos: Math.min(qos, 1) };
    });
    this.#answer('suback', { messageId, granted: granted.map(({ qos }) => qos) });
    for (const { topic, kind, qos } of granted) this.identity.subscribe(topic, kind, qos);
    this.identity.messages.deliver();
  }

  /** Writes the packet into the log of the identity, if one is known. */
  #record(packet, direction) {
    this.identity?.packets.record(packet, {
      connection: this.#entry.sequence,
      direction,
      frame: this.#frames[direction],
    });
  }

  #end(reason) {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopTimers();
    if (this.#entry) this.#entry.closedBecause = reason;
    this.#hub.log(`${this.identity?.id ?? 'a connection'}: closed, ${reason}`);
    this.identity?.detach(this);
  }

  #stopTimers() {
    clearTimeout(this.#silenceTimer);
    clearTimeout(this.#expiryTimer);
  }
}
