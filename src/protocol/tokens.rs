//! SAS tokens: created or requested, and stored. `client/renewal.rs` decides when those of a client
//! are replaced.

use std::time::Duration;

use super::error::Error;
use super::exchange::Event;
use super::failures;
use super::hub::credentials::Credentials;
use super::hub::sas_token::{SasToken, SharedAccessKey};
use super::io::Io;
use super::time::{Instant, Now};

/// How long before its expiry a token is replaced, in milliseconds.
const MARGIN_MILLIS: u64 = 120_000;

/// How long CONNECT may take to the hub, in milliseconds.
const CONNECT_MILLIS: u64 = 10_000;

/// Where the tokens of an identity come from.
#[derive(Clone, Copy)]
pub(super) struct TokenSource<'a> {
    pub credentials: &'a Credentials,
    /// The resource that they are valid for.
    pub resource: &'a str,
    /// The lifetime of those that are created here, in seconds.
    pub ttl: u64,
    /// How long to wait before calling a handler again that has provided none.
    pub retry_interval: Duration,
}

/// The token in use, and whether the next one has been requested.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    current: Option<Held>,
    /// The function was called, and has not returned a token yet.
    asked: bool,
    /// Whether there is a handler or function to ask.
    pub can_ask: bool,
    /// Whether it is a function, whose failures are visible. A handler's are not, so it is called
    /// again until a token arrives.
    asks_function: bool,
    /// The earliest time to request one again.
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
            // The age of the user's token is unknown: treat it as old.
            Credentials::SasToken(token) => {
                Some(Held { token: token.clone(), obtained_unix_millis: 0 })
            }
            _ => None,
        };
        let asks_function = matches!(credentials, Credentials::TokenFunction);
        Self { current, can_ask: asks_function, asks_function, ..Self::default() }
    }

    /// Requests a token from the user, unless that was done already or there is no handler.
    pub fn ask(&mut self, io: &mut Io, source: TokenSource<'_>, now: Now) {
        if self.asked || !self.can_ask {
            return;
        }
        if self.asks_function {
            self.asked = true;
        } else if now.monotonic < self.not_before {
            return;
        } else {
            self.not_before = now.monotonic + source.retry_interval;
        }
        io.emit(Event::SasTokenRequired);
    }

    /// When to call a handler again that has not provided a token.
    pub fn asks_again(&self) -> Option<Instant> {
        (self.can_ask && !self.asks_function).then_some(self.not_before)
    }

    /// Allows another request to the user.
    pub fn ask_anew(&mut self) {
        self.asked = false;
        self.not_before = Instant::default();
    }

    /// The user has provided no token; do not request one again before `not_before`.
    pub fn not_given(&mut self, not_before: Instant) {
        self.asked = false;
        self.not_before = not_before;
    }

    /// Provides a token for the next CONNECT. Returns false if one must be waited for.
    ///
    /// # Errors
    ///
    /// There is no handler or function to provide one.
    pub fn prepare(
        &mut self,
        io: &mut Io,
        source: TokenSource<'_>,
        now: Now,
    ) -> Result<bool, Error> {
        match source.credentials {
            Credentials::X509 => Ok(true),
            Credentials::SharedAccessKey { key, policy } => {
                self.hold(now, source.make(now, key, policy.as_deref()));
                Ok(true)
            }
            Credentials::SasToken(_) | Credentials::TokenFunction => {
                if self.is_valid(now) && !(self.can_ask && self.expires_on_the_way(now)) {
                    return Ok(true);
                }
                if !self.can_ask {
                    return Err(self.expired(now));
                }
                self.ask(io, source, now);
                Ok(false)
            }
        }
    }

    /// The `Authorization` header of an HTTP call; `None` if the client authenticates with a
    /// certificate.
    ///
    /// # Errors
    ///
    /// There is no valid token.
    pub fn authorization(
        &mut self,
        io: &mut Io,
        source: TokenSource<'_>,
        now: Now,
    ) -> Result<Option<String>, Error> {
        match source.credentials {
            Credentials::X509 => return Ok(None),
            Credentials::SharedAccessKey { key, policy } => {
                let token = source.make(now, key, policy.as_deref());
                return Ok(Some(token.expose().into()));
            }
            Credentials::SasToken(_) | Credentials::TokenFunction if self.is_valid(now) => {
                return Ok(self.password());
            }
            Credentials::SasToken(_) => self.ask(io, source, now),
            Credentials::TokenFunction => {}
        }
        Err(self.expired(now))
    }

    /// Why the current token cannot be used.
    pub fn expired(&self, now: Now) -> Error {
        self.current.as_ref().map_or_else(failures::no_token_yet, |held| {
            let expiry = held.token.expiry_unix_secs();
            failures::token_expired(now.unix_secs().saturating_sub(expiry))
        })
    }

    pub fn password(&self) -> Option<String> {
        self.current.as_ref().map(|held| held.token.expose().to_owned())
    }

    /// Replaces the token in use. Returns whether the new one differs.
    pub fn hold(&mut self, now: Now, token: SasToken) -> bool {
        let is_other = self.current.as_ref().is_none_or(|held| held.token != token);
        self.current = Some(Held { token, obtained_unix_millis: now.unix_millis });
        self.ask_anew();
        is_other
    }

    /// How long the token in use is still valid.
    pub fn remaining(&self, now: Now) -> Duration {
        let expiry = self.current.as_ref().map_or(0, Held::expiry_unix_millis);
        Duration::from_millis(expiry.saturating_sub(now.unix_millis))
    }

    /// When to replace the current token, provided that the wall clock is not set. `None` if the
    /// next one has been requested.
    pub fn renewal_due(&self, now: Now) -> Option<Instant> {
        let held = self.current.as_ref().filter(|_| !self.asked)?;
        let margin = held.expiry_unix_millis().saturating_sub(MARGIN_MILLIS);
        // Do not replace a token in a loop if its lifetime is shorter than the margin.
        let due = margin.max(held.obtained_unix_millis + held.lifetime_millis() / 5 * 4);
        let due = now.monotonic + Duration::from_millis(due.saturating_sub(now.unix_millis));
        Some(due.max(self.not_before))
    }

    fn is_valid(&self, now: Now) -> bool {
        let current = self.current.as_ref();
        current.is_some_and(|held| held.token.expiry_unix_secs() > now.unix_secs())
    }

    /// Whether the hub might refuse the token by the time it arrives, which would end all retries.
    fn expires_on_the_way(&self, now: Now) -> bool {
        self.current.as_ref().is_some_and(|held| {
            let remaining = held.expiry_unix_millis().saturating_sub(now.unix_millis);
            // Do not request tokens in a loop if their lifetime is shorter.
            remaining < CONNECT_MILLIS.min(held.lifetime_millis() / 5)
        })
    }
}

impl Held {
    fn expiry_unix_millis(&self) -> u64 {
        self.token.expiry_unix_secs().saturating_mul(1000)
    }

    fn lifetime_millis(&self) -> u64 {
        self.expiry_unix_millis().saturating_sub(self.obtained_unix_millis)
    }
}

impl TokenSource<'_> {
    fn make(self, now: Now, key: &SharedAccessKey, policy: Option<&str>) -> SasToken {
        // Rounded up, so that a short lifetime does not become zero.
        let expiry = now.unix_millis.div_ceil(1000).saturating_add(self.ttl);
        key.sign(self.resource, expiry, policy)
    }
}
