//! The platform's two clocks.

use wasm_bindgen::prelude::*;

use crate::protocol::{Instant, Now};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// The present.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
pub fn now() -> Now {
    Now {
        monotonic: Instant::from_millis(performance_now() as u64),
        unix_millis: js_sys::Date::now() as u64,
    }
}
