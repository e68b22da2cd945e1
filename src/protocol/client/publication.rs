//! The names of requests that wait for the hub's response.

/// Names a call until it settles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(u32);

impl From<OperationId> for u32 {
    fn from(id: OperationId) -> Self {
        id.0
    }
}

impl From<u32> for OperationId {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

/// Counts the twin requests of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TwinRequestId(pub u64);

/// What a publish belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Publication {
    Telemetry(OperationId),
    /// `None` for a response that the client sent by itself.
    MethodResponse(Option<OperationId>),
    Twin(TwinRequestId),
}
