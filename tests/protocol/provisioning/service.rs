//! A provisioning service in memory that does what the test says.

use std::collections::VecDeque;

use mqttrs::{Connack, ConnectReturnCode, Packet, Publish, QosPid};

use crate::packets::{Sent, encode, pid, puback, suback, take_packet};

pub const RESULT: &str = r#"{"operationId":"4.op","status":"assigned","registrationState":{"registrationId":"dev","assignedHub":"hub.example","deviceId":"dev","status":"assigned","substatus":"initialAssignment","payload":{"é":"日本"}}}"#;
pub const ASSIGNING: &str = r#"{"operationId":"4.op","status":"assigning"}"#;

/// How the service responds to a request.
#[derive(Clone, Debug)]
pub enum Answer {
    With { status: u16, retry_after: Option<u64>, body: String },
    Withheld,
}

impl Answer {
    pub fn new(status: u16, retry_after: Option<u64>, body: &str) -> Self {
        Self::With { status, retry_after, body: body.into() }
    }

    pub fn assigning(retry_after: u64) -> Self {
        Self::new(202, Some(retry_after), ASSIGNING)
    }

    pub fn assigned() -> Self {
        Self::new(200, None, RESULT)
    }

    pub fn assigned_to(hub: &str, device_id: &str) -> Self {
        let state = format!(r#"{{"assignedHub":"{hub}","deviceId":"{device_id}"}}"#);
        let body =
            format!(r#"{{"operationId":"4.op","status":"assigned","registrationState":{state}}}"#);
        Self::new(200, None, &body)
    }
}

#[derive(Debug)]
pub struct Service {
    /// The responses to the next requests; later requests get those of a working service.
    pub script: VecDeque<Answer>,
    pub connack: ConnectReturnCode,
    pub withhold_connack: bool,
    pub withhold_suback: bool,
    pub withhold_pingresp: bool,
    pub refuse_subscriptions: bool,
    /// Everything received, with the number of its connection.
    pub log: Vec<(usize, Sent)>,
    pub connections: usize,
    unread: Vec<u8>,
    last_packet_id: u16,
}

impl Service {
    pub fn new() -> Self {
        Self {
            script: VecDeque::new(),
            connack: ConnectReturnCode::Accepted,
            withhold_connack: false,
            withhold_suback: false,
            withhold_pingresp: false,
            refuse_subscriptions: false,
            log: Vec::new(),
            connections: 0,
            unread: Vec::new(),
            last_packet_id: 0,
        }
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

    /// The requests, as their topics say, over all connections.
    pub fn requests(&self) -> Vec<&str> {
        let topics = self.log.iter().filter_map(|(_, sent)| match sent {
            Sent::Publish { topic, .. } => Some(topic.as_str()),
            _ => None,
        });
        topics.collect()
    }

    /// How often a registration was requested.
    pub fn registrations(&self) -> usize {
        self.requests().iter().filter(|topic| is_register(topic)).count()
    }

    /// The body of the last registration that was requested.
    pub fn body(&self) -> &str {
        let body = self.log.iter().rev().find_map(|(_, sent)| match sent {
            Sent::Publish { topic, payload, .. } if is_register(topic) => Some(payload),
            _ => None,
        });
        std::str::from_utf8(body.expect("a registration")).expect("UTF-8")
    }

    fn answer(&mut self, sent: &Sent, answers: &mut Vec<u8>) {
        match sent {
            Sent::Connect { .. } if !self.withhold_connack => {
                let connack = Connack { session_present: false, code: self.connack };
                answers.extend(encode(&connack.into()));
            }
            Sent::Subscribe { packet_id, .. } if !self.withhold_suback => {
                answers.extend(suback(*packet_id, !self.refuse_subscriptions));
            }
            Sent::Pingreq if !self.withhold_pingresp => answers.extend(encode(&Packet::Pingresp)),
            Sent::Publish { packet_id, topic, .. } => {
                answers.extend(puback(*packet_id));
                let usual =
                    if is_register(topic) { Answer::assigning(3) } else { Answer::assigned() };
                let answer = self.script.pop_front().unwrap_or(usual);
                if let Answer::With { status, retry_after, body } = answer {
                    answers.extend(self.publish(topic, status, retry_after, &body));
                }
            }
            _ => {}
        }
    }

    /// The bytes of a response to the request that was published to `topic`.
    pub fn publish(
        &mut self,
        topic: &str,
        status: u16,
        retry_after: Option<u64>,
        body: &str,
    ) -> Vec<u8> {
        let rid = topic.split_once("$rid=").expect("a request identifier").1;
        let rid = rid.split('&').next().unwrap_or(rid);
        let retry_after = retry_after.map(|s| format!("&retry-after={s}")).unwrap_or_default();
        let topic_name = format!("$dps/registrations/res/{status}/?$rid={rid}{retry_after}");
        self.last_packet_id += 1;
        let publish = Publish {
            dup: false,
            qospid: QosPid::AtLeastOnce(pid(self.last_packet_id)),
            retain: false,
            topic_name: &topic_name,
            payload: body.as_bytes(),
        };
        encode(&publish.into())
    }
}

fn is_register(topic: &str) -> bool {
    topic.starts_with("$dps/registrations/PUT/iotdps-register/")
}
