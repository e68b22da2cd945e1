//! The platform's two clocks.

use wasm_bindgen::prelude::*;

use crate::protocol::{Instant, Now};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = performance, js_name = now)]
    fn performance_now() -> Result<f64, JsValue>;
}

/// The current time. A platform without a monotonic clock uses the other one for both.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
pub fn now() -> Now {
    let unix_millis = js_sys::Date::now();
    Now {
        monotonic: Instant::from_millis(performance_now().unwrap_or(unix_millis) as u64),
        unix_millis: unix_millis as u64,
    }
}
