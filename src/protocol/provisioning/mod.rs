//! Registration with the Azure IoT Hub Device Provisioning Service, which assigns a device to a hub.
//!
//! Source:
//! [Communicate with DPS using the MQTT protocol](https://learn.microsoft.com/azure/iot/iot-mqtt-connect-to-iot-dps).
//!
//! | file | what it decides |
//! | --- | --- |
//! | `machine` | what goes in and comes out, and when it is to be called again |
//! | `connection` | dial, accept, lose, try again, leave |
//! | `registration` | one call: what is asked, and when it ends |
//! | `answer` | what the service says |
//! | `config` | who registers, and how |
//! | `failures` | the sentences of errors |

mod answer;
mod config;
mod connection;
mod failures;
mod machine;
mod registration;

pub use answer::Assignment;
pub use config::{Config, Registrant, check_registration_id};
pub use machine::Registrar;
