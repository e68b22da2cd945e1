//! The connection to the service: opened for one registration, and closed after it.

use std::time::Duration;

use super::failures;
use super::machine::{Registrar, State};
use crate::protocol::error::{Error, ErrorKind};
use crate::protocol::exchange::Output;
use crate::protocol::hub::connect;
use crate::protocol::mqtt::{self, ProtocolViolation};
use crate::protocol::time::Now;

/// From dialling to CONNACK; also the longest wait for a token.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);
/// From SUBSCRIBE to SUBACK.
const SUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(30);
/// From DISCONNECT to the end of the socket.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

impl Registrar {
    pub(super) fn dial(&mut self, now: Now) {
        match self.tokens.prepare(&mut self.io, self.config.token_source(), now) {
            Err(error) => self.end(Err(error)),
            Ok(false) => self.enter_for(now, State::AwaitingToken, CONNECT_TIMEOUT),
            Ok(true) => {
                self.has_socket = true;
                self.io.ask(Output::OpenSocket { url: self.config.url.clone() });
                self.enter_for(now, State::Opening, CONNECT_TIMEOUT);
            }
        }
    }

    /// Responds to [`Event::SasTokenRequired`](crate::protocol::Event::SasTokenRequired).
    ///
    /// # Errors The token is malformed, has expired or is for another device; it counts as
    /// [`Registrar::token_unavailable`].
    pub fn provide_token(&mut self, now: Now, text: &str) -> Result<(), Error> {
        let token = self
            .config
            .registrant
            .check_token(now, text)
            .inspect_err(|_| self.token_unavailable(now))?;
        self.tokens.hold(now, token);
        if self.state == State::AwaitingToken {
            self.dial(now);
        }
        Ok(())
    }

    /// No token could be provided for
    /// [`Event::SasTokenRequired`](crate::protocol::Event::SasTokenRequired).
    pub fn token_unavailable(&mut self, now: Now) {
        self.give_up_token(now, failures::no_token());
    }

    pub(super) fn give_up_token(&mut self, now: Now, error: Error) {
        self.tokens.ask_anew();
        if self.state == State::AwaitingToken {
            self.failed(now, error);
        }
    }

    pub(super) fn socket_opened(&mut self, now: Now) {
        if self.state != State::Opening {
            return;
        }
        let mut connect = connect::packet(
            self.config.registrant.registration_id.clone(),
            self.config.keep_alive_secs,
            &self.config.user_name,
            self.tokens.password(),
        );
        // The service keeps no session.
        connect.clean_session = true;
        self.io.session.start(now.monotonic, &connect);
        if let Some(registration) = &mut self.registration {
            registration.reached = true;
        }
        self.enter(State::Handshaking, self.due);
    }

    pub(super) fn received(&mut self, now: Now, bytes: &[u8]) {
        if self.state.has_connection() {
            self.io.session.receive(bytes);
            if let Err(violation) = self.drain_session(now) {
                self.violated(now, failures::protocol_violation(&violation.to_string()));
            }
        }
    }

    fn drain_session(&mut self, now: Now) -> Result<(), ProtocolViolation> {
        while let Some(event) = self.io.session.poll_event(now.monotonic)? {
            match event {
                mqtt::Event::Accepted => {
                    self.enter_for(now, State::Subscribing, SUBSCRIBE_TIMEOUT);
                }
                mqtt::Event::Refused(code) => self.refused(now, failures::refused(code)),
                mqtt::Event::Subscribed { granted: true, .. } => self.ask(now),
                mqtt::Event::Subscribed { .. } => {
                    self.finish(now, Err(failures::subscription_refused()));
                }
                mqtt::Event::Delivered(delivery) => self.delivered(now, &delivery),
                // Only the response says how a request ended.
                mqtt::Event::Acknowledged(_) => {}
            }
        }
        Ok(())
    }

    fn refused(&mut self, now: Now, error: Error) {
        match error.kind() {
            ErrorKind::ConnectionFailed => self.failed(now, error),
            _ => self.end(Err(error)),
        }
    }

    /// The service sent something that cannot be parsed, so nothing after it can be parsed either.
    pub(super) fn violated(&mut self, now: Now, error: Error) {
        if self.state.has_connection() {
            self.failed(now, error);
        }
    }

    pub(super) fn socket_closed(&mut self, now: Now, detail: &str) {
        // The socket was given up before it could be dropped.
        if self.io.take_back_abort() {
            return;
        }
        let error = match self.state {
            State::Idle | State::AwaitingToken | State::Waiting => return,
            State::Opening => failures::not_opened(detail),
            State::Handshaking => failures::closed_before_connack(detail),
            _ => failures::dropped(detail),
        };
        self.has_socket = false;
        self.failed(now, error);
    }

    /// The connection has failed, or could not be made: the machine reconnects, unless it was the
    /// first one or there is nothing left to do.
    pub(super) fn failed(&mut self, now: Now, error: Error) {
        let Some(registration) = &mut self.registration else { return };
        if let Some(result) = registration.result.take() {
            return self.end(result);
        }
        if !registration.reached {
            return self.end(Err(error));
        }
        self.drop_connection();
        self.note(error);
        let pause = self.pause_after_failure();
        self.enter_for(now, State::Waiting, pause);
    }

    /// Sends DISCONNECT; the call settles when the socket has closed.
    pub(super) fn finish(&mut self, now: Now, result: Result<String, Error>) {
        if let Some(registration) = &mut self.registration {
            registration.result = Some(result);
        }
        self.io.session.disconnect();
        self.io.ask(Output::CloseSocket);
        self.enter_for(now, State::Closing, CLOSE_TIMEOUT);
    }

    /// Ends the call without DISCONNECT.
    pub(super) fn end(&mut self, result: Result<String, Error>) {
        self.drop_connection();
        self.tokens.ask_anew();
        self.enter(State::Idle, None);
        self.settle(result);
    }

    fn drop_connection(&mut self) {
        if self.has_socket {
            self.has_socket = false;
            self.io.abort_socket();
        }
        self.io.session.end(false);
    }
}
