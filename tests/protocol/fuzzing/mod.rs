//! What must be true for any bytes. Each function takes input as from an attacker, a broken hub or
//! a careless user, and panics if the core violates its guarantees.
//!
//! They are run by libFuzzer (`fuzz/`), and by `generated_input.rs` in every `cargo test`.

mod frames;
mod machine;
mod steps;
mod texts;

pub use frames::frames;
pub use machine::machine;
pub use texts::{connection_string, json, property_bag, sas_token, topics};
