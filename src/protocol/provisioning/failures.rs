//! Error messages of a registration.

use mqttbytes::v4::ConnectReturnCode;

use crate::protocol::error::{Error, ErrorKind};
use crate::protocol::failures::with_detail;
pub(super) use crate::protocol::failures::{
    cancelled, dropped, no_token, no_token_in_time, not_opened, protocol_violation,
};
use crate::protocol::json;

pub(super) fn runs_already() -> Error {
    Error::client("register() is already running; await it before the next one")
}

pub(super) fn timed_out() -> Error {
    Error::new(
        ErrorKind::OperationTimeout,
        "the provisioning service assigned no hub within the timeout of register()",
    )
}

pub(super) fn no_answer() -> Error {
    Error::new(
        ErrorKind::OperationTimeout,
        "the provisioning service did not respond within 30 seconds",
    )
}

pub(super) fn no_connack() -> Error {
    Error::new(
        ErrorKind::OperationTimeout,
        "the provisioning service did not accept the connection within 60 seconds; check the \
         network and the host name",
    )
}

pub(super) fn closed_before_connack(detail: &str) -> Error {
    Error::new(
        ErrorKind::ConnectionDropped,
        with_detail(
            "the provisioning service closed the connection before it answered CONNECT",
            detail,
        ),
    )
}

pub(super) fn subscription_refused() -> Error {
    Error::client("the provisioning service refused the subscription to its responses")
}

pub(super) fn not_understood(what: &str) -> Error {
    Error::client(format!("the provisioning service sent a response that {what}"))
}

/// Registrations that have succeeded, but whose result this client cannot use.
pub(super) fn other_protocol(result: &str, profile: &str) -> Error {
    Error::service(
        200,
        None,
        format!(
            "the assigned hub speaks another protocol (connectionProfile {profile}): this client \
             speaks MQTT 3.1.1, so assign the device to a hub with the classic profile"
        ),
    )
    .with_answer(None, Some(result.into()))
}

pub(super) fn no_hub(result: &str, reason: &str) -> Error {
    Error::service(200, None, format!("the provisioning service assigned no valid hub: {reason}"))
        .with_answer(None, Some(result.into()))
}

pub(super) fn no_certificate(result: &str) -> Error {
    Error::service(
        200,
        None,
        "the provisioning service issued no certificate; check the credential policy of the \
         enrollment",
    )
    .with_answer(None, Some(result.into()))
}

/// CONNACK with a code other than 0.
pub(super) fn refused(code: ConnectReturnCode) -> Error {
    match code {
        ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => {
            login_refused(&format!("CONNACK {}", code as u32))
        }
        ConnectReturnCode::ServiceUnavailable => Error::new(
            ErrorKind::ConnectionFailed,
            "the provisioning service is not available at the moment (CONNACK 3); try again later",
        ),
        code => Error::client(format!(
            "the provisioning service refused the connection (CONNACK {}); check the registration \
             id and the id scope",
            code as u32
        )),
    }
}

fn login_refused(how: &str) -> Error {
    Error::new(
        ErrorKind::Credential,
        format!(
            "the provisioning service refused the login ({how}); check that the key is that of \
             the enrollment, or derived from that of its group, that the id scope and the \
             registration id are right, and that this machine's clock is not more than five \
             minutes off"
        ),
    )
}

/// A response with a status of 300 or more.
pub(super) fn answered(status: u32, body: &[u8]) -> Error {
    let body = std::str::from_utf8(body).unwrap_or_default();
    let hint = match status {
        404 => ": it has no enrollment for this registration id",
        429 => ": too many registrations",
        500.. => ": it failed",
        _ => "",
    };
    let answered = service(
        status,
        body,
        "message",
        &format!("the provisioning service answered with status {status}{hint}"),
    )
    .with_answer(json::text_of(body, "trackingId").map(Into::into), None);
    match status {
        401 | 403 => login_refused(&format!("status {status}")).caused_by(answered),
        _ => answered,
    }
}

/// A registration that has ended without a hub.
pub(super) fn not_assigned(status: u32, word: &str, result: &str) -> Error {
    let state = json::member(result, "registrationState").unwrap_or_default();
    let what = match word {
        "disabled" => "the enrollment of this device is disabled".into(),
        _ => format!("the provisioning service ended the registration with \"{word}\""),
    };
    // The first three digits of the code are an HTTP status.
    let code = json::text_of(state, "errorCode").and_then(|code| code.get(..3)?.parse().ok());
    service(code.unwrap_or(status), state, "errorMessage", &what)
        .with_answer(json::text_of(result, "trackingId").map(Into::into), Some(result.into()))
}

fn service(status: u32, body: &str, message: &str, what: &str) -> Error {
    let said = json::text_of(body, message).map(|said| format!(" ({said})")).unwrap_or_default();
    let code = json::text_of(body, "errorCode").map(Into::into);
    Error::service(status, code, format!("{what}{said}"))
}
