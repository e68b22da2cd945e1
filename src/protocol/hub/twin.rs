//! Twin documents: as much of them as the client itself must understand.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::protocol::Error;

#[derive(Deserialize)]
struct Twin<'a> {
    #[serde(borrow)]
    desired: &'a RawValue,
}

#[derive(Deserialize)]
struct Versioned<'a> {
    #[serde(rename = "$version", borrow)]
    version: &'a RawValue,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody<'a> {
    #[serde(rename = "errorCode", borrow)]
    error_code: Option<&'a RawValue>,
    message: Option<String>,
}

/// The desired properties in a twin, as JSON text, and their version.
pub fn desired(twin: &str) -> Option<(&str, u64)> {
    let twin: Twin = serde_json::from_str(twin).ok()?;
    let versioned: Versioned = serde_json::from_str(twin.desired.get()).ok()?;
    Some((twin.desired.get(), versioned.version.get().parse().ok()?))
}

/// Whether `text` is JSON.
pub fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// The error that the hub's answer with a status of 300 or more means.
pub fn service_error(status: u16, body: &[u8]) -> Error {
    let body: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
    let code = body.error_code.map(|code| code.get().trim_matches('"').to_owned());
    let hint = match status {
        400 => ": the document is not what a twin may hold (form, size, depth or names)",
        429 => ": too many requests; try again more slowly",
        500.. => ": the hub failed; try again",
        _ => "",
    };
    let said = body.message.map(|message| format!(" ({message})")).unwrap_or_default();
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
    fn an_error_body_gives_code_and_message() {
        let error = service_error(400, br#"{"errorCode":400004,"message":"bad"}"#);
        assert_eq!((error.status(), error.code()), (Some(400), Some("400004")));
        assert!(error.message().contains("bad"));
        assert_eq!(service_error(503, b"").code(), None);
    }
}
