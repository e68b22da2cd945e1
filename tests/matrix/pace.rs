//! How soon and how late a client that has lost its connection may reconnect.

use iothub_device_client::protocol::ConnectionState;
use iothub_device_client::protocol::client::ConnectionRetry;

use crate::setting::{Login, Setting};

/// Times are on the monotonic clock, in milliseconds.
#[derive(Debug)]
pub struct Pace {
    interval: u64,
    max_interval: u64,
    /// The client may have to wait for a token before it connects.
    waits_for_tokens: bool,
    /// The client retries the first connection, too.
    tries_first_again: bool,
    /// `None` while it is not known from outside.
    failures: Option<u32>,
    /// In this turn a connection or an attempt has ended: whether the client may retry immediately.
    lost: Option<bool>,
    /// In this turn the application made a call, after which the client may connect immediately.
    asked: bool,
    /// A clock has jumped: the client may ping the hub, and reconnect immediately without a
    /// response.
    doubts: bool,
    /// The platform reports that it is offline.
    offline: bool,
    /// In this turn it reported that it is online.
    online: bool,
    /// The earliest and the latest moment of the next attempt.
    next: Option<(u64, u64)>,
}

impl Pace {
    pub fn new(setting: &Setting) -> Self {
        Self {
            interval: setting.retry_interval,
            max_interval: setting.retry_max_interval,
            waits_for_tokens: matches!(setting.login, Login::Token { .. } | Login::Function { .. }),
            tries_first_again: setting.retry == ConnectionRetry::Always,
            failures: Some(0),
            lost: None,
            asked: false,
            doubts: false,
            offline: false,
            online: false,
            next: None,
        }
    }

    pub fn asked(&mut self) {
        self.asked = true;
    }

    pub fn clock_jumped(&mut self) {
        self.doubts = true;
    }

    pub fn closed_on_purpose(&mut self) {
        self.failures = Some(0);
    }

    /// Postpones the next attempt.
    pub fn offline(&mut self, now: u64) {
        self.offline = true;
        if let (Some(_), Some(failures)) = (self.next, self.failures) {
            self.wait(now, failures);
        }
    }

    /// Nothing is waited for any more.
    pub fn online(&mut self) {
        self.offline = false;
        self.online = true;
        self.asked = true;
        self.next = None;
    }

    /// A connection that had lasted for some time, or an attempt, has ended. `in_doubt`: the
    /// network ended it.
    pub fn lost(&mut self, stood: Option<u64>, in_doubt: bool) {
        self.lost = Some(in_doubt || stood.is_some_and(|stood| stood > self.interval));
    }

    pub fn dials(&mut self, now: u64) {
        let next = self.next.take();
        if self.asked {
            return;
        }
        if let Some(stood_long) = self.lost {
            let may = !self.offline && (self.doubts || stood_long);
            assert!(
                may,
                "dials at once after a connection that did not last, or without a network"
            );
        }
        if let Some((earliest, _)) = next {
            assert!(now >= earliest, "dials at {now}, which is before {earliest}");
        }
    }

    pub fn turn_ended(&mut self, now: u64, state: ConnectionState, dialling: bool) {
        let lost = self.lost.take();
        let online = std::mem::take(&mut self.online);
        self.asked = false;
        let is_tried_again = state == ConnectionState::Reconnecting
            || (state == ConnectionState::Connecting && self.tries_first_again);
        if !is_tried_again {
            self.next = None;
            if state == ConnectionState::Disconnected {
                self.failures = Some(0);
            }
            return;
        }
        assert!(dialling || !online || self.waits_for_tokens, "it waits though it is online");
        let Some(stood_long) = lost else { return };
        let doubts = std::mem::take(&mut self.doubts);
        if stood_long {
            self.failures = Some(0);
            if self.offline {
                self.wait(now, 0);
            }
        } else if doubts {
            self.failures = None;
        } else if !dialling && let Some(failures) = self.failures {
            self.failures = Some(failures + 1);
            self.wait(now, failures + 1);
        }
    }

    fn wait(&mut self, now: u64, failures: u32) {
        let wait = self.interval << failures.saturating_sub(1).min(20);
        let shortest = if self.offline { 60_000 } else { 0 };
        let wait = wait.min(self.max_interval).max(shortest);
        self.next = Some((now + wait * 8 / 10, now + wait * 12 / 10));
    }

    /// The latest moment at which the client must connect.
    pub fn deadline(&self) -> Option<u64> {
        self.next.filter(|_| !self.waits_for_tokens).map(|(_, latest)| latest)
    }
}
