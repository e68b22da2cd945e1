//! The device client: joins an MQTT session with the rules of IoT Hub.
//!
//! | file | what it decides |
//! | --- | --- |
//! | `machine` | what goes in and comes out, and when it is to be called again |
//! | `config` | the options |
//! | `endpoint` | the URL to dial |
//! | `connection` | dial, accept, lose, retry, renew, disconnect |
//! | `io` | what every part may do: publish, subscribe, tell the user |
//! | `link` | where the connection is |
//! | `backoff` | how long to wait before the connection is tried again |
//! | `calls` | what the user calls, and how each call settles |
//! | `waiting` | the calls that wait for the connection, or to receive |
//! | `publication` | what waits for an answer of the hub, by its name |
//! | `receiving` | what the session tells, and where incoming publishes go |
//! | `feature` | what may be received, and by which topic filter |
//! | `inbox` | cloud-to-device messages and their acknowledgement |
//! | `twin` | twin requests and their answers |
//! | `desired` | desired properties without gap or repetition |
//! | `methods` | direct methods |
//! | `platform` | what follows when the platform sleeps, or has no network |
//! | `tokens` | SAS tokens, made or asked for |
//! | `renewal` | a new connection before the token expires |
//! | `repeats` | what the hub refused or did not answer, asked for again on the same connection |
//! | `file_upload` | what the HTTP calls say |
//! | `timers` | the table of all timers |
//! | `failures` | the sentences of errors |
//! | `exchange` | the types of what goes in and out |

mod backoff;
mod calls;
mod config;
mod connection;
mod desired;
mod endpoint;
mod exchange;
mod failures;
mod feature;
mod file_upload;
#[cfg(feature = "forced-panic")]
mod forced_panic;
mod inbox;
mod io;
mod link;
mod machine;
mod methods;
mod platform;
mod publication;
mod receiving;
mod renewal;
mod repeats;
mod timers;
mod tokens;
mod twin;
mod waiting;

pub use config::{Acknowledge, Config, ConnectionRetry, Options};
pub use exchange::{Activity, ConnectionState, Event, Input, MethodRequest, Output, Reply};
pub use feature::Feature;
pub use file_upload::HttpRequest;
pub use machine::Client;
pub use publication::OperationId;
