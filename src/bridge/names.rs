//! The words by which the two halves of the package know what they talk about.

use wasm_bindgen::prelude::*;

use crate::protocol::client::Feature as CoreFeature;
use crate::protocol::{ConnectionState as CoreState, ErrorKind};

/// What may be received by a handler, a loop or a receive call.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug)]
pub enum Feature {
    /// See [`CoreFeature::Messages`].
    Messages = "messages",
    /// See [`CoreFeature::Methods`].
    Methods = "methods",
    /// See [`CoreFeature::DesiredProperties`].
    DesiredProperties = "desiredProperties",
}

impl From<Feature> for CoreFeature {
    fn from(feature: Feature) -> Self {
        match feature {
            Feature::Messages => Self::Messages,
            Feature::Methods => Self::Methods,
            Feature::DesiredProperties => Self::DesiredProperties,
            _ => wasm_bindgen::throw_str("not the name of a feature"),
        }
    }
}

/// The state of the connection, as the user sees it: see
/// [`CoreState`].
#[wasm_bindgen]
#[derive(Clone, Copy, Debug)]
pub enum ConnectionState {
    /// There is no connection, and none is being made.
    Disconnected = "disconnected",
    /// The first attempt is under way.
    Connecting = "connecting",
    /// The connection stands.
    Connected = "connected",
    /// The connection was lost and is being made again.
    Reconnecting = "reconnecting",
}

impl From<CoreState> for ConnectionState {
    fn from(state: CoreState) -> Self {
        match state {
            CoreState::Disconnected => Self::Disconnected,
            CoreState::Connecting => Self::Connecting,
            CoreState::Connected => Self::Connected,
            CoreState::Reconnecting => Self::Reconnecting,
        }
    }
}

/// Where [`Driver::pump`](super::driver::Driver::pump) has stopped.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug)]
pub enum Pumped {
    /// At something that a handler may have to know: call the handlers, then pump again.
    Handlers = "handlers",
    /// Everything is done, and there is a connection to look after.
    Active = "active",
    /// Everything is done, and there is no connection.
    Idle = "idle",
}

/// The class of an error, by its name in `pkg-template/errors.js`.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug)]
pub enum ErrorClass {
    /// See [`ErrorKind::InvalidArgument`].
    TypeError = "TypeError",
    /// See [`ErrorKind::OutOfRange`].
    RangeError = "RangeError",
    /// See [`ErrorKind::Client`].
    ClientError = "ClientError",
    /// See [`ErrorKind::ConnectionFailed`].
    ConnectionFailedError = "ConnectionFailedError",
    /// See [`ErrorKind::ConnectionDropped`].
    ConnectionDroppedError = "ConnectionDroppedError",
    /// See [`ErrorKind::NoConnection`].
    NoConnectionError = "NoConnectionError",
    /// See [`ErrorKind::Credential`].
    CredentialError = "CredentialError",
    /// See [`ErrorKind::OperationCancelled`].
    OperationCancelled = "OperationCancelled",
    /// See [`ErrorKind::OperationTimeout`].
    OperationTimeout = "OperationTimeout",
    /// See [`ErrorKind::Service`].
    ServiceError = "ServiceError",
}

impl From<ErrorKind> for ErrorClass {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidArgument => Self::TypeError,
            ErrorKind::OutOfRange => Self::RangeError,
            ErrorKind::Client => Self::ClientError,
            ErrorKind::ConnectionFailed => Self::ConnectionFailedError,
            ErrorKind::ConnectionDropped => Self::ConnectionDroppedError,
            ErrorKind::NoConnection => Self::NoConnectionError,
            ErrorKind::Credential => Self::CredentialError,
            ErrorKind::OperationCancelled => Self::OperationCancelled,
            ErrorKind::OperationTimeout => Self::OperationTimeout,
            ErrorKind::Service => Self::ServiceError,
        }
    }
}
