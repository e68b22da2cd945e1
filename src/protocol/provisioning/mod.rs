//! Registration with the Azure IoT Hub Device Provisioning Service, which assigns a device to a hub.
//!
//! Source:
//! [Communicate with DPS using the MQTT protocol](https://learn.microsoft.com/azure/iot/iot-mqtt-connect-to-iot-dps).
//!
//! | file | what it decides |
//! | --- | --- |
//! | `machine` | inputs, outputs, and when to call the machine again |
//! | `connection` | dial, accept, lose, retry, disconnect |
//! | `registration` | one call: its requests, and when it ends |
//! | `answer` | the responses of the service |
//! | `config` | which device registers, and how |
//! | `failures` | error messages |

mod answer;
mod config;
mod connection;
mod failures;
mod machine;
mod registration;

pub use answer::Assignment;
pub use config::{Config, Registrant, check_registration_id};
pub use machine::Registrar;
