//! Notifications of the platform, and a socket that is full.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::hub::Sent;
use crate::support::{
    Device, assert_nothing_is_uncaught, fulfilled, is_pending, message_of, name_of, next_task,
    rejected,
};

fn is_ping(sent: &Sent) -> bool {
    *sent == Sent::Pingreq
}

#[wasm_bindgen_test]
async fn the_platform_is_listened_to_only_while_there_is_a_connection_to_care_for() {
    let device = Device::new("{}");
    assert_eq!(device.platform.watches().length(), 0);
    fulfilled(device.client.connect()).await;
    let watch = device.watch();
    assert_eq!(watch.resource(), "h.example/devices/d");
    assert!(!watch.is_stopped());
    fulfilled(device.client.disconnect()).await;
    assert!(watch.is_stopped());

    fulfilled(device.client.connect()).await;
    assert_eq!(device.platform.watches().length(), 2);
    fulfilled(device.client.shutdown()).await;
    assert!(device.watch().is_stopped());
}

#[wasm_bindgen_test]
async fn online_ends_the_wait_for_a_retry() {
    let device = Device::connected("{}").await;
    device.socket().end(1006);
    next_task().await;
    assert_eq!(device.client.connection_state(), "reconnecting");
    device.watch().report(&true.into());
    device.round_trip().await;
    assert_eq!(device.platform.sockets().length(), 2);
    assert_eq!(device.platform.watches().length(), 1, "it has listened all the time");
}

#[wasm_bindgen_test]
async fn offline_sends_a_ping_to_the_hub() {
    let device = Device::connected("{}").await;
    device.watch().report(&false.into());
    device.until_sent(is_ping).await;
    device.round_trip().await;
    assert_eq!(device.platform.sockets().length(), 1);
}

#[wasm_bindgen_test]
async fn a_client_takes_over_when_it_connects_and_not_when_it_reconnects() {
    let device = Device::connected(r#"{"connectionRetryInterval": 0.001}"#).await;
    assert_eq!(device.watch().taken_over(), 1);
    device.socket().end(1006);
    device.round_trip().await;
    assert_eq!(device.watch().taken_over(), 1);
}

#[wasm_bindgen_test]
async fn a_client_that_is_replaced_says_so_and_stays_away() {
    let device = Device::connected("{}").await;
    let errors = device.record("onBackgroundException");
    let states = device.record("onConnectionStateChange");
    device.watch().report(&JsValue::UNDEFINED);
    device.until(|| errors.len() == 1 && states.len() == 1).await;
    assert_eq!(name_of(&errors.get(0).into()), "ConnectionDroppedError");
    assert_eq!(device.client.connection_state(), "disconnected");
    let watch = device.watch();
    device.until(|| watch.is_stopped()).await;
    let error = rejected(device.send("from behind")).await;
    assert_eq!(name_of(&error), "NoConnectionError");
    assert!(message_of(&error).contains("connect()"), "{}", message_of(&error));
    assert_nothing_is_uncaught().await;
}

#[wasm_bindgen_test]
async fn a_full_socket_is_given_no_more_messages_until_something_has_left_it() {
    let device = Device::connected("{}").await;
    device.platform.set_buffered_amount(262_144);
    let sent: Promise = device.send("waits");
    device.publish_message("this is acknowledged in between");
    device.record("onMessageReceived");
    device.until_sent(|sent| matches!(sent, Sent::Puback(_))).await;
    assert!(is_pending(&sent).await);
    assert_eq!(device.telemetry(), [""; 0]);

    device.platform.set_buffered_amount(262_143);
    device.publish_message("something arrives");
    fulfilled(sent).await;
    assert_eq!(device.telemetry(), ["waits"]);
}
