//! What goes in and out: inputs, outputs, events, and how calls settle.

use std::fmt;

use bytes::BytesMut;

use super::error::Error;
use super::hub::message::Message;
use super::mqtt::DeliveryId;
use super::time::Instant;

/// Names a call until it settles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(u32);

impl From<OperationId> for u32 {
    fn from(id: OperationId) -> Self {
        id.0
    }
}

impl From<u32> for OperationId {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

/// What happens outside.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// The requested socket is open.
    SocketOpened,
    /// A binary frame arrived.
    Received(&'a [u8]),
    /// A frame arrived that is not binary, which MQTT does not allow.
    ReceivedText,
    /// The socket has closed, or could not be opened.
    SocketClosed {
        /// The platform's reason, for the error message; may be empty.
        detail: &'a str,
    },
    /// The platform has a network again, or has resumed after sleeping.
    Online,
    /// The platform believes that it has no network.
    Offline,
    /// Another client of this identity was opened, and takes over the connection.
    Replaced,
}

/// What to do outside. At most one socket is open at a time.
pub enum Output {
    /// Open a WebSocket with the sub-protocol `mqtt`.
    OpenSocket {
        /// Where.
        url: String,
    },
    /// Write these bytes in one binary frame.
    Transmit(BytesMut),
    /// Close the socket once everything is written, then report [`Input::SocketClosed`].
    CloseSocket,
    /// Drop the socket now. Nothing more may be reported of it.
    AbortSocket,
    /// Notify the user.
    Event(Event),
}

impl fmt::Debug for Output {
    /// Shows no bytes: those of CONNECT hold the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenSocket { url } => f.debug_struct("OpenSocket").field("url", url).finish(),
            Self::Transmit(bytes) => write!(f, "Transmit({} bytes)", bytes.len()),
            Self::CloseSocket => f.write_str("CloseSocket"),
            Self::AbortSocket => f.write_str("AbortSocket"),
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
        }
    }
}

/// An event for the user.
#[derive(Debug)]
pub enum Event {
    /// A call has ended. Each ends exactly once.
    Settled {
        /// Which.
        operation: OperationId,
        /// How.
        result: Result<Reply, Error>,
    },
    /// The client has connected, or the connection has ended.
    ConnectionStateChanged {
        /// Whether the client is connected.
        connected: bool,
        /// Why it was lost, if it was.
        cause: Option<Error>,
    },
    /// An error that belongs to no call.
    BackgroundException(Error),
    /// A message arrived.
    MessageReceived {
        /// The message.
        message: Box<Message<'static>>,
        /// With [`Acknowledge::AfterHandler`](super::client::Acknowledge::AfterHandler), the
        /// argument of [`Client::acknowledge`](super::Client::acknowledge) or
        /// [`Client::abandon`](super::Client::abandon).
        delivery: Option<DeliveryId>,
    },
    /// A direct method was called.
    MethodCalled(MethodRequest),
    /// The token expires soon, or has expired. A new one is expected through
    /// [`Client::update_sas_token`](super::Client::update_sas_token) or
    /// [`Client::provide_token`](super::Client::provide_token); until it arrives, this event is
    /// repeated after each `connectionRetryInterval`, or after a function has failed.
    SasTokenRequired,
    /// Desired properties, as JSON text with their `$version`.
    DesiredPropertiesReceived(String),
    /// The provisioning service has issued a certificate, with which later connections to the hub
    /// must authenticate: the result of the registration, as JSON text.
    CertificateIssued(String),
}

/// The result of a successful call.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Nothing.
    Done,
    /// A twin, as JSON text.
    Twin(String),
    /// The message that waited for a receive call. It is acknowledged.
    Message(Box<Message<'static>>),
    /// The result of a registration, as JSON text.
    Registration(String),
}

/// A call of a direct method.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodRequest {
    /// Identifies the call in its response.
    pub request_id: String,
    /// The method's name.
    pub name: String,
    /// JSON text.
    pub payload: String,
}

/// What the connection is doing, for logs, if its state does not say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// It waits before a retry.
    Waiting {
        /// When the retry is due.
        until: Instant,
    },
    /// The client asks the provisioning service for a hub.
    Registering,
    /// It waits for a SAS token from the user.
    AwaitingToken,
    /// It opens another connection, with a new token.
    Renewing,
}

/// The state of the connection, as the user sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionState {
    /// There is no connection, and the client is not making one.
    Disconnected,
    /// The client is making the first connection.
    Connecting,
    /// The client is connected.
    Connected,
    /// It was lost, and the client is reconnecting.
    Reconnecting,
}
