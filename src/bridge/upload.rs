//! The two HTTP calls of a file upload. The core decides what to send and checks the responses; the
//! platform makes the calls.

use js_sys::{Function, Promise};
use serde::Serializer as _;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::client::ClientHandle;
use super::clock;
use super::promise::promise_of;
use crate::protocol::Error;
use crate::protocol::client::HttpRequest;
use crate::protocol::hub::file_upload::{self, UploadResult};

#[wasm_bindgen]
extern "C" {
    /// What the platform returns for a call.
    type Answer;
    #[wasm_bindgen(method, structural, getter)]
    fn status(this: &Answer) -> u32;
    #[wasm_bindgen(method, structural, getter)]
    fn body(this: &Answer) -> String;
}

/// `send(url, authorization, body)` of the shell returns a Promise of an [`Answer`]. The calls
/// reject with its error, or with the error in the hub's response.
#[wasm_bindgen]
impl ClientHandle {
    /// See [`Client::storage_info_request`](crate::protocol::Client::storage_info_request).
    #[wasm_bindgen(js_name = getStorageInfo)]
    pub fn get_storage_info(&self, blob_name: &str, send: Function) -> Result<Promise, JsValue> {
        let request = self.core().storage_info_request(clock::now(), blob_name);
        Ok(self.promise(send, self.checked(request)?, storage_info))
    }

    /// See [`Client::notification_request`](crate::protocol::Client::notification_request).
    #[wasm_bindgen(js_name = notifyUpload)]
    pub fn notify_upload(
        &self,
        correlation_id: String,
        is_success: bool,
        status_code: i32,
        status_description: String,
        send: Function,
    ) -> Result<Promise, JsValue> {
        let result = UploadResult { correlation_id, is_success, status_code, status_description };
        let request = self.core().notification_request(clock::now(), &result);
        Ok(self.promise(send, self.checked(request)?, nothing))
    }
}

type Read = fn(&str) -> Result<JsValue, Error>;

impl ClientHandle {
    fn promise(&self, send: Function, request: HttpRequest, read: Read) -> Promise {
        let host = self.driver.host.clone();
        promise_of(Box::pin(async move {
            let HttpRequest { url, authorization, body } = request;
            let this = JsValue::UNDEFINED;
            let answer = send.call3(&this, &url.into(), &authorization.into(), &body.into())?;
            let answer = JsFuture::from(Promise::resolve(&answer)).await?;
            let answer: Answer = answer.unchecked_into();
            let body = answer.body();
            let judged = file_upload::check_answer(answer.status(), &body);
            judged.and_then(|()| read(&body)).map_err(|error| host.error(&error))
        }))
    }
}

fn storage_info(body: &str) -> Result<JsValue, Error> {
    let info = file_upload::storage_info(body)?;
    let members = [
        ("correlationId", info.correlation_id),
        ("hostName", info.host_name),
        ("containerName", info.container_name),
        ("blobName", info.blob_name),
        ("sasToken", info.sas_token),
    ];
    // No text can fail to cross.
    Ok(Serializer::json_compatible().collect_map(members).unwrap_or_default())
}

fn nothing(body: &str) -> Result<JsValue, Error> {
    file_upload::check_nothing(body)?;
    Ok(JsValue::UNDEFINED)
}
