//! Cloud-to-device messages: delivered in order, acknowledged in order, never swallowed.

use std::collections::VecDeque;

use super::config::Acknowledge;
use super::io::Queued;
use super::{Client, Event, Reply};
use crate::protocol::Now;
use crate::protocol::hub::Message;
use crate::protocol::mqtt::DeliveryId;

/// How many messages may wait for somebody who takes them, and how many be in work. IoT Hub has at
/// most 50 on their way.
const MAX_HELD: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Open,
    Handled,
    Abandoned,
}

/// Messages between their arrival and their PUBACK.
#[derive(Debug)]
pub(super) struct Inbox {
    acknowledge: Acknowledge,
    /// Whether somebody takes messages.
    taken: bool,
    /// Came while nobody took them; unacknowledged, so that the hub keeps them too.
    held: VecDeque<(Option<DeliveryId>, Box<Message>)>,
    /// Handed out and not yet acknowledged, in the order of arrival (section 4.6).
    owed: VecDeque<(DeliveryId, Outcome)>,
}

impl Inbox {
    pub fn new(acknowledge: Acknowledge) -> Self {
        Self { acknowledge, taken: false, held: VecDeque::new(), owed: VecDeque::new() }
    }

    /// Whether a message was handed out whose handling has not ended.
    pub fn owes_acknowledgements(&self) -> bool {
        !self.owed.is_empty()
    }

    /// The hub delivers again on the next connection what was not acknowledged on this.
    pub fn connection_ended(&mut self) {
        self.held.clear();
        self.owed.clear();
    }
}

impl Client {
    /// Says whether somebody takes messages. Those that came before are handed out now.
    pub fn take_messages(&mut self, taken: bool) {
        self.inbox.taken = taken;
        if taken {
            for _ in &self.inbox.held {
                self.io.queue(Queued::Message);
            }
        }
    }

    /// A message was handled; with [`Acknowledge::AfterHandler`].
    pub fn acknowledge(&mut self, now: Now, delivery: DeliveryId) {
        self.conclude(now, delivery, Outcome::Handled);
    }

    /// A message could not be handled; the hub will deliver it again.
    pub fn abandon(&mut self, now: Now, delivery: DeliveryId) {
        self.conclude(now, delivery, Outcome::Abandoned);
    }

    pub(super) fn message_arrived(&mut self, delivery: Option<DeliveryId>, message: Message) {
        if self.inbox.held.len() == MAX_HELD {
            // The hub keeps it, and delivers it again.
            if let Some(id) = delivery {
                self.io.session.forget(id);
            }
            return;
        }
        self.inbox.held.push_back((delivery, Box::new(message)));
        self.io.queue(Queued::Message);
    }

    /// What a receive call that does not block gets: the oldest message that waits.
    pub(super) fn receive_message(&mut self, now: Now) -> Reply {
        let Some((delivery, message)) = self.inbox.held.pop_front() else {
            return Reply::Done;
        };
        if let Some(id) = delivery {
            self.io.session.acknowledge(now.monotonic, id);
        }
        Reply::Message(message)
    }

    /// The oldest message that waits, if somebody takes it.
    pub(super) fn hand_out_message(&mut self, now: Now) -> Option<Event> {
        if !self.inbox.taken || self.inbox.owed.len() == MAX_HELD {
            return None;
        }
        let (delivery, message) = self.inbox.held.pop_front()?;
        #[cfg(feature = "forced-panic")]
        super::panic_if_asked(&message.body);
        let Some(id) = delivery else {
            return Some(Event::MessageReceived { message, delivery: None });
        };
        if self.inbox.acknowledge == Acknowledge::OnArrival {
            self.io.session.acknowledge(now.monotonic, id);
            return Some(Event::MessageReceived { message, delivery: None });
        }
        self.inbox.owed.push_back((id, Outcome::Open));
        Some(Event::MessageReceived { message, delivery: Some(id) })
    }

    fn conclude(&mut self, now: Now, delivery: DeliveryId, outcome: Outcome) {
        let owed = &mut self.inbox.owed;
        if let Some(entry) = owed.iter_mut().find(|(id, o)| *id == delivery && *o == Outcome::Open)
        {
            entry.1 = outcome;
        }
        while let Some(&(id, outcome)) = self.inbox.owed.front() {
            match outcome {
                Outcome::Open => break,
                Outcome::Handled => self.io.session.acknowledge(now.monotonic, id),
                Outcome::Abandoned => self.io.session.forget(id),
            }
            self.inbox.owed.pop_front();
            // There is room for one more in work.
            self.io.queue(Queued::Message);
        }
    }
}
