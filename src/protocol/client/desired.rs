//! Tracks which desired properties were delivered, so that none is missed or repeated.

use crate::protocol::error::Error;
use crate::protocol::exchange::Event;
use crate::protocol::hub::twin;
use crate::protocol::io::Io;

/// How many patches may wait for the twin.
const MAX_WAITING: usize = 1024;

/// The desired properties that were delivered.
#[derive(Debug)]
pub(super) struct DesiredProperties {
    /// Whether to fetch the twin when patches were missed.
    ensure: bool,
    delivered: Option<u64>,
    /// Whether a patch was delivered although earlier ones were missed, because the twin could not
    /// be fetched.
    has_gap: bool,
    /// Whether the last fetch has failed, and the user was notified.
    has_failed: bool,
    /// Patches that wait for the twin, while it is being fetched.
    waiting: Option<Vec<(String, Option<u64>)>>,
}

impl DesiredProperties {
    pub fn new(ensure: bool) -> Self {
        Self { ensure, delivered: None, has_gap: false, has_failed: false, waiting: None }
    }

    /// Makes patches wait for the twin. Returns whether to fetch it.
    pub fn await_twin(&mut self) -> bool {
        let begins = self.ensure && self.waiting.is_none();
        if begins {
            self.waiting = Some(Vec::new());
        }
        begins
    }

    /// The twin will not arrive: the next connection fetches it again, including all that waited.
    pub fn stop_waiting(&mut self) {
        self.waiting = None;
        self.has_failed = false;
    }

    /// Whether the twin could not be fetched, and is not being fetched again.
    pub fn needs_twin(&self) -> bool {
        self.has_failed && self.waiting.is_none()
    }

    /// Whether the twin is being fetched.
    pub fn awaits_twin(&self) -> bool {
        self.waiting.is_some()
    }

    /// The user must be notified of the next failure.
    pub fn forget_failure(&mut self) {
        self.has_failed = false;
    }

    /// The last delivery reached no handler: the next connection fetches it again.
    pub fn forget_delivered(&mut self) {
        self.delivered = None;
    }

    /// Whether anything is missing between the last delivery and a patch: versions increase by one.
    pub fn leaves_gap(&self, version: Option<u64>) -> bool {
        let next = self.delivered.map(|delivered| delivered.saturating_add(1));
        self.ensure && version.is_some() && version > next
    }

    /// A patch arrived. Returns whether too many are now waiting for the twin.
    pub fn patched(&mut self, io: &mut Io, patch: String, version: Option<u64>) -> bool {
        let Some(waiting) = &mut self.waiting else {
            self.deliver(io, patch, version);
            return false;
        };
        waiting.push((patch, version));
        waiting.len() > MAX_WAITING
    }

    /// The twin was fetched, or could not be.
    pub fn fetched(&mut self, io: &mut Io, twin: Result<String, Error>) {
        let waiting = self.waiting.take().unwrap_or_default();
        let desired = twin.as_deref().map_err(Error::clone).and_then(|twin| {
            let nothing = || Error::client("the hub sent a twin without desired properties");
            twin::desired(twin).ok_or_else(nothing)
        });
        let was_told = std::mem::replace(&mut self.has_failed, desired.is_err());
        match desired {
            Ok((desired, version)) => {
                // After a gap, the version was delivered, but not everything in it.
                if self.delivered != Some(version) || self.has_gap {
                    self.has_gap = false;
                    self.delivered = Some(version);
                    io.emit(Event::DesiredPropertiesReceived(desired.into()));
                }
            }
            Err(_) if was_told => {}
            Err(error) => io.background(
                Error::client("the desired properties could not be fetched").caused_by(error),
            ),
        }
        for (patch, version) in waiting {
            self.has_gap |= self.leaves_gap(version);
            self.deliver(io, patch, version);
        }
    }

    /// Delivers a patch, if it is new.
    fn deliver(&mut self, io: &mut Io, patch: String, version: Option<u64>) {
        if let (Some(version), Some(delivered)) = (version, self.delivered) {
            // Without the fetch after each connection a lower version can only mean a new twin.
            if version == delivered || (self.ensure && version < delivered) {
                return;
            }
        }
        self.delivered = version.or(self.delivered);
        io.emit(Event::DesiredPropertiesReceived(patch));
    }
}
