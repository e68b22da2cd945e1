//! The WebAssembly module: all of `iothub-device-client`, and nothing else.
//!
//! A package of its own because Cargo leaves `lto` away, without a word, from a library that is
//! also made for Rust (`rlib`), as the tests need it. The module is a tenth smaller with it.

pub use iothub_device_client::*;
