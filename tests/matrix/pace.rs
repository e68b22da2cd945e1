//! How soon a client that has lost its connection may dial again, and how late.

use iothub_device_client::protocol::ConnectionState;

use crate::setting::{Login, Setting};

/// Times are on the monotonic clock, in milliseconds.
#[derive(Debug)]
pub struct Pace {
    interval: u64,
    max_interval: u64,
    /// A token may have to be waited for before the client dials.
    waits_for_tokens: bool,
    /// `None` while it is not known from outside.
    failures: Option<u32>,
    /// In this turn a connection or an attempt has ended: how long it had stood.
    lost: Option<Option<u64>>,
    /// In this turn the application has called, which may dial at once.
    asked: bool,
    /// A clock has jumped: the client may ask the hub for a sign, and dial at once without one.
    doubts: bool,
    /// The earliest and the latest moment of the next attempt.
    next: Option<(u64, u64)>,
}

impl Pace {
    pub fn new(setting: &Setting) -> Self {
        Self {
            interval: setting.retry_interval,
            max_interval: setting.retry_max_interval,
            waits_for_tokens: matches!(setting.login, Login::Token { .. } | Login::Function { .. }),
            failures: Some(0),
            lost: None,
            asked: false,
            doubts: false,
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

    /// The connection that had stood for so long has ended, or an attempt.
    pub fn lost(&mut self, stood: Option<u64>) {
        self.lost = Some(stood);
    }

    pub fn dials(&mut self, now: u64) {
        let next = self.next.take();
        if self.asked {
            return;
        }
        if let Some(stood) = self.lost {
            let may = self.doubts || self.has_stood_long(stood);
            assert!(may, "dials at once after a connection of {stood:?} ms");
        }
        if let Some((earliest, _)) = next {
            assert!(now >= earliest, "dials at {now}, which is before {earliest}");
        }
    }

    pub fn turn_ended(&mut self, now: u64, state: ConnectionState, dialling: bool) {
        let lost = self.lost.take();
        self.asked = false;
        if state != ConnectionState::Reconnecting {
            self.next = None;
            if state == ConnectionState::Disconnected {
                self.failures = Some(0);
            }
            return;
        }
        let Some(stood) = lost else { return };
        let doubts = std::mem::take(&mut self.doubts);
        if self.has_stood_long(stood) {
            self.failures = Some(0);
        } else if doubts {
            self.failures = None;
        } else if !dialling && let Some(failures) = self.failures {
            self.failures = Some(failures + 1);
            let wait = (self.interval << failures.min(20)).min(self.max_interval);
            self.next = Some((now + wait * 8 / 10, now + wait * 12 / 10));
        }
    }

    /// When the client has to dial at the latest.
    pub fn deadline(&self) -> Option<u64> {
        self.next.filter(|_| !self.waits_for_tokens).map(|(_, latest)| latest)
    }

    fn has_stood_long(&self, stood: Option<u64>) -> bool {
        stood.is_some_and(|stood| stood > self.interval)
    }
}
