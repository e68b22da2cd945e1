//! File upload: two HTTP calls around an upload that the user makes.
//!
//! Source:
//! [Upload files with IoT Hub](https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-file-upload).

use super::{API_VERSION, Identity, percent};
use crate::protocol::{Error, json};

/// The address of the call that asks where to upload. `origin` is `https://host`.
pub fn storage_info_url(origin: &str, identity: &Identity) -> String {
    url(origin, identity, "")
}

/// The address of the call that tells how an upload ended.
pub fn notification_url(origin: &str, identity: &Identity) -> String {
    url(origin, identity, "/notifications")
}

/// The body of the call that asks where to upload.
pub fn storage_info_body(blob_name: &str) -> String {
    format!("{{\"blobName\":{}}}", json::quote(blob_name))
}

/// The body of the call that tells how an upload ended.
pub fn notification_body(
    correlation_id: &str,
    is_success: bool,
    status_code: i32,
    status_description: &str,
) -> String {
    format!(
        "{{\"correlationId\":{},\"isSuccess\":{is_success},\"statusCode\":{status_code},\"statusDescription\":{}}}",
        json::quote(correlation_id),
        json::quote(status_description)
    )
}

/// The error that an HTTP answer is, or nothing for one of the 200s.
///
/// # Errors
///
/// The status, the hub's error code and its message.
pub fn check_answer(status: u16, body: &str) -> Result<(), Error> {
    if (200..300).contains(&status) {
        return Ok(());
    }
    // {"Message": "ErrorCode:IotHubUnauthorizedAccess;...", ...} or {"errorCode": 400014, ...}
    let member = |name| json::member(body, name).map(json::unquoted);
    let said = member("message").or_else(|| member("Message")).unwrap_or_default();
    let code = member("errorCode").or_else(|| said.strip_prefix("ErrorCode:")?.split(';').next());
    let hint = match status {
        401 => "; check the key and this machine's clock",
        403 => "; the device has too many uploads open, or the quota is used up",
        429 => "; try again more slowly",
        _ => "",
    };
    let colon = if said.is_empty() { "" } else { ": " };
    let message =
        format!("the hub answered the file upload call with status {status}{hint}{colon}{said}");
    Err(Error::service(status, code.map(Into::into), message))
}

fn url(origin: &str, identity: &Identity, path: &str) -> String {
    let device = percent::encode(&identity.device_id);
    format!("{origin}/devices/{device}/files{path}?api-version={API_VERSION}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_where_they_stand() {
        let identity = Identity::new("h", "d#1", None).unwrap();
        assert_eq!(
            notification_url("https://h", &identity),
            "https://h/devices/d%231/files/notifications?api-version=2021-04-12"
        );
        assert_eq!(storage_info_body("a\"\\\n/ä"), "{\"blobName\":\"a\\\"\\\\\\u000a/ä\"}");
    }

    #[test]
    fn both_forms_of_an_error_body_give_its_code() {
        let error =
            check_answer(400, r#"{"errorCode":400014,"message":"no storage"}"#).unwrap_err();
        assert_eq!((error.status(), error.code()), (Some(400), Some("400014")));
        let body = r#"{"Message":"ErrorCode:IotHubUnauthorizedAccess;Unauthorized","ExceptionMessage":""}"#;
        assert_eq!(check_answer(401, body).unwrap_err().code(), Some("IotHubUnauthorizedAccess"));
        assert_eq!(check_answer(503, "").unwrap_err().status(), Some(503));
        assert_eq!(check_answer(204, ""), Ok(()));
    }

    #[test]
    fn what_can_be_done_about_a_status_is_said() {
        for (status, hint) in [(401, "clock"), (403, "too many uploads"), (429, "more slowly")] {
            let error = check_answer(status, "").unwrap_err();
            assert!(error.message().contains(hint), "{error}");
        }
    }
}
