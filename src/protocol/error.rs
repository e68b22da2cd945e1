//! The one error type of the core.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// What went wrong: the class of error that a user sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// An argument of the wrong type or form: `TypeError` in JavaScript.
    InvalidArgument,
    /// An argument outside its range: `RangeError` in JavaScript.
    OutOfRange,
    /// Wrong use of the client, or a hub that breaks the protocol.
    Client,
    /// No connection could be made.
    ConnectionFailed,
    /// Like [`ErrorKind::ConnectionFailed`]: the user's function did not return a token. Only the
    /// caller of the core knows its error.
    NoToken,
    /// A connection was lost.
    ConnectionDropped,
    /// Like [`ErrorKind::ConnectionDropped`]: one call lost several connections in a row.
    DroppedAgain,
    /// There is no connection, and the client must not open one without a call of `connect`.
    NoConnection,
    /// The hub refused the credentials, or they have expired.
    Credential,
    /// `disconnect` or `shutdown` was called before the operation ended.
    OperationCancelled,
    /// No response arrived in time.
    OperationTimeout,
    /// The hub responded with an error status.
    Service,
}

/// An error with a sentence that says what to check, and its cause.
///
/// No message contains a key, a signature or a token.
#[derive(Clone, Debug, PartialEq)]
pub struct Error(Arc<Details>);

#[derive(Debug, PartialEq)]
struct Details {
    kind: ErrorKind,
    message: Cow<'static, str>,
    status: Option<u32>,
    code: Option<String>,
    tracking_id: Option<String>,
    result: Option<String>,
    cause: Option<Error>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self::from_parts(kind, message.into(), None, None)
    }

    pub(crate) fn invalid_argument(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }

    pub(crate) fn out_of_range(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::OutOfRange, message)
    }

    pub(crate) fn client(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Client, message)
    }

    /// The error status of the hub's response, and its error code if it sent one.
    pub(crate) fn service(
        status: u32,
        code: Option<String>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::from_parts(ErrorKind::Service, message.into(), Some(status), code)
    }

    pub(crate) fn caused_by(mut self, cause: Self) -> Self {
        // Just created: not shared yet.
        if let Some(details) = Arc::get_mut(&mut self.0) {
            details.cause = Some(cause);
        }
        self
    }

    /// What the provisioning service adds to a status: the id by which its support finds the
    /// request, and the result of the registration, as JSON text.
    pub(crate) fn with_answer(
        mut self,
        tracking_id: Option<String>,
        result: Option<String>,
    ) -> Self {
        if let Some(details) = Arc::get_mut(&mut self.0) {
            details.tracking_id = tracking_id;
            details.result = result;
        }
        self
    }

    fn from_parts(
        kind: ErrorKind,
        message: Cow<'static, str>,
        status: Option<u32>,
        code: Option<String>,
    ) -> Self {
        let (tracking_id, result, cause) = (None, None, None);
        Self(Arc::new(Details { kind, message, status, code, tracking_id, result, cause }))
    }

    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The sentence for the user.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The hub's status, for [`ErrorKind::Service`].
    pub fn status(&self) -> Option<u32> {
        self.0.status
    }

    /// The hub's own error code (`"404103"`), for [`ErrorKind::Service`], if it sent one.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The id by which the service's support finds the request, if the service sent one.
    pub fn tracking_id(&self) -> Option<&str> {
        self.0.tracking_id.as_deref()
    }

    /// The result of a registration that did not assign a hub, as JSON text.
    pub fn result(&self) -> Option<&str> {
        self.0.result.as_deref()
    }

    /// The error behind this one.
    pub fn cause(&self) -> Option<&Self> {
        self.0.cause.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause().map(|cause| cause as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_its_sentence_and_its_cause() {
        let error = Error::client("what has failed").caused_by(Error::client("the cause"));
        assert_eq!(error.to_string(), "what has failed");
        let source = std::error::Error::source(&error).expect("a cause");
        assert_eq!(source.to_string(), "the cause");
    }
}
