//! The fault matrix of the registration: random schedules of calls, a provisioning service that
//! keeps the truth, and faults at every step, in virtual time.

mod faults;
mod schedule;
mod service;
mod world;

pub use faults::Tally;
pub use schedule::{Played, play};
