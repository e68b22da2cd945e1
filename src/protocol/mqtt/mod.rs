//! The rules of an MQTT 3.1.1 client, for any server: packets, packet identifiers, QoS 1 delivery
//! over several connections, subscriptions and keep alive.
//!
//! Sections are those of the
//! [OASIS standard](https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html).

mod codec;
mod incoming;
mod keep_alive;
mod outbox;
mod packet_ids;
mod session;
mod subscriptions;

pub use codec::{MAX_INCOMING_PACKET, ProtocolViolation};
pub use incoming::{Delivery, DeliveryId};
pub use outbox::Resend;
pub use packet_ids::SubscriptionId;
pub use session::{Event, Session, WRITE_SIZE};
pub use subscriptions::Subscriptions;

/// The longest topic that MQTT can carry, in bytes (section 1.5.3).
pub const MAX_TOPIC: usize = 65_535;
