//! Promises for the futures that Rust awaits.
//!
//! They run outside the guard of `Shell`, which turns a panic into the end of one client: nothing
//! that they await may touch the core.

use std::pin::Pin;

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

/// One type for all, because each type of future adds half a kilobyte.
type Awaited = Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>>;

/// A Promise that settles with `future`.
pub fn promise_of(future: Awaited) -> Promise {
    future_to_promise(future)
}
