//! Outgoing publishes, kept in one order across any number of connections.
//!
//! A publish leaves when it has settled as its [`Resend`] says. Until then it keeps its place, so
//! that after a reconnect everything unsettled is resent in the original order, before anything
//! newer (sections 4.3.2, 4.4 and 4.6).

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use mqttbytes::QoS;
use mqttbytes::v4::Publish;

use super::packet_ids::{Awaiting, PacketIds, PublishId};
use crate::protocol::time::Instant;

/// How many connections may end with the oldest publish unacknowledged before it is given up: a
/// server can refuse a message only by closing, and would do so forever.
const MAX_LOSSES: u8 = 3;

/// How many publishes may be in flight at the same time. More would not be faster, and all of them
/// are resent when the connection is lost.
pub const MAX_IN_FLIGHT: usize = 1024;

/// How many acknowledgements make room together. Pages receive acknowledgements one by one: sending
/// a new packet for each would take a frame for each.
const PORTION: usize = MAX_IN_FLIGHT / 4;

/// How long a publish is resent on new connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resend {
    /// Never: it means nothing on another connection.
    Never,
    /// Until it is acknowledged.
    UntilAcknowledged,
    /// Until it is acknowledged, however long that takes: it is stored elsewhere until then.
    UntilAcknowledgedAtLast,
    /// Until [`Session::withdraw`](super::Session::withdraw): a request, which also needs its
    /// response.
    UntilRemoved,
}

impl Resend {
    fn is_telemetry(self) -> bool {
        matches!(self, Self::UntilAcknowledged | Self::UntilAcknowledgedAtLast)
    }

    fn expires(self) -> bool {
        self != Self::UntilAcknowledgedAtLast
    }
}

#[derive(Debug)]
struct Entry<T> {
    id: PublishId,
    publish: Publish,
    resend: Resend,
    tag: T,
    /// When it was written on the current connection.
    sent_at: Option<Instant>,
    /// Whether it was acknowledged on the current connection.
    acknowledged: bool,
    losses: u8,
}

/// The publishes that have not settled, in order. `T` is the owner's mark on each.
#[derive(Debug)]
pub(super) struct Outbox<T> {
    /// Sorted by id. Acknowledgements come in order, so that removals are at the front.
    entries: VecDeque<Entry<T>>,
    next_id: u64,
    /// How many of the first have been written on this connection.
    written: usize,
    /// Whether the window was full when something was written last.
    was_full: bool,
}

impl<T: Copy + PartialEq> Outbox<T> {
    pub fn new() -> Self {
        Self { entries: VecDeque::new(), next_id: 0, written: 0, was_full: false }
    }

    /// Appends a publish.
    pub fn push(&mut self, topic: String, payload: Bytes, resend: Resend, tag: T) {
        let id = PublishId(self.next_id);
        self.next_id += 1;
        let publish = Publish::from_bytes(topic, QoS::AtLeastOnce, payload);
        self.entries.push_back(Entry {
            id,
            publish,
            resend,
            tag,
            sent_at: None,
            acknowledged: false,
            losses: 0,
        });
    }

    /// Replaces the topics for which `renamed` returns another one.
    pub fn rename(&mut self, renamed: &dyn Fn(&str) -> Option<String>) {
        for entry in &mut self.entries {
            if let Some(topic) = renamed(&entry.publish.topic) {
                entry.publish.topic = topic;
            }
        }
    }

    /// Writes publishes that have not been written on this connection, until `window` of them are
    /// in flight, `output` holds `size` bytes, or no packet identifier is left. Returns whether
    /// anything was written.
    pub fn write(
        &mut self,
        now: Instant,
        ids: &mut PacketIds,
        window: usize,
        output: &mut BytesMut,
        size: usize,
    ) -> bool {
        let from = self.written;
        if self.waits_for_portion(window) {
            return false;
        }
        for entry in self.entries.range_mut(from..).take(window.saturating_sub(from)) {
            if entry.publish.pkid == 0 {
                let Some(packet_id) = ids.take(Awaiting::Publish(entry.id)) else { break };
                entry.publish.pkid = packet_id;
            } else {
                ids.reassign(entry.publish.pkid, Awaiting::Publish(entry.id));
            }
            // The length of the topic was checked when the publish was made, and the identifier
            // is not 0: nothing is left that mqttbytes could refuse.
            let _ = entry.publish.write(output);
            entry.publish.dup = true;
            entry.sent_at = Some(now);
            self.written += 1;
            if output.len() >= size {
                break;
            }
        }
        self.was_full = self.written >= window;
        self.written > from
    }

