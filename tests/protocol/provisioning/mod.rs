//! Registration against a scripted provisioning service in memory.

mod client;
mod connection;
mod harness;
mod registering;
pub mod service;
mod timing;
mod tokens;
