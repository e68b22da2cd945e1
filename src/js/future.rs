//! Futures as JavaScript sees them. Each is boxed, so that the bridge is compiled once and not for
//! every kind of future: it is most of the size of a short one.

use std::future::Future;
use std::pin::Pin;

use js_sys::Promise;
use wasm_bindgen::JsValue;

/// A Promise of what the future gives.
pub fn promise(future: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    let future: Pin<Box<dyn Future<Output = _>>> = Box::pin(future);
    wasm_bindgen_futures::future_to_promise(future)
}

/// Runs a future that gives nothing.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    let future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(future);
    wasm_bindgen_futures::spawn_local(future);
}
