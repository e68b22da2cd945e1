//! What Azure IoT Hub adds to MQTT: credentials, topics, property bags, twins and methods.
//!
//! Source:
//! [Communicate with an IoT hub using MQTT](https://learn.microsoft.com/azure/iot/iot-mqtt-connect-to-iot-hub).

pub mod connect;
pub mod connection_string;
pub mod credentials;
pub mod file_upload;
pub mod identity;
pub mod message;
pub mod percent;
pub mod properties;
pub mod sas_token;
pub mod topic;
pub mod twin;

pub use credentials::Credentials;
pub use identity::Identity;
pub use message::{Message, MessageProperties};

/// The version of the service's API that the client uses.
pub const API_VERSION: &str = "2021-04-12";
