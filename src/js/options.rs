//! The options of the factories.

use wasm_bindgen::prelude::*;

use crate::protocol::client::Options;

/// Takes what `pkg-template/options.js` has checked, in its order.
pub fn read(mut values: impl Iterator<Item = JsValue>) -> Options {
    let mut next = || values.next().unwrap_or_default();
    Options {
        endpoint: next().as_string(),
        http_endpoint: next().as_string(),
        websockets: next().as_bool(),
        product_info: next().as_string(),
        keep_alive: next().as_f64(),
        auto_connect: next().as_bool(),
        connection_retry: next().as_bool(),
        connection_retry_interval: next().as_f64(),
        connection_retry_max_interval: next().as_f64(),
        ensure_desired_properties: next().as_bool(),
        operation_timeout: next().as_f64(),
        max_pending_messages: next().as_f64(),
        acknowledge_messages: next().as_string(),
        sas_token_ttl: next().as_f64(),
        gateway_hostname: next().as_string(),
    }
}
