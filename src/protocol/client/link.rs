//! The state of the connection.

use crate::protocol::exchange::ConnectionState;
use crate::protocol::time::Instant;

/// Why a connection is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// The user requested it. A failure is reported to the user and final, unless the first
    /// connection is retried, too.
    First,
    /// One was lost.
    Retry,
    /// The token is being replaced. The user sees a connected client unless that fails.
    Renewal,
}

/// Whether the client may have a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Permit {
    Granted,
    /// Not before the user calls [`Client::connect`](super::Client::connect): another client of
    /// this identity has the connection.
    Replaced,
    /// Never again.
    ShutDown,
}

/// What follows when the socket has closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterClose {
    Stay,
    Dial(Attempt),
}

/// The state of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Down,
    /// Waiting for the provisioning service to assign a hub.
    Registering(Attempt),
    /// Waiting for a token to dial with.
    AwaitingToken(Attempt),
    /// Waiting for the socket.
    Opening(Attempt),
    /// Waiting for CONNACK.
    Handshaking(Attempt),
    Up {
        since: Instant,
    },
    /// Connected, but a renewal waits for acknowledgements, and nothing new is sent.
    Draining {
        since: Instant,
    },
    /// DISCONNECT is sent; waiting for the socket to close.
    Closing(AfterClose),
    /// Waiting for [`Timer::Retry`](super::timers::Timer::Retry).
    Waiting(Attempt),
}

impl Link {
    /// The state that the user sees.
    pub fn state(self) -> ConnectionState {
        match self {
            Self::Down | Self::Closing(AfterClose::Stay) => ConnectionState::Disconnected,
            Self::Up { .. } | Self::Draining { .. } => ConnectionState::Connected,
            Self::Waiting(attempt)
            | Self::Registering(attempt)
            | Self::AwaitingToken(attempt)
            | Self::Opening(attempt)
            | Self::Handshaking(attempt)
            | Self::Closing(AfterClose::Dial(attempt)) => match attempt {
                Attempt::First => ConnectionState::Connecting,
                Attempt::Retry => ConnectionState::Reconnecting,
                Attempt::Renewal => ConnectionState::Connected,
            },
        }
    }

    pub fn is_up(self) -> bool {
        matches!(self, Self::Up { .. } | Self::Draining { .. })
    }
}
