//! The parts of twin documents that the client itself must understand.

use crate::protocol::error::Error;
use crate::protocol::json;

/// The desired properties in a twin, as JSON text, and their version.
pub fn desired(twin: &str) -> Option<(&str, u64)> {
    let desired = json::member(twin, "desired")?;
    Some((desired, json::member(desired, "$version")?.parse().ok()?))
}

/// The error for a response of the hub with a status of 300 or more.
pub fn service_error(status: u32, body: &[u8]) -> Error {
    let body = std::str::from_utf8(body).unwrap_or_default();
    let member = |name| json::text_of(body, name);
    let code = member("errorCode").map(Into::into);
    let hint = match status {
        400 => ": a twin cannot hold this document (form, size, depth or names)",
        429 => ": too many requests; try again more slowly",
        500.. => ": the hub failed; try again",
        _ => "",
    };
    let said = member("message").map(|message| format!(" ({message})")).unwrap_or_default();
    Error::service(
        status,
        code,
        format!("the hub answered the twin request with status {status}{hint}{said}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn desired_properties_keep_their_text() {
        let twin = r#"{"desired":{"a": 1.50,"$version":4},"reported":{"$version":9}}"#;
        assert_eq!(desired(twin), Some((r#"{"a": 1.50,"$version":4}"#, 4)));
        assert_eq!(desired("{}"), None);
        assert_eq!(desired("nonsense"), None);
    }

    #[test]
    fn an_error_body_has_code_and_message() {
        let error = service_error(400, br#"{"errorCode":400004,"message":"bad"}"#);
        assert_eq!((error.status(), error.code()), (Some(400), Some("400004")));
        assert!(error.message().contains("bad"));
        assert_eq!(service_error(503, b"").code(), None);
        let error = service_error(400, br#"{"errorCode":null,"message":null}"#);
        assert_eq!(error.code(), None);
        assert!(!error.message().contains("null"), "{error}");
    }

    #[test]
    fn errors_with_a_status_say_what_to_do() {
        for (status, hint) in [(400, "depth"), (429, "more slowly"), (500, "try again")] {
            let error = service_error(status, b"");
            assert!(error.message().contains(hint), "{error}");
        }
    }
}
