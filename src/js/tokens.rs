//! The function of the user that gives SAS tokens.

use std::future::Future;
use std::pin::Pin;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

/// Calls it, in a later microtask, and awaits what it gives.
pub fn call(function: Function) -> Promise {
    let call = async move {
        let given = function.call0(&JsValue::UNDEFINED)?;
        JsFuture::from(Promise::resolve(&given)).await
    };
    // Boxed, the bridge to Promises is smaller than for a future of its own kind.
    let call: Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>> = Box::pin(call);
    future_to_promise(call)
}
