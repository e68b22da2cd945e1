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
    failures: u32,
    /// In this turn a connection or an attempt has ended: how long it had stood.
    lost: Option<Option<u64>>,
    /// In this turn the application has called, which may dial at once.
    asked: bool,
    /// The earliest and the latest moment of the next attempt.
    next: Option<(u64, u64)>,
}

impl Pace {
    pub fn new(setting: &Setting) -> Self {
        Self {
            interval: setting.retry_interval,
            max_interval: setting.retry_max_interval,
            waits_for_tokens: matches!(setting.login, Login::Token { .. } | Login::Function { .. }),
            failures: 0,
            lost: None,
            asked: false,
            next: None,
        }
    }

    pub fn asked(&mut self) {
        self.asked = true;
    }

    pub fn closed_on_purpose(&mut self) {
        self.failures = 0;
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
            assert!(self.has_stood_long(stood), "dials at once after a connection of {stood:?} ms");
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
                self.failures = 0;
            }
            return;
        }
        let Some(stood) = lost else { return };
        if self.has_stood_long(stood) {
            self.failures = 0;
        } else if !dialling {
            self.failures += 1;
            let doubled = self.interval << (self.failures - 1).min(20);
            let wait = doubled.min(self.max_interval);
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
