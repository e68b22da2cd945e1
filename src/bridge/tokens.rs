//! The user's function that returns SAS tokens.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::client::ClientHandle;
use super::host::Host;
use super::promise::promise_of;
use crate::protocol::Error;

#[wasm_bindgen]
impl ClientHandle {
    /// Calls the function in a later microtask, with the resource that the token must be valid for.
    /// The Promise settles with the token, which the shell passes on; with a `ClientError` whose
    /// cause is the function's error; or with a `TypeError` for a token that is not a string.
    #[wasm_bindgen(js_name = callTokenFunction)]
    pub fn call_token_function(host: Host, function: Function, resource: String) -> Promise {
        promise_of(Box::pin(async move {
            let token = result_of(&function, &resource).await.map_err(|thrown| {
                let error = Error::client("the function that returns SAS tokens failed");
                host.error_caused_by(&error, &thrown)
            })?;
            if token.is_string() {
                return Ok(token);
            }
            let problem = "the function that returns SAS tokens must return a string";
            Err(host.error(&Error::invalid_argument(problem)))
        }))
    }
}

async fn result_of(function: &Function, resource: &str) -> Result<JsValue, JsValue> {
    let returned = function.call1(&JsValue::UNDEFINED, &resource.into())?;
    JsFuture::from(Promise::resolve(&returned)).await
}
