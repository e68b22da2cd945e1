//! The names of requests that wait for a response.

use super::exchange::OperationId;

/// Counts the twin requests of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TwinRequestId(pub u64);

/// What a publish belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Publication {
    Telemetry(OperationId),
    /// `None` for a response that the client itself sent, without a call.
    MethodResponse(Option<OperationId>),
    Twin(TwinRequestId),
    /// A request to the provisioning service; one at a time.
    Registration,
}
