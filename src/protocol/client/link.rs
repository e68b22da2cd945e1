//! Where the connection is.

use crate::protocol::Instant;

/// Why a connection is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// The user asked for it; a failure is the user's to hear, and final.
    First,
    /// One was lost.
    Retry,
    /// The token is being replaced.
    Renewal,
}

/// What follows when the socket has closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterClose {
    Stay,
    Dial(Attempt),
}

/// Where the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Down,
    /// Waiting for a token to dial with.
    AwaitingToken(Attempt),
    /// Waiting for the socket.
    Opening(Attempt),
    /// Waiting for CONNACK.
    Handshaking(Attempt),
    Up {
        since: Instant,
    },
    /// Up, but a renewal waits for what is unacknowledged, and nothing new is sent.
    Draining {
        since: Instant,
    },
    /// DISCONNECT is sent; waiting for the socket to close.
    Closing(AfterClose),
    /// Waiting for [`Timer::Retry`](super::timers::Timer::Retry).
    Waiting,
}

impl Link {
    pub fn is_first_attempt(self) -> bool {
        matches!(
            self,
            Link::Opening(Attempt::First)
                | Link::Handshaking(Attempt::First)
                | Link::AwaitingToken(Attempt::First)
                | Link::Closing(AfterClose::Dial(Attempt::First))
        )
    }

    pub fn is_up(self) -> bool {
        matches!(self, Link::Up { .. } | Link::Draining { .. })
    }
}
