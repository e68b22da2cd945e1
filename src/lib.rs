//! Azure IoT Hub device client for browsers, workers and Node.js. [`protocol`] is a pure state
//! machine for MQTT 3.1.1 and Azure IoT Hub. It uses no clock, no socket, no randomness and no
//! JavaScript. The `bridge` module (feature `js`, on by default) gives it a WebSocket, time and a
//! JavaScript class. `docs/ARCHITECTURE.md` shows how they meet.

#![warn(missing_docs)]

pub mod protocol;

#[cfg(feature = "js")]
pub mod bridge;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
