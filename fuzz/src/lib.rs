//! The entry points of the tests in `tests/protocol/fuzzing`, for libFuzzer.

#![allow(dead_code, reason = "the harness is that of all tests")]

#[path = "../../tests/protocol/fuzzing/mod.rs"]
mod fuzzing;
#[path = "../../tests/protocol/harness.rs"]
mod harness;
#[path = "../../tests/protocol/hub.rs"]
mod hub;
#[path = "../../tests/protocol/packets.rs"]
mod packets;

pub use fuzzing::*;
