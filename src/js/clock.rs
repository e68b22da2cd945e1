//! The platform's two clocks.

use std::cell::Cell;

use wasm_bindgen::prelude::*;

use crate::protocol::{Instant, Now};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

thread_local! {
    static LATEST: Cell<Option<Now>> = const { Cell::new(None) };
}

/// The present. Within a millisecond, the second clock is not asked again.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
pub fn now() -> Now {
    let monotonic = Instant::from_millis(performance_now() as u64);
    if let Some(latest) = LATEST.get().filter(|latest| latest.monotonic == monotonic) {
        return latest;
    }
    let now = Now { monotonic, unix_millis: js_sys::Date::now() as u64 };
    LATEST.set(Some(now));
    now
}
