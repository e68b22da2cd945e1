//! An MQTT session: the state that outlives connections, and the current connection, if any.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use mqttbytes::v4::{Connect, ConnectReturnCode, Disconnect, PingReq, PubAck, SubscribeReasonCode};

use super::codec::{PacketReader, ProtocolViolation, Received};
use super::incoming::{Arrival, Delivery, DeliveryId, Incoming};
use super::keep_alive::KeepAlive;
use super::outbox::{MAX_IN_FLIGHT, Outbox, Resend};
use super::packet_ids::{Awaiting, PacketIds, SubscriptionId};
use super::subscriptions::Subscriptions;
use crate::protocol::time::{Instant, earliest};

/// How many bytes one write may contain before another begins.
pub const WRITE_SIZE: usize = 64 * 1024;

/// An event of the session. `T` is the owner's mark on a publish.
#[derive(Debug)]
pub enum Event<T> {
    /// CONNACK with code 0.
    Accepted,
    /// CONNACK with another code.
    Refused(ConnectReturnCode),
    /// A publish was acknowledged.
    Acknowledged(T),
    /// The server responded to a SUBSCRIBE.
    Subscribed {
        /// Which.
        id: SubscriptionId,
        /// False for a refusal.
        granted: bool,
    },
    /// A publish arrived.
    Delivered(Delivery),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connection {
    None,
    AwaitingConnack,
    Open,
    /// DISCONNECT was written; nothing may follow it (section 3.14.4).
    Disconnecting,
}

/// The MQTT session of one client.
pub struct Session<T> {
    connection: Connection,
    reader: PacketReader,
    writes: VecDeque<BytesMut>,
    ids: PacketIds,
    outbox: Outbox<T>,
    /// The topic filters, each of which is subscribed to again on every connection.
    pub subscriptions: Subscriptions,
    incoming: Incoming,
    keep_alive: KeepAlive,
    /// How many more bytes of publishes the transport takes.
    room: usize,
}

/// Without the packets: CONNECT holds the password.
impl<T> fmt::Debug for Session<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("connection", &self.connection).finish_non_exhaustive()
    }
}

impl<T: Copy + PartialEq> Session<T> {
    /// A session that may subscribe to `filters`.
    pub fn new(keep_alive: Duration, filters: Vec<String>) -> Self {
        Self {
            connection: Connection::None,
            reader: PacketReader::default(),
            writes: VecDeque::new(),
            ids: PacketIds::default(),
            outbox: Outbox::new(),
            subscriptions: Subscriptions::new(filters),
            incoming: Incoming::default(),
            keep_alive: KeepAlive::new(keep_alive),
            room: usize::MAX,
        }
    }

    /// The transport is open: writes CONNECT.
    pub fn start(&mut self, now: Instant, connect: &Connect) {
        self.connection = Connection::AwaitingConnack;
        self.writes.clear();
        self.incoming.start();
        self.keep_alive.start(now);
        let _ = connect.write(self.write_buffer());
    }

    /// The transport has ended. Returns the marks of the publishes that will not be resent. `lost`
    /// says that the client did not end it.
    pub fn end(&mut self, lost: bool) -> Vec<T> {
        self.connection = Connection::None;
        self.reader = PacketReader::default();
        self.writes.clear();
        self.subscriptions.connection_ended();
        let gone = self.outbox.connection_ended(lost, &mut self.ids);
        self.ids.connection_ended();
        gone
    }

    /// Writes DISCONNECT; nothing follows it.
    pub fn disconnect(&mut self) {
        if self.connection == Connection::Open {
            self.connection = Connection::Disconnecting;
            let _ = Disconnect.write(self.write_buffer());
        }
    }

    /// Whether packets can be written: CONNACK has come, and DISCONNECT was not written.
    pub fn is_open(&self) -> bool {
        self.connection == Connection::Open
    }

    /// Whether a publish or a subscription waits for its acknowledgement on this connection.
    pub fn awaits_acknowledgement(&self) -> bool {
        self.ids.any_awaited()
    }

