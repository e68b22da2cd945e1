//! A provisioning service that keeps the truth.

use std::collections::HashMap;

use fastrand::Rng;
use mqttrs::{Connack, ConnectReturnCode, Packet, Publish, QosPid};

use super::faults::Fault;
use crate::packets::{Sent, encode, pid, puback, suback};

/// A registration, as the service knows it.
#[derive(Debug)]
struct Operation {
    /// How many more polls it takes until it is assigned.
    left: u32,
    assigned: bool,
}

/// How it responds to a request.
struct Answer {
    status: u16,
    retry_after: Option<u64>,
    body: String,
}

pub struct Service {
    /// The hub that it assigns the device to, and the device's name there.
    pub home: (&'static str, &'static str),
    operations: HashMap<String, Operation>,
    last_packet_id: u16,
}

impl Service {
    pub fn new(home: (&'static str, &'static str)) -> Self {
        Self { home, operations: HashMap::new(), last_packet_id: 0 }
    }

    /// The bytes of the response to a packet; none if it has no response.
    pub fn answer(&mut self, rng: &mut Rng, sent: &Sent, fault: Option<Fault>) -> Vec<u8> {
        match sent {
            Sent::Connect { client_id, clean_session, .. } => {
                assert!(client_id == "dev" && *clean_session);
                connack(fault)
            }
            Sent::Subscribe { packet_id, .. } => {
                suback(*packet_id, fault != Some(Fault::SubscriptionRefused))
            }
            Sent::Publish { packet_id, topic, .. } => {
                let answer = self.answer_to_request(rng, topic, fault);
                [puback(*packet_id), self.publish(topic, &answer)].concat()
            }
            Sent::Pingreq => encode(&Packet::Pingresp),
            Sent::Puback(_) | Sent::Disconnect => Vec::new(),
            Sent::Unsubscribe { .. } => panic!("the session ends with the connection"),
        }
    }

    /// Whether a result is that of an assigned registration.
    pub fn has_assigned(&self, result: &str) -> bool {
        self.operations.iter().any(|(id, it)| it.assigned && result.contains(&format!("\"{id}\"")))
    }

    fn answer_to_request(&mut self, rng: &mut Rng, topic: &str, fault: Option<Fault>) -> Answer {
        let state = |word| format!(r#"{{"status":"{word}","registrationState":{{}}}}"#);
        let (status, body) = match fault {
            Some(Fault::Busy) => (429, r#"{"errorCode":429001}"#.into()),
            Some(Fault::Broken) => (503, String::new()),
            Some(Fault::LoginRefused) => (401, r#"{"errorCode":401002}"#.into()),
            Some(Fault::Unknown) => (404, r#"{"errorCode":404201}"#.into()),
            Some(Fault::Failed) => (200, state("failed")),
            Some(Fault::Disabled) => (200, state("disabled")),
            Some(Fault::NoHub) => (200, assigned("x", ("a/b", "dev"))),
            Some(Fault::NotJson) => (200, "<html>".into()),
            _ => return self.progress(rng, topic, fault == Some(Fault::Mute)),
        };
        let retry_after = rng.bool().then(|| rng.u64(1..20));
        Answer { status, retry_after, body }
    }

    /// A registration begins, or is polled.
    fn progress(&mut self, rng: &mut Rng, topic: &str, for_ever: bool) -> Answer {
        let id = topic.split_once("operationId=").map(|(_, id)| id.to_owned());
        let id = id.unwrap_or_else(|| {
            let id = format!("4.op-{}", self.operations.len());
            let operation = Operation { left: rng.u32(1..4), assigned: false };
            self.operations.insert(id.clone(), operation);
            id
        });
        let operation = self.operations.get_mut(&id).expect("an operation of this service");
        operation.left = if for_ever { u32::MAX } else { operation.left.saturating_sub(1) };
        if operation.left == 0 {
            operation.assigned = true;
            return Answer { status: 200, retry_after: None, body: assigned(&id, self.home) };
        }
        let body = format!(r#"{{"operationId":"{id}","status":"assigning"}}"#);
        Answer { status: 202, retry_after: Some(rng.u64(1..10)), body }
    }

    /// The bytes of a response to the request that was published to `topic`.
    fn publish(&mut self, topic: &str, answer: &Answer) -> Vec<u8> {
        let rid = topic.split_once("$rid=").expect("a request identifier").1;
        let rid = rid.split('&').next().unwrap_or(rid);
        let pause = answer.retry_after.map(|s| format!("&retry-after={s}")).unwrap_or_default();
        let topic_name = format!("$dps/registrations/res/{}/?$rid={rid}{pause}", answer.status);
        self.last_packet_id = self.last_packet_id % 60_000 + 1;
        let publish = Publish {
            dup: false,
            qospid: QosPid::AtLeastOnce(pid(self.last_packet_id)),
            retain: false,
            topic_name: &topic_name,
            payload: answer.body.as_bytes(),
        };
        encode(&publish.into())
    }
}

fn assigned(id: &str, (hub, device): (&str, &str)) -> String {
    format!(
        r#"{{"operationId":"{id}","status":"assigned","registrationState":{{"assignedHub":"{hub}","deviceId":"{device}"}}}}"#
    )
}

/// The response to CONNECT, also of a hub.
pub fn connack(fault: Option<Fault>) -> Vec<u8> {
    let code = match fault {
        Some(Fault::Unavailable) => ConnectReturnCode::ServerUnavailable,
        Some(Fault::LoginRefused) => ConnectReturnCode::NotAuthorized,
        _ => ConnectReturnCode::Accepted,
    };
    encode(&Connack { session_present: false, code }.into())
}
