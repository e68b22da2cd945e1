//! Error messages that a device client and a registration share.

use super::error::{Error, ErrorKind};

pub(super) fn not_opened(detail: &str) -> Error {
    Error::new(
        ErrorKind::ConnectionFailed,
        with_detail(
            "the WebSocket could not be opened; check the host name, the network, a proxy or \
             firewall in between, and the server's certificate",
            detail,
        ),
    )
}

pub(super) fn dropped(detail: &str) -> Error {
    Error::new(ErrorKind::ConnectionDropped, with_detail("the connection was lost", detail))
}

pub(super) fn protocol_violation(what: &str) -> Error {
    Error::client(format!("the connection was closed because {what}"))
}

pub(super) fn no_token() -> Error {
    Error::new(
        ErrorKind::NoToken,
        "there is no SAS token to connect with: the function that returns them failed",
    )
}

pub(super) fn no_token_in_time() -> Error {
    Error::new(
        ErrorKind::ConnectionFailed,
        "the function that returns SAS tokens returned none within 60 seconds",
    )
}

pub(super) fn no_token_yet() -> Error {
    Error::new(ErrorKind::Credential, "the function that returns SAS tokens has returned none yet")
}

/// Either the expiry or this machine's clock may be wrong.
pub(super) fn token_expired(seconds_ago: u64) -> Error {
    Error::new(
        ErrorKind::Credential,
        format!(
            "the SAS token expired {seconds_ago} seconds ago by this machine's clock; create a new one, and check the clock"
        ),
    )
}

pub(super) fn with_detail(sentence: &str, detail: &str) -> String {
    if detail.is_empty() { sentence.into() } else { format!("{sentence} ({detail})") }
}

pub(super) fn cancelled(by: &'static str) -> Error {
    Error::new(ErrorKind::OperationCancelled, format!("cancelled by {by}()"))
}
