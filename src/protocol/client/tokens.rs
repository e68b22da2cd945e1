//! SAS tokens: made, asked for, replaced before they expire.

use std::time::Duration;

use super::link::{AfterClose, Attempt, Link};
use super::timers::Timer;
use super::{Client, ConnectionState, Event, OperationId, failures};
use crate::protocol::hub::credentials::Credentials;
use crate::protocol::hub::sas_token::{SasToken, SharedAccessKey};
use crate::protocol::{Error, ErrorKind, Instant, Now};

/// How long before its expiry a token is replaced, in milliseconds.
const MARGIN_MILLIS: u64 = 120_000;
/// How long a renewal waits for acknowledgements, and for the answers to methods.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// How long CONNECT may take to the hub, in milliseconds.
const CONNECT_MILLIS: u64 = 10_000;

/// The token in use, and whether the next has been asked for.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    current: Option<Held>,
    /// Whoever gives tokens has been told that a new one is needed, and has not answered.
    asked: bool,
    /// Whether anybody can be told.
    can_ask: bool,
    /// Not to be asked again before.
    not_before: Instant,
}

#[derive(Debug)]
struct Held {
    token: SasToken,
    obtained_unix_millis: u64,
}

impl Tokens {
    pub fn new(credentials: &Credentials) -> Self {
        let current = match credentials {
            Credentials::SasToken(token) => {
                Some(Held { token: token.clone(), obtained_unix_millis: 0 })
            }
            _ => None,
        };
        let can_ask = matches!(credentials, Credentials::TokenFunction);
        Self { current, can_ask, ..Self::default() }
    }

    /// Whoever gives tokens may be told once more.
    pub fn ask_anew(&mut self) {
        self.asked = false;
    }
}

impl Client {
    /// Replaces the token that the client was made with. Settles when the connection stands again
    /// under it, if it stood before.
    ///
    /// # Errors
    ///
    /// A token that is malformed, expired or for somebody else (the old one is kept); a client
    /// that was not made with a token, or after [`Client::shutdown`].
    pub fn update_sas_token(&mut self, now: Now, text: &str) -> Result<OperationId, Error> {
        self.check_open()?;
        let Credentials::SasToken(_) = self.config.credentials else {
            return Err(Error::client(
                "updateSasToken is for clients that were made with a SAS token; this one makes or asks for its tokens itself",
            ));
        };
        let token = self.check_token(now, text)?;
        let operation = self.io.begin();
        let settles_at_once = self.connection_state() == ConnectionState::Disconnected;
        self.use_token(now, token);
        if settles_at_once {
            self.io.settle(operation, Ok(super::Reply::Done));
        } else {
            self.wait_for_connection(operation);
            self.settle_connects_if_ready();
        }
        Ok(operation)
    }

    /// Answers [`Event::SasTokenRequired`] for a client that was made with a function.
    ///
    /// # Errors
    ///
    /// A token that is malformed, expired or for somebody else; it counts as
    /// [`Client::token_unavailable`].
    pub fn provide_token(&mut self, now: Now, text: &str) -> Result<(), Error> {
        match self.check_token(now, text) {
            Ok(token) => {
                self.use_token(now, token);
                Ok(())
            }
            Err(error) => {
                self.token_unavailable(now);
                Err(error)
            }
        }
    }

    /// [`Event::SasTokenRequired`] could not be answered; it comes again later.
    pub fn token_unavailable(&mut self, now: Now) {
        self.give_up_token(now, failures::no_token());
    }

    pub(super) fn give_up_token(&mut self, now: Now, error: Error) {
        self.tokens.asked = false;
        self.tokens.not_before = now.monotonic + self.config.retry_interval;
        if let Link::AwaitingToken(attempt) = self.link {
            self.attempt_failed(now, attempt, error);
        }
    }

    /// Says whether [`Event::SasTokenRequired`] reaches anybody. For a client that was made with
    /// a function it always does.
    pub fn can_ask_for_token(&mut self, now: Now, can_ask: bool) {
        let Credentials::SasToken(_) = self.config.credentials else { return };
        self.tokens.can_ask = can_ask;
        if let (false, Link::AwaitingToken(attempt)) = (can_ask, self.link) {
            self.tokens.asked = false;
            self.attempt_failed(now, attempt, failures::token_expired());
        }
    }

    /// The `Authorization` header of an HTTP call; `None` where a certificate does that work.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Credential`] while there is no token that has not expired. A client that was
    /// made with a function has to be given one by [`Client::provide_token`] first.
    pub fn authorization(&mut self, now: Now) -> Result<Option<String>, Error> {
        self.check_open()?;
        match &self.config.credentials {
            Credentials::X509 => Ok(None),
            Credentials::SharedAccessKey { key, policy } => {
                Ok(Some(self.make_token(now, key, policy.as_deref()).expose().into()))
            }
            Credentials::SasToken(_) | Credentials::TokenFunction => {
                if self.has_valid_token(now) {
                    return Ok(self.password());
                }
                if !self.asks_a_function() {
                    self.ask_for_token();
                }
                Err(failures::token_expired())
            }
        }
    }

