//! The two HTTP calls of a file upload: what to send, and where. The shell makes the calls.

use super::config::Config;
use super::machine::Client;
use crate::protocol::endpoint::before;
use crate::protocol::error::Error;
use crate::protocol::hub::file_upload::{self, UploadResult};
use crate::protocol::time::Now;

/// An HTTP POST with a JSON body.
#[derive(Clone)]
pub struct HttpRequest {
    /// Where to send it.
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

impl Client {
    /// The call that requests where to upload a blob.
    ///
    /// # Errors The client is a module, has no token (see [`Client::authorization`]), or was shut
    /// down.
    pub fn storage_info_request(
        &mut self,
        now: Now,
        blob_name: &str,
    ) -> Result<HttpRequest, Error> {
        if blob_name.is_empty() {
            return Err(Error::invalid_argument("the name of the blob is empty"));
        }
        let body = file_upload::storage_info_body(blob_name);
        self.http_request(now, file_upload::STORAGE_INFO, body)
    }

    /// The call that reports how an upload ended.
    ///
    /// # Errors Like [`Client::storage_info_request`].
    pub fn notification_request(
        &mut self,
        now: Now,
        result: &UploadResult,
    ) -> Result<HttpRequest, Error> {
        let body = file_upload::notification_body(result);
        self.http_request(now, file_upload::NOTIFICATION, body)
    }

    fn http_request(&mut self, now: Now, path: &str, body: String) -> Result<HttpRequest, Error> {
        let identity = &self.config.identity;
        if identity.module_id.is_some() {
            return Err(Error::client("a module cannot upload files; only a device can"));
        }
        self.check_has_hub()?;
        let url = file_upload::url(&self.config.http_origin(), identity, path);
        Ok(HttpRequest { url, authorization: self.authorization(now)?, body })
    }
}

impl Config {
    /// The origin for HTTP calls that belongs to a WebSocket URL.
    pub(super) fn origin_of(url: &str) -> String {
        let (scheme, rest) = match (url.strip_prefix("ws://"), url.strip_prefix("wss://")) {
            (Some(rest), _) => ("http", rest),
            (None, rest) => ("https", rest.unwrap_or(url)),
        };
        format!("{scheme}://{}", before(rest, &['/', '?']))
    }
}
