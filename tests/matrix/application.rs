//! The application: its calls, the events that it got, and what must be true of them.

use std::collections::{BTreeMap, BTreeSet};

use iothub_device_client::protocol::client::Feature;
use iothub_device_client::protocol::{Error, ErrorKind, OperationId, Reply};

use crate::hub::{Hub, KEYS, SocketId, member};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Connect,
    /// `disconnect` or `shutdown`.
    Leave,
    Send(u64),
    Twin,
    Report(u64),
    /// Of a method, by its instance.
    Answer(u64),
    Token,
    Receive {
        feature: Feature,
        block: bool,
    },
}

#[derive(Clone, Copy, Debug)]
pub struct Call {
    pub kind: Kind,
    /// How often the application had disconnected when it began.
    left: u32,
}

/// A message that the application sent.
#[derive(Clone, Debug, Default)]
pub struct Telemetry {
    /// The turn in which its call ended, and how.
    settled: Option<(u64, bool)>,
    packet_id: Option<u16>,
    /// The last socket that it was written to, and the number of sockets.
    socket: Option<SocketId>,
    sockets: u32,
}

/// The progress of a message, on the connection that delivered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    Open,
    Done,
    Abandoned,
}

#[derive(Debug, Default)]
pub struct Application {
    /// The calls that have not ended.
    pub calls: BTreeMap<OperationId, Call>,
    pub telemetry: Vec<Telemetry>,
    /// How many calls have failed.
    pub failures: u64,
    pub reports: u64,
    pub left: u32,
    /// A failed attempt ends no call, because another one follows.
    pub waits_for_connection: bool,
    /// No connection was accepted since the application disconnected.
    pub is_away: bool,
    pub shut_down: bool,
    /// Another client has the connection, until the application connects again.
    pub replaced: bool,
    pub connected: bool,
    messages: BTreeMap<(SocketId, u64), Handling>,
    /// Every message that it has ever received.
    pub handed: BTreeSet<u64>,
    methods: BTreeSet<u64>,
    desired: [u64; KEYS],
    desired_version: u64,
    /// A patch arrived alone, without the earlier ones.
    has_gap: bool,
    /// The client wants a token and has none yet.
    pub token_asked: bool,
}

impl Application {
    pub fn new(waits_for_connection: bool) -> Self {
        Self { waits_for_connection, ..Self::default() }
    }

    pub fn begin(&mut self, operation: OperationId, kind: Kind) {
        let call = Call { kind, left: self.left };
        assert!(self.calls.insert(operation, call).is_none(), "an operation's name is used twice");
    }

    /// A call has ended.
    pub fn settled(
        &mut self,
        turn: u64,
        operation: OperationId,
        result: &Result<Reply, Error>,
        hub: &Hub,
    ) -> Kind {
        let call = self.calls.remove(&operation);
        let call = call.expect("a call settles once, and only if it was made");
        if let Kind::Send(number) = call.kind {
            let message = &mut self.telemetry[index(number)];
            message.settled = Some((turn, result.is_ok()));
        }
        self.failures += u64::from(result.is_err());
        match (call.kind, result) {
            (Kind::Send(number), Ok(_)) => {
                assert!(
                    hub.telemetry_set.contains(&number),
                    "message {number} resolved and is not at the hub"
                );
            }
            (Kind::Report(number), Ok(_)) => {
                assert!(hub.reported.contains(&number), "a report resolved that the hub has not");
            }
            (Kind::Answer(instance), Ok(_)) => {
                assert!(hub.answered.contains(&instance), "an answer resolved that nobody has");
            }
            (Kind::Twin, Ok(Reply::Twin(twin))) => {
                let version = member(twin, "$version").expect("a version");
                assert!(version <= hub.desired_version, "a twin from nowhere");
            }
            (Kind::Twin, Ok(other)) => panic!("get twin gave {other:?}"),
            (kind, Ok(Reply::Message(_))) => {
                let feature = Feature::Messages;
                assert_eq!(kind, Kind::Receive { feature, block: false }, "it gave a message");
            }
            (_, Err(error)) => self.check_failure(call, error),
            (_, Ok(_)) => {}
        }
        call.kind
    }

