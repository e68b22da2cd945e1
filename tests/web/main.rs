//! The shell in a browser: the exported handle on sockets that the tests direct, with the scripted
//! hub of the core's own tests at their other end; and on the browser's own sockets.

#![cfg(target_arch = "wasm32")]

#[expect(dead_code, reason = "the core's tests need more of it")]
#[path = "../protocol/hub.rs"]
mod hub;
#[expect(dead_code, reason = "the core's tests need more of it")]
#[path = "../protocol/packets.rs"]
mod packets;
mod support;

mod handlers;
mod options;
mod pending_handlers;
mod platform;
mod sending;
mod sockets;
mod timers;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
