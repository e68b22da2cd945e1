//! The registration as a machine: its inputs and outputs, and when to call it again. The other
//! files decide what follows from them.

use std::fmt;
use std::time::Duration;

use super::answer;
use super::config::Config;
use super::failures;
use super::registration::Registration;
use crate::protocol::backoff::Backoff;
use crate::protocol::exchange::{ConnectionState, Input, Output};
use crate::protocol::io::{Io, Queued};
use crate::protocol::mqtt::SubscriptionId;
use crate::protocol::time::{Instant, Now, earliest};
use crate::protocol::tokens::Tokens;

/// The only topic filter: the responses of the service.
const ANSWERS: SubscriptionId = 0;

/// The state of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// None is running.
    Idle,
    /// Waiting for a token to connect with.
    AwaitingToken,
    /// Waiting for the socket.
    Opening,
    /// Waiting for CONNACK.
    Handshaking,
    /// Waiting for SUBACK.
    Subscribing,
    /// Waiting for the response to a request.
    Asking,
    /// Waiting before the next request, on the open connection.
    Pausing,
    /// Waiting before the next connection.
    Waiting,
    /// DISCONNECT is sent; waiting for the socket to close.
    Closing,
}

impl State {
    /// Whether bytes may arrive.
    pub fn has_connection(self) -> bool {
        matches!(
            self,
            Self::Handshaking | Self::Subscribing | Self::Asking | Self::Pausing | Self::Closing
        )
    }
}

/// Registers one device, any number of times. [`protocol`](crate::protocol) says how to drive it.
pub struct Registrar {
    pub(super) config: Config,
    pub(super) io: Io,
    pub(super) state: State,
    /// When the current state times out.
    pub(super) due: Option<Instant>,
    /// Whether a socket was requested that has not been reported as closed.
    pub(super) has_socket: bool,
    pub(super) registration: Option<Registration>,
    pub(super) tokens: Tokens,
    pub(super) backoff: Backoff,
    pub(super) last_request: u32,
}

/// Without the bytes that wait to be written: CONNECT holds the password.
impl fmt::Debug for Registrar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registrar").field("state", &self.state).finish_non_exhaustive()
    }
}

impl Registrar {
    /// An idle registrar. `seed` is any random number; it spreads the retries of many devices.
    pub fn new(config: Config, seed: u64) -> Self {
        let mut io = Io::new(config.keep_alive_secs, vec![answer::FILTER.into()]);
        io.session.subscriptions.want(ANSWERS, true);
        Self {
            io,
            state: State::Idle,
            due: None,
            has_socket: false,
            registration: None,
            tokens: Tokens::new(&config.credentials),
            backoff: Backoff::new(seed),
            last_request: 0,
            config,
        }
    }

    /// The next output to perform, or `None` until the next input or command.
    pub fn poll_output(&mut self, now: Now) -> Option<Output> {
        self.io.session.write(now.monotonic);
        match self.io.next()? {
            Queued::Output(output) => Some(output),
            // Only a client has messages.
            Queued::Message | Queued::Receive(_) => None,
        }
    }

    /// When to call [`Registrar::handle_timeout`], if nothing else happens before.
    pub fn next_timeout(&self) -> Option<Instant> {
        earliest(&[self.due, self.deadline(), self.io.session.keep_alive_deadline()])
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        let is_past = |at: Option<Instant>| at.is_some_and(|at| at <= now.monotonic);
        if is_past(self.deadline()) {
            self.timed_out();
        } else if is_past(self.due) {
            self.state_timed_out(now);
        } else if self.io.session.is_open() && !self.io.session.check_keep_alive(now.monotonic) {
            self.failed(now, failures::dropped("a ping was not answered in time"));
        }
    }

    /// Something has happened outside.
    pub fn handle_input(&mut self, now: Now, input: Input<'_>) {
        match input {
            Input::SocketOpened => self.socket_opened(now),
            Input::Received(bytes) => self.received(now, bytes),
            Input::ReceivedText => {
                self.violated(now, failures::protocol_violation("the server sent a text frame"));
            }
            Input::SocketClosed { detail } => self.socket_closed(now, detail),
            Input::Online if self.state == State::Waiting => self.dial(now),
            Input::Online | Input::Offline | Input::Replaced => {}
        }
    }

    /// The state of the connection, as the user sees it.
    pub fn connection_state(&self) -> ConnectionState {
        match self.state {
            State::Idle => ConnectionState::Disconnected,
            State::Subscribing | State::Asking | State::Pausing | State::Closing => {
                ConnectionState::Connected
            }
            State::AwaitingToken | State::Opening | State::Handshaking | State::Waiting => {
                ConnectionState::Connecting
            }
        }
    }

    /// The resource of the device's SAS tokens: `{idScope}/registrations/{registrationId}`.
    pub fn resource(&self) -> String {
        self.config.resource.clone()
    }

    pub(super) fn enter(&mut self, state: State, due: Option<Instant>) {
        self.state = state;
        self.due = due;
    }

    /// Enters a state that times out after `limit`.
    pub(super) fn enter_for(&mut self, now: Now, state: State, limit: Duration) {
        self.enter(state, Some(now.monotonic + limit));
    }

    /// The deadline of the call. A result that is already known is reported, however long the
    /// socket takes to close.
    fn deadline(&self) -> Option<Instant> {
        self.registration.as_ref().filter(|it| it.result.is_none())?.deadline
    }

    fn state_timed_out(&mut self, now: Now) {
        match self.state {
            State::Idle => {}
            State::AwaitingToken => self.give_up_token(now, failures::no_token_in_time()),
            State::Opening | State::Handshaking => self.failed(now, failures::no_connack()),
            State::Subscribing | State::Asking => self.failed(now, failures::no_answer()),
            State::Pausing => self.ask(now),
            State::Waiting => self.dial(now),
            State::Closing => self.failed(now, failures::dropped("")),
        }
    }
}
