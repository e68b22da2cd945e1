//! Packet identifiers (section 2.3.1): 1 to 65535, none reused while it is in use.

use std::collections::VecDeque;

/// Names one of the topic filters that a session was created with, by its position.
pub type SubscriptionId = usize;

/// The place of a publish in the order of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublishId(pub u64);

/// What the acknowledgement with a packet identifier will belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaiting {
    Publish(PublishId),
    /// A publish that nothing waits for any more; the server may still acknowledge it.
    Withdrawn,
    /// A publish that was acknowledged, but will be resent if the connection ends, and will then
    /// need an identifier.
    Acknowledged,
    Subscription(SubscriptionId),
}

/// How many identifiers there are.
const COUNT: u64 = 65_535;
/// How many of them publishes leave for subscriptions, which go first on every connection.
const RESERVED: u64 = 8;

/// The identifiers in use. An identifier is the remainder of a number that only increases, so that
/// the identifiers in use are sorted by that number and found by it.
#[derive(Debug, Default)]
pub(super) struct PacketIds {
    /// The next number to try.
    next: u64,
    in_use: VecDeque<(u64, Awaiting)>,
}

impl PacketIds {
    /// Takes the next free identifier, or `None` while all are in use.
    pub fn take(&mut self, awaiting: Awaiting) -> Option<u16> {
        let reserved = if let Awaiting::Publish(_) = awaiting { RESERVED } else { 0 };
        if self.in_use.len() as u64 >= COUNT - reserved {
            return None;
        }
        loop {
            let number = self.next;
            self.next += 1;
            if self.find(number).is_none() {
                self.in_use.push_back((number, awaiting));
                return u16::try_from(number % COUNT + 1).ok();
            }
        }
    }

    /// What the identifier is used for.
    pub fn get(&self, id: u16) -> Option<Awaiting> {
        self.index(id).map(|index| self.in_use[index].1)
    }

    /// Whether anything waits for an acknowledgement.
    pub fn any_awaited(&self) -> bool {
        let waits = |awaiting| matches!(awaiting, Awaiting::Publish(_) | Awaiting::Subscription(_));
        self.in_use.iter().any(|(_, awaiting)| waits(*awaiting))
    }

    pub fn release(&mut self, id: u16) {
        if let Some(index) = self.index(id) {
            self.in_use.remove(index);
        }
    }

    /// Keeps the identifier in use for something else.
    pub fn reassign(&mut self, id: u16, awaiting: Awaiting) {
        if let Some(index) = self.index(id) {
            self.in_use[index].1 = awaiting;
        }
    }

    fn index(&self, id: u16) -> Option<usize> {
        let last = self.next.checked_sub(1)?;
        let remainder = u64::from(id).checked_sub(1)?;
        let behind = (last + COUNT - remainder) % COUNT;
        self.find(last.checked_sub(behind)?)
    }

    /// Where the identifier of `number` is in use, since this round or an earlier one.
    fn find(&self, mut number: u64) -> Option<usize> {
        let (oldest, _) = self.in_use.front()?;
        let (newest, _) = self.in_use.back()?;
        while number >= *oldest {
            // Acknowledgements come in order, and a new number is above all others.
            if number == *oldest {
                return Some(0);
            }
            if number <= *newest
                && let Ok(index) = self.in_use.binary_search_by_key(&number, |(known, _)| *known)
            {
                return Some(index);
            }
            number = number.checked_sub(COUNT)?;
        }
        None
    }

    /// Releases the identifiers that cannot be acknowledged any more after the connection has
    /// ended.
    pub fn connection_ended(&mut self) {
        let stays = |awaiting| matches!(awaiting, Awaiting::Publish(_) | Awaiting::Acknowledged);
        self.in_use.retain(|(_, awaiting)| stays(*awaiting));
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
        let mut ids = PacketIds::default();
        assert_eq!(ids.take(Awaiting::Withdrawn), Some(1));
        for _ in 0..3 {
            for id in 2..=65_535 {
                assert_eq!(ids.take(Awaiting::Withdrawn), Some(id));
                ids.release(id);
                assert_eq!(ids.get(id), None);
            }
            assert_eq!(ids.get(1), Some(Awaiting::Withdrawn), "however many rounds ago");
        }
    }

    #[test]
    fn an_unused_identifier_is_not_in_use() {
        let mut ids = PacketIds::default();
        assert_eq!(ids.get(1), None);
        ids.take(Awaiting::Withdrawn);
        assert_eq!((ids.get(0), ids.get(2), ids.get(65_535)), (None, None, None));
    }
}
