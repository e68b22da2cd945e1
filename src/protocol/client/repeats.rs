//! What the client asks for by itself, and the hub has refused or not answered: a subscription, the
//! twin for the desired properties. It is asked for again while the connection stands.

use super::backoff::Backoff;
use super::link::Link;
use super::timers::Timer;
use super::{Client, Feature};
use crate::protocol::Now;

/// How often it has failed, and of what the user was told.
#[derive(Debug)]
pub(super) struct Repeats {
    backoff: Backoff,
    /// The features whose subscription has failed since it was last granted, or wanted anew.
    failed: [bool; Feature::ALL.len()],
}

impl Repeats {
    pub fn new(seed: u64) -> Self {
        Self { backoff: Backoff::new(seed), failed: Default::default() }
    }

    /// On a new connection everything begins anew.
    pub fn connection_began(&mut self) {
        self.backoff.reset();
        self.failed = Default::default();
    }

    /// A subscription has failed. Returns whether that is news.
    pub fn failed(&mut self, feature: Feature) -> bool {
        !std::mem::replace(&mut self.failed[feature.id()], true)
    }

    /// A subscription stands, or is wanted by somebody who knows of no failure.
    pub fn succeeded(&mut self, feature: Feature) {
        self.failed[feature.id()] = false;
    }
}

impl Client {
    /// Has a timer ask again for what has failed, after a pause that grows until nothing fails.
    pub(super) fn watch_failures(&mut self, now: Now) {
        let session = &self.io.session;
        if session.any_subscription_failed() || self.lacks_desired_properties() {
            if !self.timers.is_set(Timer::Repeat) {
                self.repeats.backoff.failed();
                let pause = self.repeats.backoff.pause(&self.config);
                self.timers.set(Timer::Repeat, Some(now.monotonic + pause));
            }
        } else if session.subscriptions_settled() && !self.twin.is_synchronizing() {
            self.repeats.backoff.reset();
            self.timers.set(Timer::Repeat, None);
        }
    }

    /// [`Timer::Repeat`] has fired.
    pub(super) fn repeat(&mut self) {
        // Before a renewal nothing new is sent, and after it everything is asked for anyway.
        let Link::Up { .. } = self.link else { return };
        self.io.session.ask_again();
        if self.lacks_desired_properties() {
            self.twin.synchronize(&mut self.io);
        }
    }

    /// What is fetched before the subscription stands may be out of date after it.
    fn lacks_desired_properties(&self) -> bool {
        self.twin.needs_synchronization() && self.io.is_subscribed(Feature::DesiredProperties)
    }
}
