//! What the client asks for by itself, and the hub has refused or not answered: a subscription, the
//! twin for the desired properties. It is asked for again while the connection stands.

use super::backoff::Backoff;
use super::feature::Feature;

/// How often it has failed, and of what the user was told.
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

    /// A subscription has failed. Returns whether that is news.
    pub fn failed(&mut self, feature: Feature) -> bool {
        !std::mem::replace(&mut self.failed[feature.id()], true)
    }

    /// A subscription stands, or is wanted by somebody who knows of no failure.
    pub fn succeeded(&mut self, feature: Feature) {
        self.failed[feature.id()] = false;
    }
}
