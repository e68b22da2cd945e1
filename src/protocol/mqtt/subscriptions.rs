//! Subscriptions: compares what is wanted with what the server has granted on this connection.

use std::time::Duration;

use bytes::BytesMut;
use mqttbytes::QoS;
use mqttbytes::v4::{Subscribe, Unsubscribe};

use super::packet_ids::{Awaiting, PacketIds, SubscriptionId};
use crate::protocol::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Subscribing {
        packet_id: u16,
        since: Instant,
    },
    Granted,
    /// Refused or unanswered; not requested again before [`Subscriptions::ask_again`].
    Failed,
    Unsubscribing {
        packet_id: u16,
        since: Instant,
    },
}

#[derive(Debug)]
struct Subscription {
    filter: String,
    wanted: bool,
    state: State,
    /// Whether the server may remember it from this or an earlier connection of the session.
    remembered: bool,
}

/// The filters that a session may subscribe to, one SUBSCRIBE packet each.
#[derive(Debug)]
pub struct Subscriptions(Vec<Subscription>);

impl Subscriptions {
    pub(super) fn new(filters: Vec<String>) -> Self {
        let subscription =
            |filter| Subscription { filter, wanted: false, state: State::Idle, remembered: false };
        Self(filters.into_iter().map(subscription).collect())
    }

    /// Replaces the filters for which `renamed` returns another one. Called without a connection.
    pub(super) fn rename(&mut self, renamed: &dyn Fn(&str) -> Option<String>) {
        for subscription in &mut self.0 {
            if let Some(filter) = renamed(&subscription.filter) {
                subscription.filter = filter;
                subscription.remembered = false;
            }
        }
    }

    /// Sets whether a filter is wanted. `write` does the rest.
    pub fn want(&mut self, id: SubscriptionId, wanted: bool) {
        let subscription = &mut self.0[id];
        subscription.wanted = wanted;
        if subscription.state == State::Failed {
            subscription.state = State::Idle;
        }
    }

    /// Requests the wanted filters that the server has not granted again, on this connection.
    pub fn ask_again(&mut self) {
        for subscription in &mut self.0 {
            if subscription.state == State::Failed {
                subscription.state = State::Idle;
            }
        }
    }

    /// Whether a filter is wanted.
    pub fn is_wanted(&self, id: SubscriptionId) -> bool {
        self.0[id].wanted
    }

    /// Whether the server has granted a filter on this connection.
    pub fn is_granted(&self, id: SubscriptionId) -> bool {
        self.0[id].state == State::Granted
    }

    /// Whether the server has responded to every wanted filter on this connection.
    pub fn are_settled(&self) -> bool {
        let settled = |state| matches!(state, State::Granted | State::Failed);
        self.0.iter().all(|subscription| !subscription.wanted || settled(subscription.state))
    }

    /// Whether the server has refused a wanted filter on this connection, or not responded to it.
    pub fn any_failed(&self) -> bool {
        self.0.iter().any(|subscription| subscription.wanted && subscription.state == State::Failed)
    }

    /// Writes the packets that bring the server's state closer to what is wanted.
    pub(super) fn write(
        &mut self,
        now: Instant,
        ids: &mut PacketIds,
        output: &mut BytesMut,
    ) -> bool {
        let mut written = false;
        for (id, subscription) in self.0.iter_mut().enumerate() {
            match (subscription.wanted, subscription.state) {
                (true, State::Idle) | (false, State::Granted) => {}
                (false, State::Idle) if subscription.remembered => {}
                _ => continue,
            }
            let Some(packet_id) = ids.take(Awaiting::Subscription(id)) else {
                break;
            };
            if subscription.wanted {
                subscription.remembered = true;
                let mut packet = Subscribe::new(&subscription.filter, QoS::AtLeastOnce);
                packet.pkid = packet_id;
                let _ = packet.write(output);
                subscription.state = State::Subscribing { packet_id, since: now };
            } else {
                let mut packet = Unsubscribe::new(&subscription.filter);
                packet.pkid = packet_id;
                let _ = packet.write(output);
                subscription.state = State::Unsubscribing { packet_id, since: now };
            }
            written = true;
        }
        written
    }

    /// A SUBACK arrived; returns the subscription that it answers, if one still waits for it.
    pub(super) fn subscribed(&mut self, answer: u16, granted: bool) -> Option<SubscriptionId> {
        let waits = |s: &Subscription| matches!(s.state, State::Subscribing { packet_id, .. } if packet_id == answer);
        let id = self.0.iter().position(waits)?;
        self.0[id].state = if granted { State::Granted } else { State::Failed };
        Some(id)
    }

    pub(super) fn unsubscribed(&mut self, answer: u16) {
        for subscription in &mut self.0 {
            if matches!(subscription.state, State::Unsubscribing { packet_id, .. } if packet_id == answer)
            {
                subscription.state = State::Idle;
                subscription.remembered = false;
            }
        }
    }

    pub(super) fn connection_ended(&mut self) {
        for subscription in &mut self.0 {
            subscription.state = State::Idle;
        }
    }

    /// When the request that has waited longest will have waited for `limit`.
    pub(super) fn deadline(&self, limit: Duration) -> Option<Instant> {
        self.0
            .iter()
            .filter_map(|subscription| subscription.state.since())
            .min()
            .map(|at| at + limit)
    }

    /// Ends the requests that have waited for `limit`; returns the subscriptions that failed.
    pub fn take_expired(&mut self, now: Instant, limit: Duration) -> Vec<SubscriptionId> {
        let mut failed = Vec::new();
        for (id, subscription) in self.0.iter_mut().enumerate() {
            if subscription.state.since().is_some_and(|since| since + limit <= now) {
                if matches!(subscription.state, State::Subscribing { .. }) {
                    failed.push(id);
                }
                let wanted_again = subscription.wanted
                    && matches!(subscription.state, State::Unsubscribing { .. });
                subscription.state = if wanted_again { State::Idle } else { State::Failed };
            }
        }
        failed
    }
}

impl State {
    fn since(self) -> Option<Instant> {
        match self {
            Self::Subscribing { since, .. } | Self::Unsubscribing { since, .. } => Some(since),
            Self::Idle | Self::Granted | Self::Failed => None,
        }
    }
}
