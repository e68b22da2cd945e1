//! What happens to the connection when a token arrives, does not arrive, or is about to expire.

use std::time::Duration;

use super::failures;
use super::link::{AfterClose, Attempt, Link};
use super::machine::Client;
use super::timers::Timer;
use super::waiting::Connect;
use crate::protocol::error::Error;
use crate::protocol::exchange::OperationId;
use crate::protocol::exchange::{ConnectionState, Reply};
use crate::protocol::hub::credentials::Credentials;
use crate::protocol::hub::sas_token::SasToken;
use crate::protocol::time::Now;

/// How long a renewal waits for acknowledgements, and for responses to methods.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

impl Client {
    /// Replaces the token that the client was created with. Settles when the client has reconnected
    /// with it, or immediately if it was not connected.
    ///
    /// # Errors
    ///
    /// The token is malformed, expired or for another identity (the old one is kept); the client
    /// was not created with a token, or was shut down.
    pub fn update_sas_token(&mut self, now: Now, text: &str) -> Result<OperationId, Error> {
        self.check_open()?;
        let Credentials::SasToken(_) = self.config.credentials else {
            return Err(Error::client(
                "updateSasToken is for clients that were created with a SAS token; this one creates or requests its tokens itself",
            ));
        };
        let token = self.config.check_token(now, text)?;
        let operation = self.io.begin();
        let settles_at_once = self.connection_state() == ConnectionState::Disconnected;
        self.use_token(now, token);
        if settles_at_once {
            self.io.settle(operation, Ok(Reply::Done));
        } else {
            self.waiting.connect(Connect { operation, asks: false });
            self.settle_connects_if_ready();
        }
        Ok(operation)
    }

    /// Answers [`Event::SasTokenRequired`](crate::protocol::Event::SasTokenRequired) for a client that was
    /// created with a function.
    ///
    /// # Errors
    ///
    /// The token is malformed, expired or for another identity; it counts as
    /// [`Client::token_unavailable`].
    pub fn provide_token(&mut self, now: Now, text: &str) -> Result<(), Error> {
        if self.gives_token_to_registrar(now, text) {
            return Ok(());
        }
        let token =
            self.config.check_token(now, text).inspect_err(|_| self.token_unavailable(now))?;
        self.use_token(now, token);
        Ok(())
    }

    /// [`Event::SasTokenRequired`](crate::protocol::Event::SasTokenRequired) could not be answered; the event
    /// is repeated later.
    pub fn token_unavailable(&mut self, now: Now) {
        self.give_up_token(now, failures::no_token());
    }

    pub(super) fn give_up_token(&mut self, now: Now, error: Error) {
        if let Some(registrar) = self.registrar() {
            registrar.token_unavailable(now);
        }
        self.tokens.not_given(now.monotonic + self.config.retry_interval);
        if let Link::AwaitingToken(attempt) = self.link {
            self.attempt_failed(now, attempt, error);
        }
    }

    /// No token has arrived within the time that a call may wait. All waiting calls fail, even the
    /// most recent ones, since there is no way to know when a token will arrive. When one does, the
    /// client reconnects.
    pub(super) fn token_timed_out(&mut self, now: Now, attempt: Attempt) {
        if let Credentials::TokenFunction = self.config.credentials {
            return self.give_up_token(now, failures::no_token_in_time());
        }
        let error = failures::no_token_within_operation_timeout();
        self.attempt_failed(now, attempt, error.clone());
        self.fail_all(&error);
    }

    /// Sets whether [`Event::SasTokenRequired`](crate::protocol::Event::SasTokenRequired) has a handler. A
    /// client that was created with a function always has one.
    pub fn can_ask_for_token(&mut self, now: Now, can_ask: bool) {
        let Credentials::SasToken(_) = self.config.credentials else { return };
        self.tokens.can_ask = can_ask;
        if let (false, Link::AwaitingToken(attempt)) = (can_ask, self.link) {
            self.tokens.ask_anew();
            let error = self.tokens.expired(now);
            self.attempt_failed(now, attempt, error);
        }
    }

    /// The `Authorization` header of an HTTP call; `None` if the client authenticates with a
    /// certificate.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credential`](crate::protocol::error::ErrorKind::Credential) while there is no
    /// valid token. A client that was created with a function must get one through
    /// [`Client::provide_token`] first.
    pub fn authorization(&mut self, now: Now) -> Result<Option<String>, Error> {
        self.check_open()?;
        self.tokens.authorization(&mut self.io, self.config.token_source(), now)
    }

    /// Replaces the token if it is due, or sets a timer to check again.
    pub(super) fn watch_token(&mut self, now: Now) {
        let due = match self.link {
            Link::Up { .. } => self.tokens.renewal_due(now),
            Link::AwaitingToken(_) => self.tokens.asks_again(),
            _ => None,
        };
        let Some(due) = due else { return };
        if now.monotonic >= due {
            self.renew(now);
        } else {
            self.timers.set(Timer::Renewal, Some(due));
        }
    }

    /// [`Timer::Renewal`] has fired: the token's time may have come, or a renewal has waited for
    /// acknowledgements for too long.
    pub(super) fn renewal_timer_fired(&mut self, now: Now) {
        match self.link {
            Link::Draining { .. } => self.close(now, AfterClose::Dial(Attempt::Renewal)),
            _ => self.watch_token(now),
        }
    }

    fn renew(&mut self, now: Now) {
        match self.config.credentials {
            Credentials::SharedAccessKey { .. } => self.drain(now),
            Credentials::SasToken(_) | Credentials::TokenFunction => {
                self.tokens.ask(&mut self.io, self.config.token_source(), now);
            }
            Credentials::X509 => {}
        }
    }

    /// Stops sending, so that what was sent can be acknowledged before the connection is changed.
    fn drain(&mut self, now: Now) {
        if let Link::Up { since } = self.link {
            self.link = Link::Draining { since };
            let patience = DRAIN_TIMEOUT.min(self.tokens.remaining(now));
            self.timers.set(Timer::Renewal, Some(now.monotonic + patience));
        }
    }

    /// Starts to use a new token, reconnecting if the client is connected.
    fn use_token(&mut self, now: Now, token: SasToken) {
        let is_other = self.tokens.hold(now, token);
        match self.link {
            Link::Up { .. } if is_other => self.drain(now),
            Link::AwaitingToken(attempt) => self.dial(now, attempt),
            Link::Opening(attempt) | Link::Handshaking(attempt) => self.redial(now, attempt),
            Link::Waiting(_) => self.retry(now),
            Link::Up { .. }
            | Link::Down
            | Link::Registering(_)
            | Link::Draining { .. }
            | Link::Closing(_) => {}
        }
    }
}
