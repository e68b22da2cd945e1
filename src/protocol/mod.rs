//! The sans-I/O device client: MQTT 3.1.1 rules in [`mqtt`], Azure IoT Hub rules in [`hub`], and
//! the [`Client`] that joins them.
//!
//! # How to drive it The owner of a [`Client`] reports what happens and performs the outputs:
//!
//! 1. Call a command ([`Client::connect`], [`Client::send_message`], ...) or report an input
//!    ([`Client::handle_input`], [`Client::handle_timeout`]), each with the current time, [`Now`].
//! 2. Call [`Client::poll_output`] until it returns `None`, and do what each [`Output`] says.
//! 3. Call [`Client::next_timeout`] and arrange for [`Client::handle_timeout`] at that time.
//!
//! **After every step 1, steps 2 and 3 follow before the event loop turns.** Several commands may
//! come first: the output of a hundred is then one chunk of bytes. No input causes a panic,
//! whatever it contains: the network's bytes are data, and invalid data is an [`Error`]. Panics are
//! bugs in this crate.

mod backoff;
pub mod client;
mod endpoint;
pub mod error;
pub mod exchange;
mod failures;
pub mod hub;
mod io;
pub mod json;
pub mod mqtt;
pub mod provisioning;
mod publication;
pub mod time;
mod tokens;

pub use client::Client;
pub use error::{Error, ErrorKind};
pub use exchange::{
    Activity, ConnectionState, Event, Input, MethodRequest, OperationId, Output, Reply,
};
pub use provisioning::Registrar;
pub use time::{Instant, Now};
