//! Incoming bytes: to the session, and each publish to whom it concerns.

use super::connection::{AfterClose, Link};
use super::{Client, failures};
use crate::protocol::hub::topic::{self, Route};
use crate::protocol::hub::{Message, properties};
use crate::protocol::mqtt::Delivery;
use crate::protocol::{Error, Now, json};

impl Client {
    pub(super) fn received(&mut self, now: Now, bytes: &[u8]) {
        let listening = match self.link {
            Link::Handshaking(_) | Link::Up { .. } | Link::Draining { .. } => true,
            // Acknowledgements may still come, and spare what they acknowledge a second sending.
            Link::Closing(after) => after != AfterClose::Stay,
            Link::Down | Link::AwaitingToken(_) | Link::Opening(_) | Link::Waiting => false,
        };
        if listening {
            self.mqtt.receive(bytes);
            if let Err(violation) = self.drain_session(now) {
                self.violated(now, failures::protocol_violation(&violation.to_string()));
            }
        }
    }

    pub(super) fn received_text(&mut self, now: Now) {
        // MQTT 3.1.1, section 6: only binary frames, or the connection is closed.
        self.violated(now, failures::protocol_violation("the hub sent a text frame"));
    }

    pub(super) fn delivered(&mut self, now: Now, delivery: Delivery) {
        match topic::route(&self.config.identity, &delivery.topic) {
            Some(Route::Message { input_name, bag }) => {
                let mut properties = properties::decode(bag);
                properties.input_name = input_name.map(Into::into);
                let message = Message { body: delivery.payload, properties };
                return self.message_arrived(delivery.id, message);
            }
            Some(Route::MethodRequest { name, request_id }) => {
                self.method_called(now, name, request_id, &delivery.payload);
            }
            Some(Route::TwinResponse { status, request_id }) => {
                self.twin_response(request_id, status, &delivery.payload);
            }
            Some(Route::DesiredPatch { version }) => match json_text(&delivery.payload) {
                Ok(patch) => self.desired_patch(patch, version),
                Err(error) => self.background(error),
            },
            None => self.background(Error::client(
                "the hub sent a message on a topic that is not this client's; it was ignored",
            )),
        }
        if let Some(id) = delivery.id {
            self.mqtt.acknowledge(now.monotonic, id);
        }
    }
}

/// The text of a body that must be JSON.
pub(super) fn json_text(body: &[u8]) -> Result<String, Error> {
    let text = std::str::from_utf8(body).ok().filter(|text| json::is_valid(text));
    text.map(Into::into).ok_or_else(|| Error::client("the hub sent a body that is not JSON"))
}
