//! The bridge: gives the core a socket and time, and translates between it and the JavaScript of
//! the package, `pkg-template/shell.js`. Calls come in and return; no user code runs inside.
//! Decisions about MQTT or IoT Hub belong in `protocol`.

#![expect(missing_docs, reason = "most names are those of the core, which says what they mean")]

mod client;
mod clock;
mod driver;
mod events;
mod factories;
mod host;
mod message;
mod names;
mod options;
mod promise;
mod socket;
mod timer;
mod tokens;
mod upload;

use wasm_bindgen::prelude::*;

pub use client::ClientHandle;
pub use host::{Host, Shell};
pub use names::{ConnectionState, ErrorClass, Feature, Pumped};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(error: &str);
}

/// Prints the panic's message: the trap itself says only "unreachable".
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
