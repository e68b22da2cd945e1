//! The hub of a client that gets it from the provisioning service: when to register, and when to
//! register again.
//!
//! Source: [How to send provisioning requests, and when](https://learn.microsoft.com/azure/iot/concepts-manage-device-reconnections#hub-failover).

use std::time::Duration;

use super::config;
use super::failures;
use super::link::{Attempt, Link};
use super::machine::Client;
use crate::protocol::backoff::Backoff;
use crate::protocol::error::{Error, ErrorKind};
use crate::protocol::exchange::{Event, OperationId, Output, Reply};
use crate::protocol::hub::Identity;
use crate::protocol::provisioning::{Assignment, Registrar};
use crate::protocol::time::{Instant, Now};
use crate::protocol::tokens::Tokens;

/// How long a registration may take by default.
const REGISTRATION_TIMEOUT: Duration = Duration::from_secs(120);

/// How long a hub may refuse the login of a device that was just assigned to it, because it does
/// not know it yet.
const SETTLING: Duration = Duration::from_secs(60);

/// How long to wait after a refused login: at first, and at most.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_REFUSED_PAUSE: Duration = Duration::from_secs(300);

/// After this many attempts in a row that reach a server but get no connection, the device may
/// belong to another hub.
const MANY_FAILURES: u32 = 10;

/// Registrations cost money: the shortest and longest wait between those that lead to no
/// connection, or time out.
const SPACING: Duration = Duration::from_secs(120);
const LONGEST_SPACING: Duration = Duration::from_secs(3600);

/// What follows when an attempt to connect has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextStep {
    /// Give up: only the user can help.
    GiveUp,
    /// Retry after the usual interval.
    Retry,
    /// Register immediately.
    Register,
    /// Retry the login after growing pauses: the hub does not know the device yet.
    Settle,
    /// The same, because it is too early to register again.
    Wait,
    /// Register again, but not soon: the service accepted the last registration, and may charge for
    /// it.
    Postpone,
}

/// What the client knows about its hub.
#[derive(Debug)]
pub(super) struct Provisioning {
    registrar: Registrar,
    /// What is sent with each registration: JSON text.
    payload: Option<String>,
    assigned_at: Option<Instant>,
    /// Whether the device probably has another hub by now.
    is_outdated: bool,
    /// Attempts in a row that reached a server but got no connection.
    failures: u32,
    /// Logins that were refused in a row.
    refusals: Backoff,
    /// Registrations since the last connection.
    registrations: Backoff,
    /// When the next registration may begin.
    not_before: Instant,
    /// Registrations in a row that timed out.
    unfinished: Backoff,
    /// The call that only registers, and needs no connection.
    call: Option<OperationId>,
}

impl Provisioning {
    pub fn new(config: config::Provisioning, seed: u64) -> Self {
        Self {
            registrar: Registrar::new(config.config, seed),
            payload: config.payload,
            assigned_at: None,
            is_outdated: false,
            failures: 0,
            refusals: Backoff::new(seed),
            registrations: Backoff::new(seed),
            not_before: Instant::default(),
            unfinished: Backoff::new(seed),
            call: None,
        }
    }

    /// A hub has accepted the connection.
    pub fn connected(&mut self) {
        self.is_outdated = false;
        self.failures = 0;
        self.refusals.reset();
        self.registrations.reset();
        self.not_before = Instant::default();
    }

    fn assigned(&mut self, now: Now) {
        self.assigned_at = Some(now.monotonic);
        self.is_outdated = false;
        self.failures = 0;
        self.refusals.reset();
        self.unfinished.reset();
        self.registrations.failed();
        self.not_before = now.monotonic + self.registrations.wait(SPACING, LONGEST_SPACING);
    }

    fn is_needed(&self, now: Now) -> bool {
        self.assigned_at.is_none() || (self.is_outdated && now.monotonic >= self.not_before)
    }

