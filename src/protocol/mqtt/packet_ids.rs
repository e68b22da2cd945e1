//! Packet identifiers (section 2.3.1): 1 to 65535, none given twice while it is in use.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{PublishId, SubscriptionId};

/// What the acknowledgement with a packet identifier will belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaiting {
    Publish(PublishId),
    /// A publish that nobody waits for any more; the server may still acknowledge it.
    Withdrawn,
    Subscription(SubscriptionId),
}

/// The identifiers in use.
#[derive(Debug, Default)]
pub(super) struct PacketIds {
    last: u16,
    in_use: HashMap<u16, Awaiting>,
}

impl PacketIds {
    /// Takes the next free identifier, or `None` while all are in use.
    pub fn take(&mut self, awaiting: Awaiting) -> Option<u16> {
        if self.in_use.len() >= usize::from(u16::MAX) {
            return None;
        }
        loop {
            self.last = self.last.checked_add(1).unwrap_or(1);
            if let Entry::Vacant(entry) = self.in_use.entry(self.last) {
                entry.insert(awaiting);
                return Some(self.last);
            }
        }
    }

    /// What the identifier is used for.
    pub fn get(&self, id: u16) -> Option<Awaiting> {
        self.in_use.get(&id).copied()
    }

    /// Whether any acknowledgement is still to come.
    pub fn any_in_use(&self) -> bool {
        !self.in_use.is_empty()
    }

    /// Gives an identifier back.
    pub fn release(&mut self, id: u16) {
        self.in_use.remove(&id);
    }

    /// Keeps the identifier in use although its publish was withdrawn.
    pub fn withdraw(&mut self, id: u16) {
        self.in_use.insert(id, Awaiting::Withdrawn);
    }

    /// Gives back what cannot be acknowledged any more once the connection has ended.
    pub fn connection_ended(&mut self) {
        self.in_use.retain(|_, awaiting| matches!(awaiting, Awaiting::Publish(_)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_identifier_is_given_once_before_none_is_left() {
        let mut ids = PacketIds::default();
        let given: Vec<u16> = (0..65_535).map(|_| ids.take(Awaiting::Withdrawn).unwrap()).collect();
        assert!(given.into_iter().eq(1..=65_535));
        assert_eq!(ids.take(Awaiting::Withdrawn), None);
        ids.release(300);
        assert_eq!(ids.take(Awaiting::Withdrawn), Some(300));
    }

    #[test]
    fn identifiers_in_use_are_skipped_after_the_wrap() {
        let mut ids = PacketIds { last: 65_534, ..PacketIds::default() };
        assert_eq!(ids.take(Awaiting::Withdrawn), Some(65_535));
        assert_eq!(ids.take(Awaiting::Withdrawn), Some(1));
        ids.last = 65_534;
        assert_eq!(ids.take(Awaiting::Withdrawn), Some(2));
    }
}
