//! The device client: combines an MQTT session with the rules of IoT Hub.
//!
//! | file | what it decides |
//! | --- | --- |
//! | `machine` | inputs, outputs, and when to call the client again |
//! | `config` | the options |
//! | `connection` | dial, accept, lose, retry, renew, disconnect |
//! | `link` | the state of the connection |
//! | `assignment` | the hub, if the provisioning service assigns it: when to register, and when again |
//! | `backoff` | how long to wait before a retry |
//! | `calls` | what the user calls, and how each call settles |
//! | `waiting` | the calls that wait for the connection, or to receive |
//! | `receiving` | the session's events, and where incoming publishes go |
//! | `feature` | what can be received, and through which topic filter |
//! | `inbox` | cloud-to-device messages and their acknowledgement |
//! | `twin` | twin requests and their responses |
//! | `desired` | desired properties, without gaps or repetitions |
//! | `methods` | direct methods |
//! | `platform` | what happens when the platform sleeps or has no network |
//! | `renewal` | a new connection before the token expires |
//! | `repeats` | requests that the hub refused or did not answer, repeated on the same connection |
//! | `file_upload` | the HTTP calls of a file upload |
//! | `timers` | the table of all timers |
//! | `failures` | error messages |

mod assignment;
mod backoff;
mod calls;
mod config;
mod connection;
mod desired;
mod failures;
mod feature;
mod file_upload;
#[cfg(feature = "forced-panic")]
mod forced_panic;
mod inbox;
mod link;
mod machine;
mod methods;
mod platform;
mod receiving;
mod renewal;
mod repeats;
mod timers;
mod twin;
mod waiting;

pub use config::{Acknowledge, Config, ConnectionRetry, Options};
pub use feature::Feature;
pub use file_upload::HttpRequest;
pub use machine::Client;
