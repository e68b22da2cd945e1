//! The life of the connection: dialled, accepted, lost, retried, renewed, closed.

use std::time::Duration;

use super::assignment::NextStep;
use super::config::ConnectionRetry;
use super::failures;
use super::link::{AfterClose, Attempt, Link};
use super::machine::Client;
use super::timers::Timer;
use crate::protocol::error::{Error, ErrorKind};
use crate::protocol::exchange::{Event, Output};
use crate::protocol::hub::connect;
use crate::protocol::hub::credentials::Credentials;
use crate::protocol::publication::Publication;
use crate::protocol::time::{Instant, Now};
use mqttbytes::v4::ConnectReturnCode;

/// From dialling to CONNACK.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);
/// From DISCONNECT to the end of the socket.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

impl Client {
    /// Opens the connection, unless there is one or the client is connecting.
    pub(super) fn need_connection(&mut self, now: Now) {
        match self.link {
            Link::Down => {
                self.backoff.reset();
                self.dial(now, Attempt::First);
            }
            Link::Closing(AfterClose::Stay) => {
                self.link = Link::Closing(AfterClose::Dial(Attempt::First));
            }
            _ => {}
        }
    }

    /// [`Timer::Retry`] has fired, or the user does not want to wait for it.
    pub(super) fn retry(&mut self, now: Now) {
        if let Link::Waiting(attempt) = self.link {
            self.timers.set(Timer::Retry, None);
            self.dial(now, attempt);
        }
    }

    /// Sends DISCONNECT. The caller decides what happens to the calls and notifies the user.
    pub(super) fn close(&mut self, now: Now, after: AfterClose) {
        match self.link {
            Link::Up { .. } | Link::Draining { .. } => {
                self.io.session.disconnect();
                // Nothing can be acknowledged any more: the hub redelivers what was not handed out.
                self.inbox.connection_ended();
                self.timers.clear();
                self.timers.set(Timer::Close, Some(now.monotonic + CLOSE_TIMEOUT));
                self.io.ask(Output::CloseSocket);
                self.link = Link::Closing(after);
            }
            Link::Opening(_) | Link::Handshaking(_) => {
                self.io.abort_socket();
                self.closed(now, after);
            }
            Link::Closing(_) => self.link = Link::Closing(after),
            Link::Registering(_) => {
                self.stop_registering(now);
                self.closed(now, after);
            }
            Link::Down | Link::Waiting(_) | Link::AwaitingToken(_) => self.closed(now, after),
        }
    }

    pub(super) fn socket_opened(&mut self, now: Now) {
        if let Link::Opening(attempt) = self.link {
            let connect = connect::packet(
                self.config.identity.client_id(),
                self.config.keep_alive_secs,
                &self.config.user_name(),
                self.tokens.password(),
            );
            self.io.session.start(now.monotonic, &connect);
            self.link = Link::Handshaking(attempt);
        }
    }

    pub(super) fn socket_closed(&mut self, now: Now, detail: &str) {
        let error = match self.link {
            Link::Opening(_) => failures::not_opened(detail),
            Link::Handshaking(_) => failures::closed_before_connack(detail),
            _ => failures::dropped(detail),
        };
        self.ended(now, error);
    }

    /// The hub sent something that cannot be parsed, so nothing after it can be parsed either.
    pub(super) fn violated(&mut self, now: Now, error: Error) {
        match self.link {
            Link::Opening(_)
            | Link::Down
            | Link::Waiting(_)
            | Link::Registering(_)
            | Link::AwaitingToken(_) => {}
            _ => self.give_up(now, error),
        }
    }

    pub(super) fn accepted(&mut self, now: Now) {
        if let Link::Handshaking(attempt) = self.link {
            self.timers.set(Timer::Connect, None);
            self.link = Link::Up { since: now.monotonic };
            self.repeats.connection_began();
            if let Some(provisioning) = &mut self.provisioning {
                provisioning.connected();
            }
            if attempt != Attempt::Renewal {
                self.io.emit(Event::ConnectionStateChanged { connected: true, cause: None });
            }
            self.settle_connects_if_ready();
        }
    }

