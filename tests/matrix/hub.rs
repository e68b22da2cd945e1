//! An IoT Hub that keeps the truth: what it accepted, its session, its messages, the twin.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use mqttrs::{Connack, ConnectReturnCode, Packet, Publish, QosPid};

use crate::faults::Step;
use crate::packets::{Sent, encode, pid, puback, suback};

pub type SocketId = usize;

/// The maximum number of messages in flight to the device.
const WINDOW: usize = 16;
pub const KEYS: usize = 4;

/// A packet for the client.
#[derive(Clone, Debug)]
pub struct Reply {
    pub step: Step,
    pub bytes: Vec<u8>,
    /// The same as a duplicate.
    pub again: Vec<u8>,
}

/// Packets that the hub sent and that are not acknowledged yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Push {
    CloudToDevice(u64),
    Other,
}

#[derive(Debug)]
pub struct Connection {
    pub socket: SocketId,
    /// Expiry of its token, in seconds since 1970.
    pub expiry: Option<u64>,
    pub keep_alive_ms: u64,
    pub last_heard: u64,
    pub unread: Vec<u8>,
    /// CONNACK with code 0 was sent.
    pub accepted: bool,
    pub unacknowledged: BTreeMap<u16, Push>,
    /// Calls of methods that were made on it: their instance, by request identifier.
    methods: BTreeMap<u64, u64>,
    methods_called: u64,
}

#[derive(Debug, Default)]
pub struct Hub {
    pub connection: Option<Connection>,
    /// `None` when there is no session.
    session: Option<BTreeSet<String>>,
    /// The numbers of the telemetry that it has, in the order of their first arrival.
    pub telemetry: Vec<u64>,
    pub telemetry_set: BTreeSet<u64>,
    pub poison: BTreeSet<u64>,
    pub duplicates: u64,
    /// Not completed.
    pub messages: VecDeque<u64>,
    pub completed: BTreeSet<u64>,
    last_message: u64,
    pub desired: [u64; KEYS],
    pub desired_version: u64,
    pub reported: BTreeSet<u64>,
    /// Instances of method calls that were answered.
    pub answered: BTreeSet<u64>,
    last_method: u64,
    last_packet_id: u16,
    push_at_most_once: bool,
    request_ids_restart: bool,
}

impl Hub {
    pub fn new(push_at_most_once: bool, request_ids_restart: bool) -> Self {
        Self { push_at_most_once, request_ids_restart, desired_version: 1, ..Self::default() }
    }

