//! The WebAssembly module: all of `iothub-device-client`, and nothing else.
//!
//! This is a separate package because Cargo silently ignores `lto` for a library that is also built
//! as an `rlib`, which the tests need. With `lto`, the module is a tenth smaller.

pub use iothub_device_client::*;