    pub(super) fn refused(&mut self, now: Now, code: ConnectReturnCode) {
        if let Link::Handshaking(_) = self.link {
            self.give_up(now, failures::refused(code));
        }
    }

    pub(super) fn connect_timed_out(&mut self, now: Now) {
        match self.link {
            Link::Opening(_) | Link::Handshaking(_) => self.give_up(now, failures::no_connack()),
            Link::AwaitingToken(attempt) => self.token_timed_out(now, attempt),
            _ => {}
        }
    }

    pub(super) fn close_timed_out(&mut self, now: Now) {
        if let Link::Closing(after) = self.link {
            self.io.abort_socket();
            self.closed(now, after);
        }
    }

    pub(super) fn check_keep_alive(&mut self, now: Now) {
        if self.link.is_up() && !self.io.session.check_keep_alive(now.monotonic) {
            self.give_up(now, failures::dropped("a ping was not answered in time"));
        }
    }

    /// Makes progress wherever possible; called by each [`Client::poll_output`] that finds nothing
    /// ready.
    pub(super) fn advance(&mut self, now: Now) {
        self.watch_clocks(now);
        self.drive_registrar(now);
        // If the token has expired in the meantime, replace it before sending anything with it.
        self.watch_token(now);
        if let Link::Up { .. } = self.link {
            self.watch_failures(now);
            self.io.session.write(now.monotonic);
        }
        if let Link::Draining { .. } = self.link {
            if self.io.session.has_unsent_for_this_connection() {
                self.io.session.write(now.monotonic);
            }
            if !self.io.session.awaits_acknowledgement()
                && !self.inbox.owes_acknowledgements()
                && !self.methods.any_awaited()
            {
                self.close(now, AfterClose::Dial(Attempt::Renewal));
            }
        }
    }

    /// Gives up the current attempt, and starts another.
    pub(super) fn redial(&mut self, now: Now, attempt: Attempt) {
        self.io.abort_socket();
        self.io.session.end(false);
        self.dial(now, attempt);
    }

    pub(super) fn dial(&mut self, now: Now, attempt: Attempt) {
        if self.register_if_needed(now, attempt) {
            return;
        }
        match self.tokens.prepare(&mut self.io, self.config.token_source(), now) {
            Err(error) => self.attempt_failed(now, attempt, error),
            Ok(false) => {
                self.link = Link::AwaitingToken(if attempt == Attempt::Renewal {
                    // The client cannot reconnect before it gets a token.
                    self.io.tell_disconnected(None);
                    Attempt::Retry
                } else {
                    attempt
                });
                let limit = match self.config.credentials {
                    Credentials::TokenFunction => Some(CONNECT_TIMEOUT),
                    // A handler may take as long as the calls that wait for its token.
                    _ => self.config.operation_timeout,
                };
                self.timers.set(Timer::Connect, limit.map(|limit| now.monotonic + limit));
            }
            Ok(true) => {
                self.link = Link::Opening(attempt);
                self.timers.set(Timer::Connect, Some(now.monotonic + CONNECT_TIMEOUT));
                self.io.ask(Output::OpenSocket { url: self.config.url() });
            }
        }
    }

    pub(super) fn attempt_failed(&mut self, now: Now, attempt: Attempt, error: Error) {
        let next_step = self.next_step(now, &error);
        self.timers.clear();
        self.io.session.end(true);
        let retry = self.config.connection_retry;
        let is_final = next_step == NextStep::GiveUp;
        if attempt == Attempt::First {
            // The same attempt continues differently: there is nothing to report.
            if matches!(next_step, NextStep::Register | NextStep::Settle) {
                self.goes_on(now, attempt, next_step);
                return;
            }
            if is_final || retry != ConnectionRetry::Always {
                self.link = Link::Down;
                if !self.fail_all(&error) {
                    self.io.background(error);
                }
                return;
            }
        }
        self.fail_impatient_connects(&error);
        if attempt == Attempt::Renewal {
            self.io.tell_disconnected(Some(error.clone()));
        }
        self.io.background(error.clone());
        if is_final || retry == ConnectionRetry::Never {
            self.link = Link::Down;
            self.fail_all(&error);
            return;
        }
        let next = if attempt == Attempt::Renewal { Attempt::Retry } else { attempt };
        if !self.goes_on(now, next, next_step) {
            self.backoff.failed();
            self.wait_for_retry(now, next);
        }
    }