    /// An attempt to connect to the hub has failed; `reached` says whether it reached a server.
    fn next_step(&mut self, now: Now, reached: bool, error: &Error) -> NextStep {
        let is_refused = error.kind() == ErrorKind::Credential;
        if is_refused {
            self.refusals.failed();
            let is_new = |at| now.monotonic - at < SETTLING;
            if self.assigned_at.is_some_and(is_new) {
                return NextStep::Settle;
            }
        } else if reached {
            self.failures += 1;
        }
        self.is_outdated |= is_refused || self.failures >= MANY_FAILURES;
        if self.is_needed(now) {
            NextStep::Register
        } else if is_refused {
            NextStep::Wait
        } else {
            NextStep::Retry
        }
    }
}

impl Client {
    /// Only registers the device: for a client that makes no other call. Settles with
    /// [`Reply::Registration`].
    ///
    /// # Errors Another registration is running, or the client was not created for this.
    pub fn register(
        &mut self,
        now: Now,
        payload: Option<&str>,
        timeout: Option<Duration>,
    ) -> Result<OperationId, Error> {
        let timeout = timeout.unwrap_or(REGISTRATION_TIMEOUT);
        let operation = self.io.begin();
        let Some(provisioning) = &mut self.provisioning else {
            return Err(failures::no_connection());
        };
        provisioning.registrar.register(now, payload, Some(timeout))?;
        provisioning.call = Some(operation);
        self.link = Link::Registering(Attempt::First);
        Ok(operation)
    }

    /// Whether a call that only registers is waiting.
    pub(super) fn only_registers(&self) -> bool {
        self.provisioning.as_ref().is_some_and(|provisioning| provisioning.call.is_some())
    }

    /// Withdraws such a call. Returns whether it is one.
    pub(super) fn withdraw_registration(&mut self, now: Now, operation: OperationId) -> bool {
        let call = self.provisioning.as_ref().and_then(|provisioning| provisioning.call);
        if call != Some(operation) {
            return false;
        }
        if let Some(registrar) = self.registrar() {
            registrar.withdraw();
        }
        self.drive_registrar(now);
        true
    }

    /// The running registration.
    pub(super) fn registrar(&mut self) -> Option<&mut Registrar> {
        let Link::Registering(_) = self.link else { return None };
        self.provisioning.as_mut().map(|provisioning| &mut provisioning.registrar)
    }

    /// Registers before connecting, if necessary. Returns whether it is.
    pub(super) fn register_if_needed(&mut self, now: Now, attempt: Attempt) -> bool {
        let Some(provisioning) = &mut self.provisioning else { return false };
        if !provisioning.is_needed(now) {
            return false;
        }
        let payload = provisioning.payload.as_deref();
        // A withdrawn call has ended.
        let _ = provisioning.registrar.register(now, payload, Some(REGISTRATION_TIMEOUT));
        self.link = Link::Registering(attempt);
        true
    }

    /// Passes on the outputs of the registration.
    pub(super) fn drive_registrar(&mut self, now: Now) {
        let Some(provisioning) = &mut self.provisioning else { return };
        while let Some(output) = provisioning.registrar.poll_output(now) {
            match output {
                Output::Event(Event::Settled { result, .. }) => {
                    return self.registered(now, result);
                }
                output => self.io.ask(output),
            }
        }
    }

    /// Nobody waits for the registration any more.
    pub(super) fn stop_registering(&mut self, now: Now) {
        self.link = Link::Down;
        let known = self.provisioning.as_mut().and_then(|it| it.registrar.withdraw());
        if let Some(result) = known {
            // Otherwise, the next connection would register, and pay, again. It reports what is
            // wrong with the result.
            let _ = self.take_assignment(now, result);
        }
        self.drive_registrar(now);
    }

