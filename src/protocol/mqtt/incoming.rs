//! Incoming publishes on one connection: which are duplicates, and which acknowledgements are owed.

use std::collections::VecDeque;

use bytes::Bytes;
use mqttbytes::QoS;
use mqttbytes::v4::Publish;

/// How many deliveries are remembered to recognise a duplicate. A server has far fewer
/// unacknowledged at a time.
const REMEMBERED: usize = 256;

/// Identifies a delivery that waits for its acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryId {
    connection: u16,
    packet_id: u16,
}

impl From<DeliveryId> for u32 {
    fn from(id: DeliveryId) -> Self {
        Self::from(id.connection) << 16 | Self::from(id.packet_id)
    }
}

impl From<u32> for DeliveryId {
    #[expect(clippy::cast_possible_truncation, reason = "two halves")]
    fn from(number: u32) -> Self {
        Self { connection: (number >> 16) as u16, packet_id: number as u16 }
    }
}

/// An incoming publish.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Identifies it in the acknowledgement; `None` with QoS 0.
    pub id: Option<DeliveryId>,
    /// The topic name.
    pub topic: String,
    /// The application message.
    pub payload: Bytes,
}

#[derive(Debug)]
struct Remembered {
    packet_id: u16,
    digest: u64,
    acknowledged: bool,
}

/// What to do with an incoming publish.
#[derive(Debug)]
pub(super) enum Arrival {
    Deliver(Delivery),
    /// A duplicate of an acknowledged delivery: acknowledge it again, deliver nothing.
    AcknowledgeAgain(u16),
    /// A duplicate of a delivery that will be acknowledged later.
    Ignore,
}

#[derive(Debug, Default)]
pub(super) struct Incoming {
    connection: u16,
    remembered: VecDeque<Remembered>,
}

impl Incoming {
    /// A connection begins; acknowledgements that were owed on the previous one are void.
    pub fn start(&mut self) {
        self.connection = self.connection.wrapping_add(1);
        self.remembered.clear();
    }

    pub fn arrived(&mut self, publish: Publish) -> Arrival {
        let Publish { dup, qos, topic, pkid: packet_id, payload, .. } = publish;
        if qos == QoS::AtMostOnce {
            return Arrival::Deliver(Delivery { id: None, topic, payload });
        }
        let digest = digest(&topic, &payload);
        let has_id = |r: &&Remembered| r.packet_id == packet_id;
        if dup
            && let Some(earlier) = self.remembered.iter().rfind(has_id)
            && earlier.digest == digest
        {
            return if earlier.acknowledged {
                Arrival::AcknowledgeAgain(packet_id)
            } else {
                Arrival::Ignore
            };
        }
        if self.remembered.len() == REMEMBERED {
            self.remembered.pop_front();
        }
        self.remembered.push_back(Remembered { packet_id, digest, acknowledged: false });
        let id = DeliveryId { connection: self.connection, packet_id };
        Arrival::Deliver(Delivery { id: Some(id), topic, payload })
    }

    /// A delivery was not handled, and may come again.
    pub fn forget(&mut self, id: DeliveryId) {
        if id.connection == self.connection {
            self.remembered.retain(|r| r.packet_id != id.packet_id);
        }
    }

    /// The packet identifier to acknowledge, unless the delivery was of an earlier connection.
    pub fn acknowledge(&mut self, id: DeliveryId) -> Option<u16> {
        if id.connection != self.connection {
            return None;
        }
        if let Some(r) = self.remembered.iter_mut().rfind(|r| r.packet_id == id.packet_id) {
            r.acknowledged = true;
        }
        Some(id.packet_id)
    }
}

/// Like FNV-1a, but on eight bytes at a time. It distinguishes repeated messages from new ones, and
/// is not meant to resist attacks.
fn digest(topic: &str, payload: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325 ^ topic.len() as u64;
    for chunk in topic.as_bytes().chunks(8).chain(payload.chunks(8)) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_has_one_number() {
        let id = DeliveryId { connection: 0x1234, packet_id: 0x5678 };
        assert_eq!(u32::from(id), 0x1234_5678);
        assert_eq!(DeliveryId::from(0x1234_5678), id);
    }
}