    /// An attempt, or a connection, has ended before [`Client::connect`] could settle. If the first
    /// connection is retried, too, the call waits for the next one.
    fn fail_impatient_connects(&mut self, error: &Error) {
        if self.config.connection_retry != ConnectionRetry::Always {
            self.waiting.fail_connects(&mut self.io, error);
        }
    }

    /// Drops a failed socket.
    fn give_up(&mut self, now: Now, error: Error) {
        self.io.abort_socket();
        self.ended(now, error);
    }

    /// There is no socket any more.
    fn ended(&mut self, now: Now, error: Error) {
        match self.link {
            Link::Opening(attempt) | Link::Handshaking(attempt) => {
                self.attempt_failed(now, attempt, error);
            }
            Link::Up { since } | Link::Draining { since } => self.lost(now, since, error),
            Link::Closing(after) => self.closed(now, after),
            Link::Down | Link::Waiting(_) | Link::Registering(_) | Link::AwaitingToken(_) => {}
        }
    }

    fn lost(&mut self, now: Now, since: Instant, error: Error) {
        // A connection ended by the network or a sleep says nothing about how long the next one
        // will last.
        let stood_long =
            now.monotonic - since > self.config.retry_interval || self.io.session.is_probed();
        let again_and_again = !stood_long && self.backoff.keeps_failing();
        let error = if again_and_again { failures::probably_replaced(error) } else { error };
        self.timers.clear();
        self.inbox.connection_ended();
        self.methods.connection_ended();
        // Whatever the cause, for a call it is a lost connection.
        let dropped = match error.kind() {
            ErrorKind::ConnectionDropped => error.clone(),
            _ => failures::dropped("").caused_by(error.clone()),
        };
        for publication in self.io.session.end(true) {
            let reason = match publication {
                Publication::MethodResponse(_) => dropped.clone(),
                _ => failures::dropped_again_and_again().caused_by(error.clone()),
            };
            self.settle_publication(publication, Err(reason));
        }
        self.fail_impatient_connects(&dropped);
        self.io.tell_disconnected(Some(error.clone()));
        self.io.background(error);
        if self.config.connection_retry == ConnectionRetry::Never {
            self.link = Link::Down;
            self.fail_all(&dropped);
            return;
        }
        if stood_long {
            self.backoff.reset();
        } else {
            self.backoff.failed();
        }
        if stood_long && !self.offline {
            self.dial(now, Attempt::Retry);
        } else {
            self.wait_for_retry(now, Attempt::Retry);
        }
    }

    /// The socket has closed as requested.
    fn closed(&mut self, now: Now, after: AfterClose) {
        self.timers.clear();
        self.inbox.connection_ended();
        self.methods.connection_ended();
        for publication in self.io.session.end(false) {
            let error = failures::dropped("closed on purpose, before an acknowledgement arrived");
            self.settle_publication(publication, Err(error));
        }
        self.link = Link::Down;
        self.waiting.settle_disconnects(&mut self.io);
        if let AfterClose::Dial(attempt) = after {
            self.backoff.reset();
            self.dial(now, attempt);
        }
    }

    pub(super) fn wait_for_retry(&mut self, now: Now, attempt: Attempt) {
        let interval = self.backoff.interval(&self.config, self.offline);
        self.wait(now, attempt, interval);
    }

    pub(super) fn wait(&mut self, now: Now, attempt: Attempt, pause: Duration) {
        self.timers.set(Timer::Retry, Some(now.monotonic + pause));
        self.link = Link::Waiting(attempt);
    }
}
