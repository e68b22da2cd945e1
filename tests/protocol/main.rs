//! The core against a scripted hub in memory, in virtual time: no sockets, no clocks, no sleeps.
//! The hub uses `mqttrs` for MQTT, so that no packet is checked only by the codec that wrote it.

#![cfg(not(target_arch = "wasm32"))]

mod fuzzing;
mod harness;
mod hub;
mod packets;

mod back_pressure;
mod cloud_to_device;
mod configuration;
mod connecting;
mod desired_properties;
mod draining;
mod file_upload;
mod first_connection;
mod generated_input;
mod keep_alive;
mod leaving;
mod malformed_input;
mod methods;
mod platform;
mod provisioning;
mod receive_calls;
mod reconnect;
mod renewal;
mod repeats;
mod resending;
mod sending;
mod tokens;
mod twin;
mod withdrawing;