    pub fn is_live(&self, socket: SocketId) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.socket == socket)
    }

    /// A socket reached the hub, which closes the earlier one.
    pub fn opened(&mut self, socket: SocketId, now: u64) -> Option<SocketId> {
        let connection = Connection {
            socket,
            expiry: None,
            keep_alive_ms: 0,
            last_heard: now,
            unread: Vec::new(),
            accepted: false,
            unacknowledged: BTreeMap::new(),
            methods: BTreeMap::new(),
            methods_called: 0,
        };
        self.connection.replace(connection).map(|earlier| earlier.socket)
    }

    pub fn forget_session(&mut self) {
        self.session = None;
    }

    fn live(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("there is a connection")
    }

    fn is_subscribed(&self, prefix: &str) -> bool {
        let accepted = self.connection.as_ref().is_some_and(|connection| connection.accepted);
        let session = self.session.as_ref().filter(|_| accepted);
        session.is_some_and(|filters| filters.iter().any(|filter| filter.starts_with(prefix)))
    }

    pub fn takes_methods(&self) -> bool {
        self.is_subscribed("$iothub/methods/")
    }

    /// CONNECT: returns the response, and whether the login is accepted.
    pub fn connect(&mut self, sent: &Sent, unix: u64, refusal: Option<u8>) -> (Reply, bool) {
        let Sent::Connect { password, keep_alive, clean_session, .. } = sent else {
            panic!("the first packet is CONNECT, not {sent:?}");
        };
        let expiry = password.split("&se=").nth(1).and_then(|text| text.parse::<u64>().ok());
        let code = match refusal {
            Some(1) => ConnectReturnCode::RefusedProtocolVersion,
            Some(2) => ConnectReturnCode::RefusedIdentifierRejected,
            Some(3) => ConnectReturnCode::ServerUnavailable,
            Some(4) => ConnectReturnCode::BadUsernamePassword,
            Some(_) => ConnectReturnCode::NotAuthorized,
            None if expiry.is_some_and(|expiry| expiry <= unix) => ConnectReturnCode::NotAuthorized,
            None => ConnectReturnCode::Accepted,
        };
        let accepted = code == ConnectReturnCode::Accepted;
        let connection = self.live();
        connection.expiry = expiry;
        connection.keep_alive_ms = u64::from(*keep_alive) * 1000;
        if *clean_session && accepted {
            self.session = None;
        }
        let session_present = accepted && self.session.is_some();
        if accepted {
            self.session.get_or_insert_default();
        }
        let bytes = encode(&Connack { session_present, code }.into());
        (Reply::same(Step::Connack, bytes), accepted)
    }

    pub fn subscribe(&mut self, packet_id: u16, filters: &[String], granted: bool) -> Reply {
        if granted {
            self.session.get_or_insert_default().extend(filters.iter().cloned());
        }
        Reply::same(Step::Suback, suback(packet_id, granted))
    }

    pub fn unsubscribe(&mut self, packet_id: u16, filters: &[String]) -> Reply {
        self.session.get_or_insert_default().retain(|filter| !filters.contains(filter));
        Reply::same(Step::Unsuback, encode(&Packet::Unsuback(pid(packet_id))))
    }

    /// Accepts a publish that is not a twin request. Returns its PUBACK.
    pub fn publish(&mut self, sent: &Sent) -> Reply {
        let Sent::Publish { packet_id, topic, payload, .. } = sent else { unreachable!() };
        if let Some(rest) = topic.strip_prefix("$iothub/methods/res/") {
            self.method_answered(rest, payload);
        } else if !topic.starts_with("$iothub/twin/") {
            let number = number_in(payload);
            if self.telemetry_set.insert(number) {
                let last = self.telemetry.last().copied();
                assert!(last < Some(number), "message {number} arrived first after {last:?}");
                self.telemetry.push(number);
            } else {
                self.duplicates += 1;
            }
        }
        Reply::same(Step::HubPuback, puback(*packet_id))
    }

    fn method_answered(&mut self, rest: &str, payload: &[u8]) {
        let (status, query) = rest.split_once('/').expect("a status");
        let request_id = query.strip_prefix("?$rid=").expect("a request identifier");
        let request_id = u64::from_str_radix(request_id, 16).expect("one of the hub's");
        let instance = self.live().methods.remove(&request_id);
        let instance = instance.expect("an answer to a method that was called on this connection");
        assert!(self.answered.insert(instance), "method {instance} was answered twice");
        if status == "200" {
            assert_eq!(number_in(payload), instance, "the answer of another call");
        }
    }

    /// Answers a twin request.
    pub fn twin_answer(
        &mut self,
        topic: &str,
        payload: &[u8],
        refused: Option<u16>,
        not_json: bool,
    ) -> Reply {
        let request_id = topic.split_once("$rid=").expect("a request identifier").1;
        let is_get = topic.starts_with("$iothub/twin/GET/");
        let mut body = String::new();
        let status = refused.unwrap_or(if is_get { 200 } else { 204 });
        if refused.is_none() && is_get {
            body = format!(r#"{{"desired":{},"reported":{{"$version":1}}}}"#, self.desired_json());
        } else if refused.is_none() {
            self.reported.insert(number_in(payload));
        }
        if not_json {
            body = "{".into();
        }
        let topic = format!("$iothub/twin/res/{status}/?$rid={request_id}&$version=2");
        self.push(Step::TwinAnswer, Push::Other, &topic, body.as_bytes())
    }

    fn desired_json(&self) -> String {
        let [a, b, c, d] = self.desired;
        let version = self.desired_version;
        format!(r#"{{"k0":{a},"k1":{b},"k2":{c},"k3":{d},"$version":{version}}}"#)
    }

    /// The back end changes a desired property. Returns the patch if the device has subscribed.
    pub fn change_desired(&mut self) -> Option<Reply> {
        self.desired_version += 1;
        let version = self.desired_version;
        let key = usize::try_from(version).unwrap_or(0) % KEYS;
        self.desired[key] = version;
        if !self.is_subscribed("$iothub/twin/PATCH/") {
            return None;
        }
        let topic = format!("$iothub/twin/PATCH/properties/desired/?$version={version}");
        let body = format!(r#"{{"k{key}":{version},"$version":{version}}}"#);
        Some(self.push(Step::DesiredPatch, Push::Other, &topic, body.as_bytes()))
    }

    /// The back end calls a method of a device that has subscribed.
    pub fn call_method(&mut self, not_json: bool) -> Reply {
        self.last_method += 1;
        let instance = self.last_method;
        let restart = self.request_ids_restart;
        let connection = self.live();
        connection.methods_called += 1;
        let request_id = if restart { connection.methods_called } else { instance };
        connection.methods.insert(request_id, instance);
        let topic = format!("$iothub/methods/POST/m/?$rid={request_id:x}");
        let body = if not_json { "{".into() } else { instance.to_string() };
        self.push(Step::MethodCall, Push::Other, &topic, body.as_bytes())
    }

    /// The back end sends a message to the device.
    pub fn send_message(&mut self) {
        self.last_message += 1;
        self.messages.push_back(self.last_message);
    }

    /// The next message that may be sent to the device now.
    pub fn next_message(&mut self) -> Option<Reply> {
        if !self.is_subscribed("devices/") {
            return None;
        }
        let on_their_way: BTreeSet<u64> = self
            .live()
            .unacknowledged
            .values()
            .filter_map(|push| match push {
                Push::CloudToDevice(message) => Some(*message),
                Push::Other => None,
            })
            .collect();
        if on_their_way.len() >= WINDOW {
            return None;
        }
        let message = *self.messages.iter().find(|message| !on_their_way.contains(message))?;
        let topic = "devices/dev/messages/devicebound/%24.mid=1";
        let body = message.to_string();
        let push = Push::CloudToDevice(message);
        Some(self.push(Step::CloudToDevice, push, topic, body.as_bytes()))
    }

    /// A PUBACK of the client.
    pub fn acknowledged(&mut self, packet_id: u16) {
        if let Some(Push::CloudToDevice(message)) = self.live().unacknowledged.remove(&packet_id) {
            self.messages.retain(|queued| *queued != message);
            self.completed.insert(message);
        }
    }

    fn push(&mut self, step: Step, push: Push, topic: &str, payload: &[u8]) -> Reply {
        let bytes = |dup, qospid| {
            encode(&Publish { dup, qospid, retain: false, topic_name: topic, payload }.into())
        };
        if self.push_at_most_once && push == Push::Other {
            return Reply::same(step, bytes(false, QosPid::AtMostOnce));
        }
        self.last_packet_id += 1;
        let packet_id = self.last_packet_id;
        self.live().unacknowledged.insert(packet_id, push);
        let qospid = QosPid::AtLeastOnce(pid(packet_id));
        Reply { step, bytes: bytes(false, qospid), again: bytes(true, qospid) }
    }
}

impl Reply {
    pub fn same(step: Step, bytes: Vec<u8>) -> Self {
        Self { step, again: bytes.clone(), bytes }
    }
}

/// The first number in a body.
pub fn number_in(body: &[u8]) -> u64 {
    let digits = body.iter().skip_while(|byte| !byte.is_ascii_digit());
    let digits = digits.take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

/// The number that a key has in a JSON text of this hub.
pub fn member(json: &str, key: &str) -> Option<u64> {
    let (_, rest) = json.split_once(&format!("\"{key}\":"))?;
    Some(number_in(rest.as_bytes()))
}