    /// Makes sure of a token for the next CONNECT. Gives false if one must be waited for.
    ///
    /// # Errors
    ///
    /// Nobody is there to give one.
    pub(super) fn prepare_token(&mut self, now: Now) -> Result<bool, Error> {
        match &self.config.credentials {
            Credentials::X509 => Ok(true),
            Credentials::SharedAccessKey { key, policy } => {
                let token = self.make_token(now, key, policy.as_deref());
                self.hold(now, token);
                Ok(true)
            }
            Credentials::SasToken(_) | Credentials::TokenFunction => {
                let is_valid = self.has_valid_token(now);
                if is_valid && !(self.tokens.can_ask && self.token_expires_on_the_way(now)) {
                    return Ok(true);
                }
                if !self.tokens.can_ask {
                    return Err(failures::token_expired());
                }
                self.ask_for_token();
                Ok(false)
            }
        }
    }

    pub(super) fn asks_a_function(&self) -> bool {
        matches!(self.config.credentials, Credentials::TokenFunction)
    }

    pub(super) fn password(&self) -> Option<String> {
        self.tokens.current.as_ref().map(|held| held.token.expose().to_owned())
    }

    /// Replaces the token when its time has come, or sees to it that this is looked at again.
    pub(super) fn watch_token(&mut self, now: Now) {
        let Link::Up { .. } = self.link else { return };
        let Some(due) = self.renewal_due(now) else { return };
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
            Credentials::SasToken(_) | Credentials::TokenFunction => self.ask_for_token(),
            Credentials::X509 => {}
        }
    }

    /// Stops sending, so that what was sent can be acknowledged before the connection is changed.
    fn drain(&mut self, now: Now) {
        if let Link::Up { since } = self.link {
            self.link = Link::Draining { since };
            let expiry =
                self.tokens.current.as_ref().map_or(0, |held| held.token.expiry_unix_secs());
            let left = expiry.saturating_mul(1000).saturating_sub(now.unix_millis);
            let patience = DRAIN_TIMEOUT.min(Duration::from_millis(left));
            self.timers.set(Timer::Renewal, Some(now.monotonic + patience));
        }
    }

    /// When the token in use is to be replaced, as long as nobody sets the wall clock.
    fn renewal_due(&self, now: Now) -> Option<Instant> {
        let Tokens { current, asked, not_before, .. } = &self.tokens;
        let held = current.as_ref().filter(|_| !asked)?;
        let expiry = held.token.expiry_unix_secs().saturating_mul(1000);
        let margin = expiry.saturating_sub(MARGIN_MILLIS);
        // A token that lives for less than the margin is not replaced in a loop. How long the one
        // lived before that the client was made with is not known: it counts as old.
        let lifetime = expiry.saturating_sub(held.obtained_unix_millis);
        let due = margin.max(held.obtained_unix_millis + lifetime / 5 * 4);
        let due = now.monotonic + Duration::from_millis(due.saturating_sub(now.unix_millis));
        Some(due.max(*not_before))
    }

    fn ask_for_token(&mut self) {
        if !self.tokens.asked && self.tokens.can_ask {
            self.tokens.asked = true;
            self.io.emit(Event::SasTokenRequired);
        }
    }

    fn has_valid_token(&self, now: Now) -> bool {
        let current = self.tokens.current.as_ref();
        current.is_some_and(|held| held.token.expiry_unix_secs() > now.unix_secs())
    }

    /// Whether the hub might refuse the token by the time it arrives, which would end all retries.
    fn token_expires_on_the_way(&self, now: Now) -> bool {
        self.tokens.current.as_ref().is_some_and(|held| {
            let expiry = held.token.expiry_unix_secs().saturating_mul(1000);
            let lifetime = expiry.saturating_sub(held.obtained_unix_millis);
            // A token that lives for less is not asked for in a loop.
            expiry.saturating_sub(now.unix_millis) < CONNECT_MILLIS.min(lifetime / 5)
        })
    }

    fn make_token(&self, now: Now, key: &SharedAccessKey, policy: Option<&str>) -> SasToken {
        // Rounded up, so that a short life is not cut to nothing.
        let expiry = now.unix_millis.div_ceil(1000).saturating_add(self.config.sas_token_ttl);
        key.sign(self.config.identity.resource(), expiry, policy)
    }

    fn check_token(&self, now: Now, text: &str) -> Result<SasToken, Error> {
        let (token, resource) = SasToken::parse(text)?;
        if !self.config.identity.is_covered_by(&resource) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "the SAS token is for another host, device or module (sr)",
            ));
        }
        token.check_expiry(now)?;
        Ok(token)
    }

    fn hold(&mut self, now: Now, token: SasToken) {
        let obtained_unix_millis = now.unix_millis;
        self.tokens.current = Some(Held { token, obtained_unix_millis });
        self.tokens.asked = false;
        self.tokens.not_before = Instant::default();
    }

    /// Takes a new token into use, by a new connection if there is one.
    fn use_token(&mut self, now: Now, token: SasToken) {
        let is_in_use = self.tokens.current.as_ref().is_some_and(|held| held.token == token);
        self.hold(now, token);
        if is_in_use && self.link.is_up() {
            return;
        }
        match self.link {
            Link::Up { .. } => self.drain(now),
            Link::AwaitingToken(attempt) => self.dial(now, attempt),
            Link::Opening(attempt) | Link::Handshaking(attempt) => self.redial(now, attempt),
            Link::Waiting => self.retry(now),
            Link::Down | Link::Draining { .. } | Link::Closing(_) => {}
        }
    }
}