    /// Returns what follows a failed attempt.
    pub(super) fn next_step(&mut self, now: Now, error: &Error) -> NextStep {
        let reached = matches!(self.link, Link::Handshaking(_));
        match (&mut self.provisioning, self.link) {
            (Some(provisioning), Link::Registering(_)) => match error.kind() {
                ErrorKind::ConnectionFailed | ErrorKind::ConnectionDropped | ErrorKind::NoToken => {
                    NextStep::Retry
                }
                ErrorKind::OperationTimeout => {
                    provisioning.unfinished.failed();
                    NextStep::Postpone
                }
                _ => NextStep::GiveUp,
            },
            (Some(provisioning), _) => provisioning.next_step(now, reached, error),
            (None, _) if error.kind() == ErrorKind::Credential => NextStep::GiveUp,
            (None, _) => NextStep::Retry,
        }
    }

    /// Performs the next step of a client that gets its hub from the service. Returns false for
    /// [`NextStep::Retry`], which is the same for all clients.
    pub(super) fn goes_on(&mut self, now: Now, attempt: Attempt, next_step: NextStep) -> bool {
        match (&mut self.provisioning, next_step) {
            (_, NextStep::Register) => self.dial(now, attempt),
            (Some(provisioning), NextStep::Settle | NextStep::Wait) => {
                let pause = provisioning.refusals.wait(REFUSED_PAUSE, LONGEST_REFUSED_PAUSE);
                self.wait(now, attempt, pause);
            }
            (Some(provisioning), NextStep::Postpone) => {
                let pause = provisioning.unfinished.wait(SPACING, LONGEST_SPACING);
                self.wait(now, attempt, pause);
            }
            _ => return false,
        }
        true
    }

    /// Passes the registration the token that it waits for. Returns false for any other token.
    pub(super) fn gives_token_to_registrar(&mut self, now: Now, text: &str) -> bool {
        let registrar = self.provisioning.as_mut().map(|provisioning| &mut provisioning.registrar);
        registrar.is_some_and(|registrar| registrar.provide_token(now, text).is_ok())
    }

    /// The certificate that was issued has expired. If the hub does not accept it, the device
    /// registers again.
    pub fn certificate_expired(&mut self) {
        if let Some(provisioning) = &mut self.provisioning {
            provisioning.is_outdated = true;
        }
    }

    /// The resource that the requested token must be valid for.
    pub fn token_resource(&mut self) -> String {
        let resource = self.registrar().map(|registrar| registrar.resource());
        resource.unwrap_or_else(|| self.resource())
    }

    /// Whether the hub is known.
    pub(super) fn check_has_hub(&self) -> Result<(), Error> {
        if self.provisioning.as_ref().is_some_and(|it| it.assigned_at.is_none()) {
            return Err(Error::client("the device is not registered yet; call connect() first"));
        }
        Ok(())
    }

    fn registered(&mut self, now: Now, result: Result<Reply, Error>) {
        let Link::Registering(attempt) = self.link else { return };
        if let Some(call) = self.provisioning.as_mut().and_then(|it| it.call.take()) {
            self.link = Link::Down;
            return self.io.settle(call, result);
        }
        let assigned = result.and_then(|reply| match reply {
            Reply::Registration(result) => self.take_assignment(now, result),
            _ => Ok(()),
        });
        match assigned {
            Ok(()) => self.dial(now, attempt),
            Err(error) => self.attempt_failed(now, attempt, error),
        }
    }

    fn take_assignment(&mut self, now: Now, result: String) -> Result<(), Error> {
        let Assignment { identity, has_certificate } = Assignment::of(&result)?;
        self.assign(now, identity);
        if has_certificate {
            self.io.emit(Event::CertificateIssued(result));
        }
        Ok(())
    }

    fn assign(&mut self, now: Now, identity: Identity) {
        if let Some(provisioning) = &mut self.provisioning {
            provisioning.assigned(now);
        }
        if identity == self.config.identity {
            return;
        }
        let before = self.config.identity.topic_base().to_owned();
        self.config.identity = identity;
        self.io.session.rename(&before, self.config.identity.topic_base());
        // They are from the previous hub, and count its versions.
        self.tokens = Tokens::new(&self.config.credentials);
        self.twin.desired.forget_delivered();
    }
}
