//! An IoT Hub in memory that does what the test says.

use std::collections::BTreeSet;

use mqttrs::{Connack, ConnectReturnCode, Packet, Publish, QosPid};

pub use crate::packets::{Sent, puback, suback};
use crate::packets::{encode, pid, take_packet};

/// What the hub does not respond to, or how it responds.
#[derive(Debug, Default)]
pub struct Script {
    pub withhold_connack: bool,
    pub withhold_suback: bool,
    pub withhold_puback: bool,
    pub withhold_pingresp: bool,
    pub withhold_twin: bool,
    pub connack: Option<ConnectReturnCode>,
    pub refuse_subscriptions: bool,
    /// The status and body of every twin response; by default 200 or 204, and `twin`.
    pub twin_status: Option<(u16, String)>,
    pub twin: String,
}

#[derive(Debug, Default)]
pub struct Hub {
    pub script: Script,
    /// Everything received, with the number of its connection.
    pub log: Vec<(usize, Sent)>,
    pub connections: usize,
    pub subscriptions: BTreeSet<String>,
    unread: Vec<u8>,
    last_packet_id: u16,
}

impl Hub {
    pub fn new() -> Self {
        let twin = r#"{"desired":{"$version":1},"reported":{"$version":1}}"#.into();
        Self { script: Script { twin, ..Script::default() }, ..Self::default() }
    }

    pub fn connection_opened(&mut self) {
        self.connections += 1;
        self.unread.clear();
    }

    /// Handles bytes. Returns the bytes of the responses.
    pub fn receive(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.unread.extend_from_slice(bytes);
        let mut answers = Vec::new();
        while let Some(sent) = take_packet(&mut self.unread) {
            self.answer(&sent, &mut answers);
            self.log.push((self.connections, sent));
        }
        answers
    }

    /// The bytes of a publish to the client, QoS 1.
    pub fn publish(&mut self, topic: &str, payload: &[u8]) -> Vec<u8> {
        self.last_packet_id += 1;
        self.publish_as(self.last_packet_id, false, topic, payload)
    }

    pub fn publish_as(&self, packet_id: u16, dup: bool, topic: &str, payload: &[u8]) -> Vec<u8> {
        let qospid = QosPid::AtLeastOnce(pid(packet_id));
        encode(&Publish { dup, qospid, retain: false, topic_name: topic, payload }.into())
    }

    /// The bytes of a publish to the client, QoS 0.
    pub fn publish_at_most_once(topic: &str, payload: &[u8]) -> Vec<u8> {
        let qospid = QosPid::AtMostOnce;
        encode(&Publish { dup: false, qospid, retain: false, topic_name: topic, payload }.into())
    }

    /// The publishes received, over all connections.
    pub fn publishes(&self) -> impl Iterator<Item = (bool, u16, &str, &[u8])> {
        self.log.iter().filter_map(|(_, sent)| match sent {
            Sent::Publish { dup, packet_id, topic, payload } => {
                Some((*dup, *packet_id, topic.as_str(), payload.as_slice()))
            }
            _ => None,
        })
    }

    /// What came on one connection.
    pub fn on_connection(&self, number: usize) -> Vec<&Sent> {
        self.log.iter().filter(|(n, _)| *n == number).map(|(_, sent)| sent).collect()
    }

    /// The filters subscribed to on one connection, in order.
    pub fn subscribed_on(&self, number: usize) -> Vec<&str> {
        let filters = self.on_connection(number).into_iter().filter_map(|sent| match sent {
            Sent::Subscribe { filters, .. } => Some(filters),
            _ => None,
        });
        filters.flatten().map(String::as_str).collect()
    }

    /// The packet identifiers acknowledged on one connection, in order.
    pub fn pubacks_on(&self, number: usize) -> Vec<u16> {
        let packet_ids = self.on_connection(number).into_iter().filter_map(|sent| match sent {
            Sent::Puback(packet_id) => Some(*packet_id),
            _ => None,
        });
        packet_ids.collect()
    }

    /// What was published on one connection: DUP, packet identifier, topic, payload.
    pub fn published_on(&self, number: usize) -> Vec<(bool, u16, &str, &str)> {
        let publishes = self.on_connection(number).into_iter().filter_map(|sent| match sent {
            Sent::Publish { dup, packet_id, topic, payload } => {
                Some((*dup, *packet_id, topic.as_str(), std::str::from_utf8(payload).unwrap()))
            }
            _ => None,
        });
        publishes.collect()
    }

    /// The same, with only DUP and payload.
    pub fn bodies_on(&self, number: usize) -> Vec<(bool, &str)> {
        self.published_on(number).into_iter().map(|(dup, _, _, body)| (dup, body)).collect()
    }

    fn answer(&mut self, sent: &Sent, answers: &mut Vec<u8>) {
        let script = &self.script;
        match sent {
            Sent::Connect { .. } if !script.withhold_connack => {
                let code = script.connack.unwrap_or(ConnectReturnCode::Accepted);
                let session_present = self.connections > 1;
                answers.extend(encode(&Connack { session_present, code }.into()));
            }
            Sent::Subscribe { packet_id, filters } if !script.withhold_suback => {
                let granted = !script.refuse_subscriptions;
                if granted {
                    self.subscriptions.extend(filters.iter().cloned());
                }
                answers.extend(suback(*packet_id, granted));
            }
            Sent::Unsubscribe { packet_id, filters } => {
                self.subscriptions.retain(|filter| !filters.contains(filter));
                answers.extend(encode(&Packet::Unsuback(pid(*packet_id))));
            }
            Sent::Pingreq if !script.withhold_pingresp => {
                answers.extend(encode(&Packet::Pingresp));
            }
            Sent::Publish { packet_id, topic, .. } => {
                if !script.withhold_puback {
                    answers.extend(encode(&Packet::Puback(pid(*packet_id))));
                }
                if !script.withhold_twin && topic.starts_with("$iothub/twin/") {
                    answers.extend(self.twin_answer(topic));
                }
            }
            _ => {}
        }
    }

    /// The bytes of the response to the twin request that was published to `topic`.
    pub fn twin_answer(&mut self, topic: &str) -> Vec<u8> {
        let request_id = topic.split_once("$rid=").expect("a request identifier").1.to_owned();
        let is_get = topic.starts_with("$iothub/twin/GET/");
        let (status, body) = match &self.script.twin_status {
            Some((status, body)) => (*status, body.clone()),
            None if is_get => (200, self.script.twin.clone()),
            None => (204, String::new()),
        };
        let topic = format!("$iothub/twin/res/{status}/?$rid={request_id}&$version=2");
        self.publish(&topic, body.as_bytes())
    }
}

pub fn connack(session_present: bool) -> Vec<u8> {
    encode(&Connack { session_present, code: ConnectReturnCode::Accepted }.into())
}
