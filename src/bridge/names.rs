//! The names that the two halves of the package share.

use wasm_bindgen::prelude::*;

use crate::protocol::client::Feature as CoreFeature;
use crate::protocol::{Activity as CoreActivity, ConnectionState as CoreState, ErrorKind};

/// What may be received by a handler, a loop or a receive call.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug)]
pub enum Feature {
    Messages = "messages",
    Methods = "methods",
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

/// The state of the connection: see [`CoreState`].
#[wasm_bindgen]
#[derive(Clone, Copy, Debug)]
pub enum ConnectionState {
    Disconnected = "disconnected",
    Connecting = "connecting",
    Connected = "connected",
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

/// What the connection is doing, in the words of the option `trace`: see [`CoreActivity`].
#[wasm_bindgen]
#[derive(Clone, Copy, Debug)]
pub enum Activity {
    /// See [`CoreActivity::Waiting`].
    Waiting = "waiting to try again",
    /// See [`CoreActivity::Registering`].
    Registering = "registering",
    /// See [`CoreActivity::AwaitingToken`].
    AwaitingToken = "waiting for a SAS token",
    /// See [`CoreActivity::Renewing`].
    Renewing = "renewing the SAS token",
}

impl From<CoreActivity> for Activity {
    fn from(activity: CoreActivity) -> Self {
        match activity {
            CoreActivity::Waiting { .. } => Self::Waiting,
            CoreActivity::Registering => Self::Registering,
            CoreActivity::AwaitingToken => Self::AwaitingToken,
            CoreActivity::Renewing => Self::Renewing,
        }
    }
}

/// Where [`Driver::pump`](super::driver::Driver::pump) has stopped.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug)]
pub enum Pumped {
    /// At an event that may be for a handler: call the handlers, then pump again.
    Handlers = "handlers",
    /// Everything is done, and there is a connection.
    Active = "active",
    /// Everything is done, and there is no connection.
    Idle = "idle",
}

/// The class of an error, by its name in `pkg-template/errors.js`.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug)]
pub enum ErrorClass {
    TypeError = "TypeError",
    RangeError = "RangeError",
    ClientError = "ClientError",
    ConnectionFailedError = "ConnectionFailedError",
    ConnectionDroppedError = "ConnectionDroppedError",
    NoConnectionError = "NoConnectionError",
    CredentialError = "CredentialError",
    OperationCancelled = "OperationCancelled",
    OperationTimeout = "OperationTimeout",
    ServiceError = "ServiceError",
}

impl From<ErrorKind> for ErrorClass {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::InvalidArgument => Self::TypeError,
            ErrorKind::OutOfRange => Self::RangeError,
            ErrorKind::Client => Self::ClientError,
            ErrorKind::ConnectionFailed | ErrorKind::NoToken => Self::ConnectionFailedError,
            ErrorKind::ConnectionDropped | ErrorKind::DroppedAgain => Self::ConnectionDroppedError,
            ErrorKind::NoConnection => Self::NoConnectionError,
            ErrorKind::Credential => Self::CredentialError,
            ErrorKind::OperationCancelled => Self::OperationCancelled,
            ErrorKind::OperationTimeout => Self::OperationTimeout,
            ErrorKind::Service => Self::ServiceError,
        }
    }
}
