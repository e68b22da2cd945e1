//! File upload: two HTTP calls around an upload that the user makes.
//!
//! Source:
//! [Upload files with IoT Hub](https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-file-upload).

use std::fmt;

use super::API_VERSION;
use super::identity::Identity;
use super::percent;
use crate::protocol::error::Error;
use crate::protocol::json;

/// Where to upload a blob.
#[derive(Clone, PartialEq)]
pub struct StorageInfo {
    /// The id to send back when the upload has ended.
    pub correlation_id: String,
    /// The storage account.
    pub host_name: String,
    /// The container in it.
    pub container_name: String,
    /// The blob in the container; the hub puts the device's name in front.
    pub blob_name: String,
    /// The query to append to the blob's URL: a secret.
    pub sas_token: String,
}

impl fmt::Debug for StorageInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StorageInfo").field("blob_name", &self.blob_name).finish_non_exhaustive()
    }
}

/// How an upload ended.
#[derive(Clone, Debug)]
pub struct UploadResult {
    /// From the hub's storage information.
    pub correlation_id: String,
    /// Whether the blob is there.
    pub is_success: bool,
    /// The status of the upload, as the storage returned it.
    pub status_code: i32,
    /// A description of the status.
    pub status_description: String,
}

/// The path of the call that requests where to upload, below the files of the device.
pub const STORAGE_INFO: &str = "";
/// The path of the call that reports how an upload ended.
pub const NOTIFICATION: &str = "/notifications";

/// The address of a call. `origin` is `https://host`.
pub fn url(origin: &str, identity: &Identity, path: &str) -> String {
    let device = percent::encode(&identity.device_id);
    format!("{origin}/devices/{device}/files{path}?api-version={API_VERSION}")
}

/// The body of the call that requests where to upload.
pub fn storage_info_body(blob_name: &str) -> String {
    format!("{{\"blobName\":{}}}", json::quote(blob_name))
}

/// The body of the call that reports how an upload ended.
pub fn notification_body(result: &UploadResult) -> String {
    let UploadResult { correlation_id, is_success, status_code, status_description } = result;
    format!(
        "{{\"correlationId\":{},\"isSuccess\":{is_success},\"statusCode\":{status_code},\"statusDescription\":{}}}",
        json::quote(correlation_id),
        json::quote(status_description)
    )
}

/// Checks the status of an HTTP response: 2xx is success.
///
/// # Errors
///
/// The status, the hub's error code and its message.
pub fn check_answer(status: u32, body: &str) -> Result<(), Error> {
    if (200..300).contains(&status) {
        return Ok(());
    }
    // The error may be wrapped, as text, in another: {"Message": "{\"errorCode\": ...}", ...}
    let wrapped = json::text_of(body, "Message");
    let body = wrapped.as_deref().filter(|text| json::is_valid(text)).unwrap_or(body);
    // {"Message": "ErrorCode:IotHubUnauthorizedAccess;...", ...} or {"errorCode": 400014, ...}
    let member = |name| json::text_of(body, name);
    let said = member("message").or_else(|| member("Message")).unwrap_or_default();
    let code = member("errorCode").or_else(|| {
        let (code, _) = said.strip_prefix("ErrorCode:")?.split_once(';')?;
        Some(code.into())
    });
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

/// Checks the response to the call that reports how an upload ended, which is empty or JSON.
///
/// # Errors
///
/// Any other body: the response is not from the hub.
pub fn check_nothing(body: &str) -> Result<(), Error> {
    if body.is_empty() || json::is_valid(body) { Ok(()) } else { Err(not_json()) }
}

/// Reads the response to the call that requests where to upload.
///
/// # Errors
///
/// An incomplete response; the error does not quote it, because it contains a token.
pub fn storage_info(body: &str) -> Result<StorageInfo, Error> {
    let member = |name| {
        let value = json::member(body, name).and_then(json::string);
        value.map(Into::into).ok_or_else(|| {
            Error::client(format!(
                "the hub's response to the upload has no {name} that is a string"
            ))
        })
    };
    if !json::is_valid(body) {
        return Err(not_json());
    }
    Ok(StorageInfo {
        correlation_id: member("correlationId")?,
        host_name: member("hostName")?,
        container_name: member("containerName")?,
        blob_name: member("blobName")?,
        sas_token: member("sasToken")?,
    })
}

fn not_json() -> Error {
    Error::client("the hub's response to the upload is not JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_in_paths() {
        let identity = Identity::new("h", "d?1", None).unwrap();
        assert_eq!(
            url("https://h", &identity, NOTIFICATION),
            "https://h/devices/d%3F1/files/notifications?api-version=2021-04-12"
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
        let body = r#"{"Message":"{\"errorCode\":400014,\"message\":\"no storage\"}"}"#;
        let error = check_answer(400, body).unwrap_err();
        assert_eq!(error.code(), Some("400014"));
        assert!(error.message().ends_with(": no storage"));
        let error = check_answer(400, r#"{"errorCode":null,"message":null}"#).unwrap_err();
        assert_eq!(error.code(), None);
        assert!(!error.message().contains("null"), "{error}");
        assert_eq!(check_answer(503, "").unwrap_err().status(), Some(503));
        assert_eq!(check_answer(204, ""), Ok(()));
    }

    #[test]
    fn storage_information_is_read_or_refused_without_showing_its_token() {
        let body = r#"{"correlationId":"c","hostName":"h","containerName":"f","blobName":"d\/b","sasToken":"?sig=x"}"#;
        let info = storage_info(body).unwrap();
        assert_eq!((&*info.correlation_id, &*info.blob_name), ("c", "d/b"));
        assert_eq!(
            (&*info.host_name, &*info.container_name, &*info.sas_token),
            ("h", "f", "?sig=x")
        );
        for (body, missing) in [(body.replace("hostName", "host"), "hostName"), ("".into(), "JSON")]
        {
            let error = storage_info(&body).unwrap_err();
            assert!(error.message().contains(missing), "{error}");
            assert!(!error.message().contains("sig"));
        }
    }

    #[test]
    fn errors_with_a_status_say_what_to_do() {
        for (status, hint) in [(401, "clock"), (403, "too many uploads"), (429, "more slowly")] {
            let error = check_answer(status, "").unwrap_err();
            assert!(error.message().contains(hint), "{error}");
        }
    }
}
