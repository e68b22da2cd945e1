//! Cloud-to-device messages: delivered in order, acknowledged in order, never swallowed.

use std::collections::VecDeque;

use super::config::Acknowledge;
use crate::protocol::exchange::{Event, Reply};
use crate::protocol::hub::message::Message;
use crate::protocol::io::{Io, Queued};
use crate::protocol::mqtt::DeliveryId;
use crate::protocol::time::Now;

/// How many messages may wait to be taken, and how many may be handled at a time. IoT Hub has at
/// most 50 in flight.
const MAX_HELD: usize = 1024;
/// How many may wait while a handler takes them: everything that one read of the socket may
/// contain. A server has no packet identifiers for more.
const MAX_TAKEN: usize = u16::MAX as usize;

/// How the handling of a message has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Handled,
    Abandoned,
}

/// Messages between their arrival and their PUBACK.
#[derive(Debug)]
pub(super) struct Inbox {
    acknowledge: Acknowledge,
    /// Whether a handler takes messages.
    taken: bool,
    /// Messages that nothing has taken yet; unacknowledged, so that the hub keeps them, too.
    held: VecDeque<(Option<DeliveryId>, Box<Message<'static>>)>,
    /// Handed out but not yet acknowledged, in order of arrival (section 4.6).
    owed: VecDeque<(DeliveryId, Option<Outcome>)>,
}

impl Inbox {
    pub fn new(acknowledge: Acknowledge) -> Self {
        Self { acknowledge, taken: false, held: VecDeque::new(), owed: VecDeque::new() }
    }

    /// Whether any handed-out message is still being handled.
    pub fn owes_acknowledgements(&self) -> bool {
        !self.owed.is_empty()
    }

    /// On the next connection, the hub redelivers what was not acknowledged on this one.
    pub fn connection_ended(&mut self) {
        self.held.clear();
        self.owed.clear();
    }

    /// Sets whether a handler takes messages.
    pub fn take(&mut self, io: &mut Io, taken: bool) {
        self.taken = taken;
        if taken {
            self.offer(io);
        }
    }

    /// Messages are being taken from now on: earlier ones are handed out.
    pub fn offer(&self, io: &mut Io) {
        for _ in &self.held {
            io.queue(Queued::Message);
        }
    }

    pub fn arrived(
        &mut self,
        io: &mut Io,
        delivery: Option<DeliveryId>,
        message: Message<'static>,
    ) {
        if self.held.len() >= if self.taken { MAX_TAKEN } else { MAX_HELD } {
            // The hub keeps it, and delivers it again.
            if let Some(id) = delivery {
                io.session.forget(id);
            }
            return;
        }
        self.held.push_back((delivery, Box::new(message)));
        io.queue(Queued::Message);
    }

    /// The oldest waiting message, for a non-blocking receive call.
    pub fn receive(&mut self, io: &mut Io, now: Now) -> Reply {
        let Some((delivery, message)) = self.held.pop_front() else {
            return Reply::Done;
        };
        if let Some(id) = delivery {
            io.session.acknowledge(now.monotonic, id);
        }
        Reply::Message(message)
    }

    /// The oldest waiting message, if a handler takes it, or a receive call `is_waiting` for it.
    pub fn hand_out(&mut self, io: &mut Io, now: Now, is_waiting: bool) -> Option<Event> {
        if !(self.taken || is_waiting) || self.owed.len() == MAX_HELD {
            return None;
        }
        let (delivery, message) = self.held.pop_front()?;
        #[cfg(feature = "forced-panic")]
        super::forced_panic::panic_if_asked(&message.body);
        let is_owed = self.acknowledge == Acknowledge::AfterHandler;
        if let Some(id) = delivery {
            if is_owed {
                self.owed.push_back((id, None));
            } else {
                io.session.acknowledge(now.monotonic, id);
            }
        }
        Some(Event::MessageReceived { message, delivery: delivery.filter(|_| is_owed) })
    }

    /// The handling of a message has ended.
    pub fn conclude(&mut self, io: &mut Io, now: Now, delivery: DeliveryId, outcome: Outcome) {
        let open = self.owed.iter_mut().find(|owed| **owed == (delivery, None));
        if let Some((_, ended)) = open {
            *ended = Some(outcome);
        }
        while let Some(&(id, Some(outcome))) = self.owed.front() {
            match outcome {
                Outcome::Handled => io.session.acknowledge(now.monotonic, id),
                Outcome::Abandoned => io.session.forget(id),
            }
            self.owed.pop_front();
            // There is room to handle one more.
            io.queue(Queued::Message);
        }
    }
}
