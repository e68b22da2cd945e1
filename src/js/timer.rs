//! The one timer of a client.

use gloo_timers::callback::Timeout;

use crate::protocol::Instant;

/// `setTimeout` counts in 32 bits with a sign and fires at once beyond them.
pub const LONGEST_MS: u32 = i32::MAX as u32;

/// A timeout that is armed for a moment, or not.
#[derive(Debug, Default)]
pub struct Timer(Option<(Instant, Timeout)>);

impl Timer {
    /// Fires at `at`, or earlier: whoever is called looks at the time and arms again. A timeout
    /// that would fire before `at` anyway is left alone, which spares one per packet.
    pub fn arm(&mut self, now: Instant, at: Option<Instant>, fire: impl FnOnce() + 'static) {
        let Some(at) = at else {
            self.0 = None;
            return;
        };
        if self.0.as_ref().is_some_and(|(armed, _)| now < *armed && *armed <= at) {
            return;
        }
        let millis = now.millis_until(at).min(LONGEST_MS.into());
        let timeout = Timeout::new(u32::try_from(millis).unwrap_or(u32::MAX), fire);
        let armed = now + std::time::Duration::from_millis(millis);
        self.0 = Some((armed, timeout));
    }

    /// The timeout has fired.
    pub fn fired(&mut self) {
        self.0 = None;
    }
}
