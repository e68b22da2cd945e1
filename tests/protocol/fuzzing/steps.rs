//! The events of a client, as values that can be created from any bytes.

use arbitrary::Arbitrary;
use iothub_device_client::protocol::client::Feature;

#[derive(Arbitrary, Debug)]
pub enum Step {
    Connect,
    Disconnect,
    /// Only with 0, as little can follow it.
    Shutdown(u8),
    Send {
        kilobytes: u8,
    },
    GetTwin,
    Patch,
    Take(bool),
    Want(Topic, bool),
    Receive(Topic, bool),
    EndReceive(u8),
    Withdraw(u8),
    Respond(u8),
    FailMethod(u8),
    Conclude {
        index: u8,
        handled: bool,
    },
    Token(Token),
    CanAsk(bool),
    Authorization,
    Upload,
    Script(Script),
    Socket(Socket),
    Packets(Vec<Packet>, [u8; 3]),
    Bytes(Vec<u8>),
    Advance {
        centiseconds: u16,
    },
    Sleep {
        millis: u32,
    },
    SetWallClock {
        secs: i32,
    },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Topic {
    Messages,
    Methods,
    DesiredProperties,
}

#[derive(Arbitrary, Debug)]
pub enum Token {
    Lasts(u16),
    HasExpired,
    OfAnother,
    IsNone,
    Unavailable,
}

#[derive(Arbitrary, Debug)]
pub struct Script {
    pub withhold: [bool; 5],
    pub refuse: bool,
    pub refuse_subscriptions: bool,
    pub twin: Option<(u16, Body)>,
}

#[derive(Arbitrary, Debug)]
pub enum Socket {
    Refuse(bool),
    OpenSlowly(bool),
    Open,
    LoseWrites(bool),
    CloseSlowly(bool),
    Break,
    Text,
}

#[derive(Arbitrary, Debug)]
pub enum Packet {
    ConnAck(bool),
    /// Usually one of the identifiers in use.
    PubAck(u8),
    SubAck(u8, bool),
    PingResp,
    AtMostOnce(Name, Body),
    AtLeastOnce {
        packet_id: u8,
        dup: bool,
        name: Name,
        body: Body,
    },
}

#[derive(Arbitrary, Debug)]
pub enum Name {
    Message(String),
    Method(String, u8),
    Desired(u8),
    TwinResponse { status: u16, request: u8 },
    Other(String),
}

#[derive(Arbitrary, Debug)]
pub enum Body {
    Json,
    Desired(u8),
    Twin(u8),
    Other(Vec<u8>),
}

/// Connected, with calls of every kind in flight: few sequences get there on their own.
pub fn waiting_for_everything() -> Vec<Step> {
    let (name, body) = (Name::Method("m".into(), 1), Body::Json);
    let withhold = [false, true, true, false, true];
    vec![
        Step::Connect,
        Step::Token(Token::Lasts(600)),
        Step::Take(true),
        Step::Want(Topic::Methods, true),
        Step::Packets(vec![Packet::AtMostOnce(name, body)], [0; 3]),
        Step::GetTwin,
        Step::Script(Script { withhold, refuse: false, refuse_subscriptions: false, twin: None }),
        Step::GetTwin,
        Step::Patch,
        Step::Send { kilobytes: 1 },
        Step::Want(Topic::DesiredProperties, true),
        Step::Want(Topic::Messages, true),
        Step::Respond(0),
    ]
}

impl From<Topic> for Feature {
    fn from(topic: Topic) -> Self {
        match topic {
            Topic::Messages => Self::Messages,
            Topic::Methods => Self::Methods,
            Topic::DesiredProperties => Self::DesiredProperties,
        }
    }
}

impl Name {
    pub fn topic(&self) -> String {
        match self {
            Self::Message(bag) => format!("devices/dev/messages/devicebound/{bag}"),
            Self::Method(name, id) => format!("$iothub/methods/POST/{name}/?$rid={id}"),
            Self::Desired(version) => {
                format!("$iothub/twin/PATCH/properties/desired/?$version={version}")
            }
            Self::TwinResponse { status, request } => {
                format!("$iothub/twin/res/{status}/?$rid=1-{request}")
            }
            Self::Other(topic) => topic.clone(),
        }
    }
}

impl Body {
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Json => b"{}".into(),
            Self::Desired(version) => format!("{{\"$version\":{version}}}").into(),
            Self::Twin(version) => format!("{{\"desired\":{{\"$version\":{version}}}}}").into(),
            Self::Other(bytes) => bytes.clone(),
        }
    }
}
