//! The function of the user that gives SAS tokens.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Calls it, in a later microtask, awaits what it gives, and settles a Promise with that.
pub fn call(function: Function, resolve: Function, reject: Function) {
    spawn_local(async move {
        // The functions of a Promise never throw.
        let _ = match result_of(&function).await {
            Ok(given) => resolve.call1(&JsValue::UNDEFINED, &given),
            Err(thrown) => reject.call1(&JsValue::UNDEFINED, &thrown),
        };
    });
}

async fn result_of(function: &Function) -> Result<JsValue, JsValue> {
    let given = function.call0(&JsValue::UNDEFINED)?;
    JsFuture::from(Promise::resolve(&given)).await
}
