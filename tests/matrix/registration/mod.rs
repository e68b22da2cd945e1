//! The fault matrix of the registration: random schedules of calls, a provisioning service that
//! keeps the truth, and faults at every step, in virtual time.

pub mod faults;
pub mod line;
pub mod requests;
mod schedule;
pub mod service;
mod world;

pub use schedule::{Played, play};
