//! The shell: gives the core a socket, time and the user, and translates. Whoever is about to add
//! a decision about MQTT or IoT Hub here wants `protocol`.

mod client;
mod clock;
mod driver;
mod future;
mod handlers;
mod host;
mod message;
mod notify;
mod options;
mod receiving;
mod socket;
mod timer;
mod tokens;
mod watch;

use wasm_bindgen::prelude::*;

pub use client::ClientHandle;
pub use host::Host;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(error: &JsValue);
}

/// Says what went wrong before the trap of a panic says only "unreachable".
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        console_error(&format!("iothub-device-client has a bug: {panic}").into());
    }));
}

/// The version of the package.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}
