//! Error messages that several places share.

use mqttbytes::v4::ConnectReturnCode;

use crate::protocol::error::{Error, ErrorKind};
use crate::protocol::failures::with_detail;
pub(super) use crate::protocol::failures::{
    cancelled, dropped, no_token, no_token_in_time, not_opened, protocol_violation,
};

pub(super) fn shut_down() -> Error {
    Error::client("the client was shut down; create a new one")
}

pub(super) fn no_connection() -> Error {
    Error::new(
        ErrorKind::NoConnection,
        "the client is not connected and autoConnect is off; call connect() first",
    )
}

pub(super) fn timed_out(what: &str) -> Error {
    Error::new(
        ErrorKind::OperationTimeout,
        format!(
            "the hub did not respond to {what} within operationTimeout; it may still have acted on it"
        ),
    )
}

pub(super) fn no_connack() -> Error {
    Error::new(
        ErrorKind::OperationTimeout,
        "the hub did not accept the connection within 60 seconds; check the network and the host name",
    )
}

pub(super) fn closed_before_connack(detail: &str) -> Error {
    Error::new(
        ErrorKind::ConnectionDropped,
        with_detail("the hub closed the connection before it answered CONNECT", detail),
    )
}

pub(super) fn probably_replaced(error: Error) -> Error {
    Error::new(
        ErrorKind::ConnectionDropped,
        "the connection was lost again soon after it was accepted; probably a second client uses \
         this device id, or the hub's quota is used up",
    )
    .caused_by(error)
}

pub(super) fn replaced(kind: ErrorKind) -> Error {
    Error::new(
        kind,
        "another page or worker has connected as this device; connect() takes the connection back",
    )
}

pub(super) fn dropped_again_and_again() -> Error {
    Error::new(
        ErrorKind::DroppedAgain,
        "the connection ended three times without an acknowledgement of this call; the hub closes \
         the connection if it refuses a message: check the message, its properties and the quota",
    )
}

pub(super) fn refused(code: ConnectReturnCode) -> Error {
    match code {
        ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => Error::new(
            ErrorKind::Credential,
            format!(
                "the hub refused the login (CONNACK {}); check that the key is right, that the \
                 device exists and is enabled, and that this machine's clock is not more than \
                 five minutes off",
                code as u32
            ),
        ),
        ConnectReturnCode::ServiceUnavailable => Error::new(
            ErrorKind::ConnectionFailed,
            "the hub is not available at the moment (CONNACK 3); try again later",
        ),
        code => Error::client(format!(
            "the hub refused the connection (CONNACK {}: {})",
            code as u32,
            if code == ConnectReturnCode::BadClientId {
                "the device id is not accepted"
            } else {
                "it does not speak MQTT 3.1.1"
            }
        )),
    }
}

pub(super) fn no_token_within_operation_timeout() -> Error {
    Error::new(ErrorKind::OperationTimeout, "no SAS token was provided within operationTimeout")
}

pub(super) fn subscription_refused(what: &str) -> Error {
    Error::client(format!("the hub refused the subscription to {what}"))
}

/// Refuses what would make the hub close the connection.
pub(super) fn check_size(what: &str, size: usize, limit: usize) -> Result<(), Error> {
    if size > limit {
        return Err(Error::out_of_range(format!(
            "{what} has {size} bytes; at most {limit} are allowed"
        )));
    }
    Ok(())
}