    /// Whether any publish has not settled.
    pub fn has_publishes(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Whether a publish waits to be written that means nothing on another connection.
    pub fn has_unsent_for_this_connection(&self) -> bool {
        self.outbox.has_unsent(Resend::Never)
    }

    /// Appends a publish (QoS 1).
    pub fn publish(&mut self, topic: String, payload: Bytes, resend: Resend, tag: T) {
        self.outbox.push(topic, payload, resend, tag);
    }

    /// Replaces a prefix of topics and filters, because the client's identity has changed.
    pub fn rename(&mut self, from: &str, to: &str) {
        let renamed = |topic: &str| {
            let rest = topic.strip_prefix(from).filter(|rest| rest.starts_with('/'));
            rest.map(|rest| format!("{to}{rest}"))
        };
        self.outbox.rename(&renamed);
        self.subscriptions.rename(&renamed);
    }

    /// Forgets the publish with this mark, so that it is not sent or resent. Returns whether there
    /// was one.
    pub fn withdraw(&mut self, mark: T) -> bool {
        self.outbox.remove(mark, &mut self.ids)
    }

    /// Forgets every publish, and returns their marks.
    pub fn withdraw_all(&mut self) -> Vec<T> {
        self.outbox.clear(&mut self.ids)
    }

    /// Acknowledges a delivery, if its connection still exists.
    pub fn acknowledge(&mut self, now: Instant, id: DeliveryId) {
        if self.connection == Connection::Open
            && let Some(packet_id) = self.incoming.acknowledge(id)
        {
            let _ = PubAck::new(packet_id).write(self.write_buffer());
            self.keep_alive.sent(now);
        }
    }

    /// Forgets a delivery, so that it is delivered again if the server sends it again.
    pub fn forget(&mut self, id: DeliveryId) {
        self.incoming.forget(id);
    }

    /// Takes the bytes of one frame.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.reader.push(bytes);
    }

    /// The next event, in the order of arrival.
    pub fn poll_event(&mut self, now: Instant) -> Result<Option<Event<T>>, ProtocolViolation> {
        while let Some(packet) = self.reader.next()? {
            self.keep_alive.received(now);
            let event = self.handle_packet(packet)?;
            if event.is_some() {
                return Ok(event);
            }
        }
        Ok(None)
    }

    /// How many bytes of publishes may be written from now on, about: data that the transport
    /// cannot send immediately takes memory.
    pub fn set_room(&mut self, bytes: usize) {
        self.room = bytes;
    }

    /// Encodes what is ready and fits into the window and the transport's room: subscriptions
    /// before publishes.
    pub fn write(&mut self, now: Instant) {
        self.write_within(now, MAX_IN_FLIGHT);
    }

    /// Encodes everything that is ready: this is the last chance.
    pub fn write_all(&mut self, now: Instant) {
        self.room = usize::MAX;
        self.write_within(now, usize::MAX);
    }

    fn write_within(&mut self, now: Instant, window: usize) {
        if self.connection != Connection::Open {
            return;
        }
        let Self { subscriptions, outbox, ids, writes, room, .. } = self;
        let mut written = subscriptions.write(now, ids, write_buffer(writes));
        while *room > 0 {
            let output = write_buffer(writes);
            let before = output.len();
            if !outbox.write(now, ids, window, output, WRITE_SIZE) {
                break;
            }
            *room = room.saturating_sub(output.len() - before);
            written = true;
        }
        if written {
            self.keep_alive.sent(now);
        }
    }

    /// The next piece of bytes for the transport.
    pub fn poll_transmit(&mut self) -> Option<BytesMut> {
        if self.writes.front()?.is_empty() { None } else { self.writes.pop_front() }
    }

    /// When [`Session::check_keep_alive`] is due.
    pub fn keep_alive_deadline(&self) -> Option<Instant> {
        (self.connection == Connection::Open).then(|| self.keep_alive.deadline())
    }

    /// Sends the PINGREQ that is due. Returns false if the connection is dead.
    pub fn check_keep_alive(&mut self, now: Instant) -> bool {
        if self.keep_alive.is_ping_due(now) {
            let _ = PingReq.write(self.write_buffer());
            self.keep_alive.ping_sent(now);
        }
        !self.keep_alive.is_dead(now)
    }

