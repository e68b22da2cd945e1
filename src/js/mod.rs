//! The shell: gives the core a socket and time, and translates between it and the JavaScript of the
//! package, `pkg-template/shell.js`. Calls come in and return; nothing of the user runs inside.
//! Whoever is about to add a decision about MQTT or IoT Hub here wants `protocol`.

mod client;
mod clock;
mod command;
mod driver;
mod host;
mod message;
mod options;
mod socket;
mod timer;
mod tokens;

use wasm_bindgen::prelude::*;

pub use client::ClientHandle;
pub use host::{Host, Shell};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(error: &str);
}

/// Says what went wrong before the trap of a panic says only "unreachable".
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| {
        console_error(&format!("iothub-device-client has a bug: {panic}"));
    }));
}

/// The version of the package.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}
