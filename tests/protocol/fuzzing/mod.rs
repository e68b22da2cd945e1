//! What must hold for any bytes at all. Each function takes what an attacker, a broken hub or a
//! careless user may give, and panics if the core does not keep its promises.
//!
//! They are run by libFuzzer (`fuzz/`), and by `generated_input.rs` in every `cargo test`.

mod frames;
mod machine;
mod steps;
mod texts;

pub use frames::frames;
pub use machine::machine;
pub use texts::{connection_string, json, property_bag, sas_token, topics};