    /// When the request (publish, SUBSCRIBE or UNSUBSCRIBE) that has waited longest on this
    /// connection will have waited for `limit`.
    pub fn request_deadline(&self, limit: Duration) -> Option<Instant> {
        earliest(&[self.outbox.deadline(limit), self.subscriptions.deadline(limit)])
    }

    /// Removes the publishes that have waited for `limit` on this connection.
    pub fn take_expired_publishes(&mut self, now: Instant, limit: Duration) -> Vec<T> {
        self.outbox.take_expired(now, limit, &mut self.ids)
    }

    /// Sends a ping that must be answered within a few seconds.
    pub fn probe(&mut self, now: Instant) {
        if self.connection == Connection::Open {
            let _ = PingReq.write(self.write_buffer());
            self.keep_alive.probe_sent(now);
        }
    }

    /// Whether the ping of [`Session::probe`] is unanswered.
    pub fn is_probed(&self) -> bool {
        self.keep_alive.is_probed()
    }

    fn write_buffer(&mut self) -> &mut BytesMut {
        write_buffer(&mut self.writes)
    }

    fn handle_packet(&mut self, packet: Received) -> Result<Option<Event<T>>, ProtocolViolation> {
        let is_first = self.connection == Connection::AwaitingConnack;
        Ok(match packet {
            Received::ConnAck(connack) if is_first => {
                if connack.code != ConnectReturnCode::Success {
                    return Ok(Some(Event::Refused(connack.code)));
                }
                self.connection = Connection::Open;
                Some(Event::Accepted)
            }
            Received::ConnAck(_) => {
                return Err(ProtocolViolation("the server sent a second CONNACK".into()));
            }
            _ if is_first => {
                return Err(ProtocolViolation("the server sent a packet before CONNACK".into()));
            }
            Received::Publish(publish) => self.handle_publish(publish),
            Received::PubAck(puback) => self.handle_puback(puback.pkid),
            Received::SubAck(suback) => {
                let refused = suback.return_codes.contains(&SubscribeReasonCode::Failure);
                self.handle_suback(suback.pkid, !refused)
            }
            Received::UnsubAck(unsuback) => {
                if let Some(Awaiting::Subscription(_)) = self.ids.get(unsuback.pkid) {
                    self.ids.release(unsuback.pkid);
                    self.subscriptions.unsubscribed(unsuback.pkid);
                }
                None
            }
            // Its arrival is all that matters.
            Received::PingResp => None,
        })
    }

    fn handle_publish(&mut self, publish: mqttbytes::v4::Publish) -> Option<Event<T>> {
        // After DISCONNECT nothing can be acknowledged: the server delivers it again later.
        if self.connection != Connection::Open {
            return None;
        }
        match self.incoming.arrived(publish) {
            Arrival::Deliver(delivery) => Some(Event::Delivered(delivery)),
            Arrival::AcknowledgeAgain(packet_id) => {
                let _ = PubAck::new(packet_id).write(self.write_buffer());
                None
            }
            Arrival::Ignore => None,
        }
    }

    fn handle_puback(&mut self, packet_id: u16) -> Option<Event<T>> {
        match self.ids.get(packet_id)? {
            Awaiting::Publish(id) => {
                self.outbox.acknowledge(id, &mut self.ids).map(Event::Acknowledged)
            }
            Awaiting::Withdrawn => {
                self.ids.release(packet_id);
                None
            }
            Awaiting::Subscription(_) | Awaiting::Acknowledged => None,
        }
    }

    fn handle_suback(&mut self, packet_id: u16, granted: bool) -> Option<Event<T>> {
        let Some(Awaiting::Subscription(_)) = self.ids.get(packet_id) else { return None };
        self.ids.release(packet_id);
        let id = self.subscriptions.subscribed(packet_id, granted)?;
        Some(Event::Subscribed { id, granted })
    }
}

/// The buffer to write the next packet to: a new one when the last is full.
fn write_buffer(writes: &mut VecDeque<BytesMut>) -> &mut BytesMut {
    if writes.back().is_none_or(|last| last.len() >= WRITE_SIZE) {
        writes.push_back(BytesMut::new());
    }
    let last = writes.len() - 1;
    &mut writes[last]
}
