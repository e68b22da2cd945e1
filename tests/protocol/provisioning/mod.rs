//! Registration against a scripted provisioning service in memory.

mod certificate;
mod client;
mod connection;
mod harness;
mod registering;
pub mod service;
mod timing;
mod tokens;
