//! What the two HTTP calls of a file upload say, and to whom. The shell makes them.

use super::config::Config;
use super::config::before;
use super::machine::Client;
use crate::protocol::error::Error;
use crate::protocol::hub::file_upload;
use crate::protocol::time::Now;

/// An HTTP POST with a JSON body.
#[derive(Clone)]
pub struct HttpRequest {
    /// Where to.
    pub url: String,
    /// The `Authorization` header: a secret.
    pub authorization: Option<String>,
    /// JSON.
    pub body: String,
}

impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpRequest").field("url", &self.url).finish_non_exhaustive()
    }
}

/// How an upload ended.
#[derive(Clone, Debug)]
pub struct UploadResult {
    /// As the hub gave it with the storage information.
    pub correlation_id: String,
    /// Whether the blob is there.
    pub is_success: bool,
    /// The status of the upload, as the storage gave it.
    pub status_code: i32,
    /// What to say about it.
    pub status_description: String,
}

impl Client {
    /// The call that asks where to upload a blob.
    ///
    /// # Errors
    ///
    /// For a module, without a token (see [`Client::authorization`]), or after
    /// [`Client::shutdown`].
    pub fn storage_info_request(
        &mut self,
        now: Now,
        blob_name: &str,
    ) -> Result<HttpRequest, Error> {
        if blob_name.is_empty() {
            return Err(Error::invalid_argument("the name of the blob is empty"));
        }
        let url = file_upload::storage_info_url(&self.config.http_origin, &self.config.identity);
        self.http_request(now, url, file_upload::storage_info_body(blob_name))
    }

    /// The call that tells how an upload ended.
    ///
    /// # Errors
    ///
    /// As [`Client::storage_info_request`].
    pub fn notification_request(
        &mut self,
        now: Now,
        result: &UploadResult,
    ) -> Result<HttpRequest, Error> {
        let url = file_upload::notification_url(&self.config.http_origin, &self.config.identity);
        let body = file_upload::notification_body(
            &result.correlation_id,
            result.is_success,
            result.status_code,
            &result.status_description,
        );
        self.http_request(now, url, body)
    }

    fn http_request(&mut self, now: Now, url: String, body: String) -> Result<HttpRequest, Error> {
        if self.config.identity.module_id.is_some() {
            return Err(Error::client("a module cannot upload files; only a device can"));
        }
        let authorization = self.authorization(now)?;
        Ok(HttpRequest { url, authorization, body })
    }
}

impl Config {
    /// The origin of the HTTP calls that belongs to a WebSocket URL.
    pub(super) fn origin_of(url: &str) -> String {
        let (scheme, rest) = match (url.strip_prefix("ws://"), url.strip_prefix("wss://")) {
            (Some(rest), _) => ("http", rest),
            (None, rest) => ("https", rest.unwrap_or(url)),
        };
        format!("{scheme}://{}", before(rest, &['/', '?']))
    }
}