    /// Whether outstanding acknowledgements will soon make more room. Requests that wait for their
    /// responses do not count: those may take forever. Only telemetry can be held back, because
    /// something is waiting for requests and responses.
    fn waits_for_portion(&self, window: usize) -> bool {
        let written = self.entries.range(..self.written);
        let next = self.entries.get(self.written);
        self.was_full
            && next.is_some_and(|entry| entry.resend.is_telemetry())
            && self.written > window - window.min(PORTION)
            && written.filter(|entry| !entry.acknowledged).nth(PORTION - 1).is_some()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether one of this kind has not been written on this connection.
    pub fn has_unsent(&self, resend: Resend) -> bool {
        self.entries.iter().any(|entry| entry.resend == resend && entry.sent_at.is_none())
    }

    /// A PUBACK arrived. Returns the mark of the publish that it settles.
    pub fn acknowledge(&mut self, id: PublishId, ids: &mut PacketIds) -> Option<T> {
        let index = self.entries.iter().position(|entry| entry.id == id)?;
        let entry = &mut self.entries[index];
        let (tag, packet_id) = (entry.tag, entry.publish.pkid);
        if entry.resend == Resend::UntilRemoved {
            // What is sent on the next connection is a new delivery (section 4.4).
            entry.publish.dup = false;
            entry.acknowledged = true;
            ids.reassign(packet_id, Awaiting::Acknowledged);
        } else {
            self.take_out(index);
            ids.release(packet_id);
        }
        Some(tag)
    }

    /// Forgets the publish with this mark; if it was sent and not acknowledged, its identifier stays
    /// in use. Returns whether there was one.
    pub fn remove(&mut self, mark: T, ids: &mut PacketIds) -> bool {
        let index = self.entries.iter().position(|entry| entry.tag == mark);
        if let Some(entry) = index.and_then(|index| self.take_out(index)) {
            entry.forget(ids);
        }
        index.is_some()
    }

    /// Forgets every publish, and returns their marks.
    pub fn clear(&mut self, ids: &mut PacketIds) -> Vec<T> {
        self.take(ids, |_| true)
    }

    /// The connection has ended: the remaining publishes must be written again. Returns the marks
    /// of those that are dropped. `lost` means that the client did not end it.
    pub fn connection_ended(&mut self, lost: bool, ids: &mut PacketIds) -> Vec<T> {
        let waits = |entry: &&mut Entry<T>| entry.sent_at.is_some() && !entry.acknowledged;
        if let Some(oldest) = self.entries.iter_mut().find(waits)
            && lost
        {
            oldest.losses += 1;
        }
        let lost =
            self.take(ids, |entry| entry.resend == Resend::Never || entry.losses >= MAX_LOSSES);
        for entry in &mut self.entries {
            entry.sent_at = None;
            entry.acknowledged = false;
        }
        self.written = 0;
        lost
    }

    /// When the publish that has waited longest on this connection will have waited for `limit`.
    pub fn deadline(&self, limit: Duration) -> Option<Instant> {
        // Entries are written in order, so the first one was written first.
        let first = self.entries.iter().find(|entry| entry.resend.expires())?;
        first.sent_at.map(|sent_at| sent_at + limit)
    }

    /// Removes the publishes that have waited for `limit` on this connection.
    pub fn take_expired(&mut self, now: Instant, limit: Duration, ids: &mut PacketIds) -> Vec<T> {
        self.take(ids, |entry| {
            entry.resend.expires() && entry.sent_at.is_some_and(|sent_at| sent_at + limit <= now)
        })
    }

    fn take_out(&mut self, index: usize) -> Option<Entry<T>> {
        self.written -= usize::from(index < self.written);
        self.entries.remove(index)
    }

    fn take(&mut self, ids: &mut PacketIds, gone: impl Fn(&Entry<T>) -> bool) -> Vec<T> {
        let mut marks = Vec::new();
        let mut written = 0;
        self.entries.retain(|entry| {
            let gone = gone(entry);
            if gone {
                entry.forget(ids);
                marks.push(entry.tag);
            } else if entry.sent_at.is_some() {
                written += 1;
            }
            !gone
        });
        self.written = written;
        marks
    }
}

impl<T> Entry<T> {
    /// Keeps its packet identifier in use while the server may still acknowledge it.
    fn forget(&self, ids: &mut PacketIds) {
        match (self.publish.pkid, self.sent_at) {
            (0, _) => {}
            (packet_id, Some(_)) if !self.acknowledged => {
                ids.reassign(packet_id, Awaiting::Withdrawn);
            }
            (packet_id, _) => ids.release(packet_id),
        }
    }
}
