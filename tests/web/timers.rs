//! The platform's timeouts, which count in signed 32 bits and fire immediately beyond them.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{Device, Timeouts, fulfilled, next_task};

const LONGEST_MS: f64 = 2_147_483_647.0;

#[wasm_bindgen_test]
async fn a_wait_longer_than_the_platform_can_count_does_not_end_immediately() {
    let timeouts = Timeouts::new();
    // Spread by ±20 %, the wait is sometimes over what the platform counts, sometimes below.
    while !timeouts.lengths().contains(&LONGEST_MS) {
        let device = Device::connected(r#"{"connectionRetryInterval": 2147483}"#).await;
        device.socket().end(1006);
        // A shorter one that was set before fires first.
        timeouts.fire();
        next_task().await;
        assert_eq!(device.platform.sockets().length(), 1);
        assert_eq!(device.client.connection_state(), "reconnecting");
        let lengths = timeouts.lengths();
        assert!(lengths.iter().all(|length| (0.0..=LONGEST_MS).contains(length)), "{lengths:?}");
        assert!(lengths.iter().any(|length| *length > 1e9), "{lengths:?}");
        fulfilled(device.client.shutdown()).await;
    }
    timeouts.stop();
}

#[wasm_bindgen_test]
async fn long_times_in_options_do_not_end_immediately() {
    let timeouts = Timeouts::new();
    let options = r#"{"operationTimeout": 2147483, "sasTokenTtl": 2592000, "keepAlive": 1740}"#;
    let device = Device::connected(options).await;
    device.hub.borrow_mut().script.withhold_puback = true;
    let _unanswered = device.send("waits for long");
    device.until(|| device.telemetry().len() == 1).await;
    let written = device.socket().frames().length();

    timeouts.fire();
    next_task().await;
    assert_eq!(device.socket().frames().length(), written);
    assert_eq!(device.platform.sockets().length(), 1);
    assert_eq!(device.client.connection_state(), "connected");
    let lengths = timeouts.lengths();
    assert!(!lengths.is_empty());
    assert!(lengths.iter().all(|length| (1000.0..=LONGEST_MS).contains(length)), "{lengths:?}");
    timeouts.stop();
}
