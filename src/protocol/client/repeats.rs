//! Requests that no call has made, and that the hub has refused or not answered: a subscription,
//! the twin for the desired properties. They are repeated on the same connection.

use super::feature::Feature;
use crate::protocol::backoff::Backoff;

/// How often they have failed, and which failures were reported.
#[derive(Debug)]
pub(super) struct Repeats {
    pub backoff: Backoff,
    /// The features whose subscription has failed since it was last granted, or requested again.
    failed: [bool; Feature::ALL.len()],
}

impl Repeats {
    pub fn new(seed: u64) -> Self {
        Self { backoff: Backoff::new(seed), failed: Default::default() }
    }

    /// A new connection starts from the beginning.
    pub fn connection_began(&mut self) {
        self.backoff.reset();
        self.failed = Default::default();
    }

    /// A subscription has failed. Returns whether that has not been reported yet.
    pub fn failed(&mut self, feature: Feature) -> bool {
        !std::mem::replace(&mut self.failed[feature.id()], true)
    }

    /// A subscription was granted, or was requested again, so that its next failure is reported.
    pub fn succeeded(&mut self, feature: Feature) {
        self.failed[feature.id()] = false;
    }
}
