//! The two HTTP calls of a file upload.

use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use super::driver::Driver;
use super::host::{HttpAnswer, from_json};
use crate::protocol::client::HttpRequest;
use crate::protocol::hub::file_upload::check_answer;
use crate::protocol::{Client, Error, ErrorKind, Now};

impl Driver {
    /// Makes the call that `request` describes. The Promise gives the body, parsed.
    pub fn upload_call(
        self: &Rc<Self>,
        request: impl Fn(&mut Client, Now) -> Result<HttpRequest, Error> + 'static,
    ) -> Promise {
        let driver = self.clone();
        future_to_promise(async move {
            let mut prepared = driver.command(&request);
            if driver.gets_tokens_from_function() && lacks_token(&prepared) {
                driver.fetch_token().await;
                prepared = driver.command(&request);
            }
            let request = prepared.map_err(|error| driver.host.error(&error))?;
            let answer = driver.send_request(&request).await?;
            let body = answer.body();
            check_answer(answer.status(), &body).map_err(|error| driver.host.error(&error))?;
            Ok(if body.is_empty() { JsValue::UNDEFINED } else { from_json(&body) })
        })
    }

    async fn send_request(&self, request: &HttpRequest) -> Result<HttpAnswer, JsValue> {
        let timeout = request.timeout.map_or(0.0, |timeout| timeout.as_secs_f64() * 1000.0);
        let authorization = request.authorization.as_deref();
        let sent = self.host.post_json(
            &request.url,
            authorization,
            &request.body,
            timeout,
            &self.transport,
        );
        match JsFuture::from(sent).await {
            Ok(answer) => Ok(answer.unchecked_into()),
            Err(thrown) => {
                let name = js_sys::Error::from(thrown.clone()).name();
                Err(if name == "TimeoutError" {
                    let message =
                        "the hub did not answer the file upload call within operationTimeout";
                    self.host.named_error("OperationTimeout", message, &thrown)
                } else {
                    let message = "the file upload call did not reach the hub; check the network. In a \
                                   page, IoT Hub cannot be called directly, because it sends no CORS \
                                   headers: set gatewayHostname or endpoint to a relay that does";
                    self.host.named_error("ConnectionFailedError", message, &thrown)
                })
            }
        }
    }
}

fn lacks_token(prepared: &Result<HttpRequest, Error>) -> bool {
    prepared.as_ref().is_err_and(|error| error.kind() == ErrorKind::Credential)
}
