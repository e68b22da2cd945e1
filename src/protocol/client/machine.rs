//! The client as a machine: its inputs and outputs, and when to call it again. The other files
//! decide what follows from them.

use std::time::Duration;

use super::assignment::Provisioning;
use super::config::Config;
use super::failures;
use super::feature::Feature;
use super::inbox::Inbox;
use super::link::{AfterClose, Attempt, Link, Permit};
use super::methods::Methods;
use super::repeats::Repeats;
use super::timers::{Timer, TimerTable};
use super::twin::Twin;
use super::waiting::WaitingCalls;
use crate::protocol::backoff::Backoff;
use crate::protocol::exchange::{Activity, ConnectionState, Event, Input, Output};
use crate::protocol::io::{Io, Queued};
use crate::protocol::time::{Instant, Now, earliest};
use crate::protocol::tokens::Tokens;

/// One device or module. See [`protocol`](crate::protocol) for how to drive it.
#[derive(Debug)]
pub struct Client {
    pub(super) config: Config,
    pub(super) io: Io,
    pub(super) link: Link,
    pub(super) permit: Permit,
    /// The platform believes that it has no network.
    pub(super) offline: bool,
    /// By how much the wall clock was ahead of the monotonic one at the last check.
    pub(super) clocks_apart: u64,
    pub(super) backoff: Backoff,
    pub(super) waiting: WaitingCalls,
    /// Messages without their acknowledgement.
    pub(super) pending_messages: usize,
    pub(super) inbox: Inbox,
    pub(super) methods: Methods,
    pub(super) twin: Twin,
    pub(super) tokens: Tokens,
    pub(super) repeats: Repeats,
    pub(super) timers: TimerTable,
    /// Boxed, because most clients have none.
    pub(super) provisioning: Option<Box<Provisioning>>,
}

impl Client {
    /// A client that is not connected. `seed` is any random number; it spreads retries and keeps
    /// the request identifiers of two clients apart.
    pub fn new(mut config: Config, seed: u64) -> Self {
        let provisioning =
            config.provisioning.take().map(|it| Box::new(Provisioning::new(*it, seed)));
        let filters = Feature::ALL.map(|feature| feature.filter(&config.identity));
        Self {
            io: Io::new(config.keep_alive_secs, filters.into()),
            link: Link::Down,
            permit: Permit::Granted,
            offline: false,
            clocks_apart: u64::MAX,
            backoff: Backoff::new(seed),
            waiting: WaitingCalls::default(),
            pending_messages: 0,
            inbox: Inbox::new(config.acknowledge),
            methods: Methods::default(),
            twin: Twin::new(seed, config.ensure_desired_properties),
            tokens: Tokens::new(&config.credentials),
            repeats: Repeats::new(seed),
            timers: TimerTable::default(),
            provisioning,
            config,
        }
    }

    /// The next output to perform, or `None` until the next input or command.
    pub fn poll_output(&mut self, now: Now) -> Option<Output> {
        loop {
            if self.io.is_empty() {
                self.advance(now);
            }
            match self.io.next()? {
                Queued::Output(output) => return Some(output),
                Queued::Message => {
                    let is_waiting = self.waiting.takes_messages();
                    if let Some(event) = self.inbox.hand_out(&mut self.io, now, is_waiting) {
                        return Some(Output::Event(event));
                    }
                }
                Queued::Receive(operation) => {
                    let result = Ok(self.inbox.receive(&mut self.io, now));
                    return Some(Output::Event(Event::Settled { operation, result }));
                }
            }
        }
    }

    /// When to call [`Client::handle_timeout`], if nothing else happens before.
    pub fn next_timeout(&mut self) -> Option<Instant> {
        self.timers.set(Timer::KeepAlive, self.io.session.keep_alive_deadline());
        let limit = self.config.operation_timeout;
        let deadline = limit.and_then(|limit| self.io.session.request_deadline(limit));
        self.timers.set(Timer::Request, deadline);
        let registration = self.registrar().and_then(|registrar| registrar.next_timeout());
        earliest(&[self.timers.next(), registration])
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Now) {
        if let Some(registrar) = self.registrar() {
            registrar.handle_timeout(now);
        }
        while let Some(timer) = self.timers.take_expired(now.monotonic) {
            match timer {
                Timer::Connect => self.connect_timed_out(now),
                Timer::Close => self.close_timed_out(now),
                Timer::Retry => self.retry(now),
                Timer::KeepAlive => self.check_keep_alive(now),
                Timer::Request => self.expire_requests(now),
                Timer::Renewal => self.renewal_timer_fired(now),
                Timer::Repeat => self.repeat(),
            }
        }
    }

    /// Something has happened outside.
    pub fn handle_input(&mut self, now: Now, input: Input<'_>) {
        // The socket was given up before it could be dropped: its events no longer matter.
        if matches!(input, Input::SocketClosed { .. }) && self.io.take_back_abort() {
            return;
        }
        // A registrar ignores the inputs that do not concern it.
        if let Some(registrar) = self.registrar() {
            registrar.handle_input(now, input.clone());
        }
        match input {
            Input::SocketOpened => self.socket_opened(now),
            Input::Received(bytes) => self.received(now, bytes),
            // MQTT 3.1.1, section 6: only binary frames, or the connection is closed.
            Input::ReceivedText => {
                self.violated(now, failures::protocol_violation("the hub sent a text frame"));
            }
            Input::SocketClosed { detail } => self.socket_closed(now, detail),
            Input::Online => self.online(now),
            Input::Offline => self.offline(now),
            Input::Replaced => self.replaced(now),
        }
    }

    /// Sets how many bytes of publishes may be encoded from now on, approximately. While the
    /// transport is slow, call this before [`Client::poll_output`]; an acknowledgement is a good
    /// time to check again.
    pub fn set_room(&mut self, bytes: usize) {
        self.io.session.set_room(bytes);
    }

    /// How long a call waits for its response.
    pub fn operation_timeout(&self) -> Option<Duration> {
        self.config.operation_timeout
    }

    /// How many bytes the waiting calls may hold: the caller counts them before calling the core.
    pub fn max_pending_bytes(&self) -> u32 {
        self.config.max_pending_bytes
    }

    /// The state of the connection. Renewing the token does not change it.
    pub fn connection_state(&self) -> ConnectionState {
        self.link.state()
    }

    /// What the connection is doing, if its state does not say so.
    pub fn activity(&self) -> Option<Activity> {
        match self.link {
            Link::Waiting(_) => {
                self.timers.at(Timer::Retry).map(|until| Activity::Waiting { until })
            }
            Link::Registering(_) => Some(Activity::Registering),
            Link::AwaitingToken(_) => Some(Activity::AwaitingToken),
            Link::Draining { .. }
            | Link::Closing(AfterClose::Dial(Attempt::Renewal))
            | Link::Opening(Attempt::Renewal)
            | Link::Handshaking(Attempt::Renewal) => Some(Activity::Renewing),
            Link::Down
            | Link::Up { .. }
            | Link::Opening(_)
            | Link::Handshaking(_)
            | Link::Closing(_) => None,
        }
    }

    /// Whether the client is connected, connecting or retrying.
    pub fn is_active(&self) -> bool {
        self.link != Link::Down && !self.only_registers()
    }

    /// Names the identity: `{host}/devices/{device}[/modules/{module}]`.
    pub fn resource(&self) -> String {
        self.config.identity.resource().into()
    }
}