    fn check_failure(&self, call: Call, error: &Error) {
        let fits = match error.kind() {
            ErrorKind::OperationCancelled => self.left > call.left,
            ErrorKind::Service => matches!(call.kind, Kind::Twin | Kind::Report(_)),
            ErrorKind::ConnectionFailed | ErrorKind::NoToken => !self.waits_for_connection,
            ErrorKind::NoConnection | ErrorKind::InvalidArgument | ErrorKind::OutOfRange => false,
            ErrorKind::Client
            | ErrorKind::ConnectionDropped
            | ErrorKind::DroppedAgain
            | ErrorKind::Credential
            | ErrorKind::OperationTimeout => true,
        };
        assert!(fits && call.kind != Kind::Leave, "{call:?} failed with {error:?}");
    }

    /// A message was refused at the call.
    pub fn refused(&mut self, number: u64) {
        self.telemetry[index(number)].settled = Some((0, false));
    }

    /// The client wrote a message.
    pub fn telemetry_written(
        &mut self,
        turn: u64,
        number: u64,
        dup: bool,
        packet_id: u16,
        socket: SocketId,
    ) {
        let others = self
            .telemetry
            .iter()
            .enumerate()
            .filter(|(_, other)| other.settled.is_none() && other.packet_id == Some(packet_id));
        for (other, _) in others {
            assert_eq!(other, index(number), "packet identifier {packet_id} is in use");
        }
        let message = &mut self.telemetry[index(number)];
        if let Some((ended, ok)) = message.settled {
            assert!(ended == turn && !ok, "message {number} was written after its call ended");
        }
        if let Some(earlier) = message.packet_id {
            assert_eq!(earlier, packet_id, "message {number} has changed its packet identifier");
            assert!(dup, "message {number} is sent again without DUP");
            assert_ne!(message.socket, Some(socket), "message {number} twice on a connection");
        } else {
            assert!(!dup, "message {number} has DUP at its first delivery");
        }
        message.packet_id = Some(packet_id);
        message.socket = Some(socket);
        message.sockets += 1;
    }

    pub fn is_open(&self, number: u64) -> bool {
        self.telemetry[index(number)].settled.is_none()
    }

    /// To how many connections a message was written.
    pub fn sockets_of(&self, number: u64) -> u32 {
        self.telemetry[index(number)].sockets
    }

    /// A cloud-to-device message arrived; `done` if nothing remains to be waited for.
    pub fn message_received(&mut self, socket: SocketId, number: u64, done: bool) {
        assert!(!self.is_away, "message {number} was delivered after a disconnect");
        let handling = if done { Handling::Done } else { Handling::Open };
        let earlier = self.messages.insert((socket, number), handling);
        assert!(
            matches!(earlier, None | Some(Handling::Abandoned)),
            "message {number} was delivered twice on one connection"
        );
        self.handed.insert(number);
    }

    pub fn message_handled(&mut self, socket: SocketId, number: u64, handling: Handling) {
        self.messages.insert((socket, number), handling);
    }

    /// The client acknowledges a message.
    pub fn check_acknowledged(&self, socket: SocketId, number: u64) {
        let handling = self.messages.get(&(socket, number));
        assert_eq!(handling, Some(&Handling::Done), "message {number} is acknowledged too early");
    }

    pub fn method_called(&mut self, instance: u64) {
        assert!(!self.is_away, "a method was called after a disconnect");
        assert!(self.methods.insert(instance), "method {instance} was called twice");
    }

    pub fn desired_received(&mut self, json: &str) {
        assert!(!self.is_away, "desired properties were delivered after a disconnect");
        let version = member(json, "$version").expect("a version");
        let last = self.desired_version;
        let is_whole = json.contains("\"k0\"") && json.contains("\"k1\"");
        // If the client could not fetch the twin, a patch arrives alone, and all properties later.
        let fills_gap = is_whole && self.has_gap && version == last;
        assert!(version > last || fills_gap, "desired version {version} came after {last}");
        self.has_gap = !is_whole && (self.has_gap || version > last + 1);
        self.desired_version = version;
        for (key, value) in self.desired.iter_mut().enumerate() {
            *value = member(json, &format!("k{key}")).unwrap_or(*value);
        }
    }

    /// Returns whether it knows the hub's current desired properties.
    pub fn knows_desired(&self, hub: &Hub) -> bool {
        (self.desired_version, self.desired) == (hub.desired_version, hub.desired)
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("small") - 1
}
