//! A provisioning service that keeps the truth.

use std::collections::HashMap;

use mqttrs::{Connack, ConnectReturnCode, Publish, QosPid};

use crate::packets::{encode, pid};

/// A registration, as the service knows it.
#[derive(Debug)]
struct Operation {
    /// How many more times it is asked for before it is assigned.
    left: u32,
    assigned: bool,
}

/// What it answers a request with.
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<u64>,
    pub body: String,
}

#[derive(Default)]
pub struct Service {
    operations: HashMap<String, Operation>,
    last_packet_id: u16,
}

impl Service {
    /// A registration begins; `polls` says how often it is asked for before it is assigned.
    pub fn register(&mut self, polls: u32, retry_after: u64) -> Answer {
        let id = format!("4.op-{}", self.operations.len());
        self.operations.insert(id.clone(), Operation { left: polls, assigned: false });
        self.answer(&id, retry_after)
    }

    /// A registration is asked for, by the query of a topic.
    pub fn poll(&mut self, topic: &str, retry_after: u64) -> Answer {
        let id = topic.split_once("operationId=").expect("an operation").1.to_owned();
        let operation = self.operations.get_mut(&id).expect("an operation of this service");
        operation.left = operation.left.saturating_sub(1);
        self.answer(&id, retry_after)
    }

    /// The registration that a topic asks for goes on for ever.
    pub fn go_on(&mut self, topic: &str) {
        if let Some((_, id)) = topic.split_once("operationId=") {
            self.operations.get_mut(id).expect("an operation of this service").left = u32::MAX;
        }
    }

    /// Whether a result is of a registration that was assigned.
    pub fn has_assigned(&self, result: &str) -> bool {
        self.operations.iter().any(|(id, it)| it.assigned && result.contains(&format!("\"{id}\"")))
    }

    fn answer(&mut self, id: &str, retry_after: u64) -> Answer {
        let operation = self.operations.get_mut(id).expect("an operation");
        if operation.left == 0 {
            operation.assigned = true;
            let body = format!(
                r#"{{"operationId":"{id}","status":"assigned","registrationState":{{"assignedHub":"h","deviceId":"dev"}}}}"#
            );
            return Answer { status: 200, retry_after: None, body };
        }
        let body = format!(r#"{{"operationId":"{id}","status":"assigning"}}"#);
        Answer { status: 202, retry_after: Some(retry_after), body }
    }

    /// The bytes of an answer to the request that was published to `topic`.
    pub fn publish(&mut self, topic: &str, answer: &Answer) -> Vec<u8> {
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

pub fn connack(code: ConnectReturnCode) -> Vec<u8> {
    encode(&Connack { session_present: false, code }.into())
}
