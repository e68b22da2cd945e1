//! Sockets that misbehave, and that end.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::support::{
    ClientError, Device, assert_nothing_is_uncaught, closed, create_client, fulfilled, message_of,
    name_of, real_platform, rejected,
};

const RECONNECT_AT_ONCE: &str = r#"{"connectionRetryInterval": 0.001}"#;
/// No program listens there: the port is reserved, and browsers do not block it.
const REFUSED: &str = r#"{"endpoint": "ws://127.0.0.1:2/"}"#;

#[wasm_bindgen_test]
async fn a_server_that_does_not_agree_to_the_sub_protocol_is_a_failed_connection() {
    for protocol in ["", "mqttv3.1"] {
        let device = Device::new("{}");
        device.platform.set_protocol(protocol);
        let error = rejected(device.client.connect()).await;
        assert_eq!(name_of(&error), "ConnectionFailedError");
        assert!(message_of(&error).contains("sub-protocol"), "{}", message_of(&error));
        assert!(device.socket().aborted());
        assert_eq!(device.socket().frames().length(), 0, "the token is not shown to it");
        assert_eq!(device.client.connection_state(), "disconnected");
    }
}

#[wasm_bindgen_test]
async fn a_text_frame_ends_the_connection() {
    let device = Device::connected("{}").await;
    let errors = device.record("onBackgroundException");
    device.socket().deliver(&"text".into());
    device.until(|| errors.len() == 1).await;
    assert!(device.socket().aborted());
    assert_eq!(device.client.connection_state(), "reconnecting");
    assert!(errors.get(0).has_type::<ClientError>());
    assert_nothing_is_uncaught().await;
}

#[wasm_bindgen_test]
async fn late_events_of_a_dropped_socket_are_ignored() {
    let device = Device::connected(RECONNECT_AT_ONCE).await;
    let messages = device.record("onMessageReceived");
    let states = device.record("onConnectionStateChange");
    device.round_trip().await;
    let first = device.socket();
    first.deliver(&"text".into());
    device.until(|| states.len() == 2).await;
    device.round_trip().await;

    let message = device.hub.borrow_mut().publish("devices/d/messages/devicebound/", b"late");
    first.deliver(&Uint8Array::from(&message[..]));
    first.deliver(&"more text".into());
    first.end(1006);
    device.round_trip().await;
    assert_eq!((messages.len(), states.len()), (0, 2));
    assert_eq!(device.client.connection_state(), "connected");
    assert_eq!(device.platform.sockets().length(), 2);
    assert_nothing_is_uncaught().await;
}

#[wasm_bindgen_test]
async fn a_socket_that_breaks_is_replaced_and_nothing_accepted_is_lost() {
    let device = Device::connected(RECONNECT_AT_ONCE).await;
    device.hub.borrow_mut().script.withhold_puback = true;
    let sent = device.send("once more");
    device.until(|| device.telemetry().len() == 1).await;
    device.hub.borrow_mut().script.withhold_puback = false;
    device.socket().end(1006);
    fulfilled(sent).await;
    assert_eq!(device.telemetry(), ["once more", "once more"]);
    assert_eq!(device.platform.sockets().length(), 2);
}

#[wasm_bindgen_test]
async fn a_call_made_when_the_socket_has_just_broken_waits_for_the_next() {
    let device = Device::connected(RECONNECT_AT_ONCE).await;
    let sent = device.send("written to a broken socket");
    device.socket().end(1006);
    fulfilled(sent).await;
    assert_eq!(device.telemetry(), ["written to a broken socket"]);
}

#[wasm_bindgen_test]
async fn a_disconnect_writes_what_was_queued_before_it_closes() {
    let device = Device::connected("{}").await;
    let cancelled = device.send("last words");
    let disconnected = device.client.disconnect();
    assert_eq!(name_of(&rejected(cancelled).await), "OperationCancelled");
    fulfilled(disconnected).await;
    assert_eq!(device.telemetry(), ["last words"]);
    assert!(!device.socket().aborted(), "it was closed with a closing handshake");
    assert_eq!(device.client.connection_state(), "disconnected");
}

#[wasm_bindgen_test]
async fn a_port_that_refuses_is_a_failed_connection() {
    let platform = real_platform();
    let client = create_client(REFUSED).unwrap();
    let error = rejected(client.connect()).await;
    assert_eq!(name_of(&error), "ConnectionFailedError");
    assert_eq!(client.connection_state(), "disconnected");
    assert_eq!(platform.sockets().length(), 1);
    assert_nothing_is_uncaught().await;
}

#[wasm_bindgen_test]
async fn a_url_that_the_browser_refuses_is_a_failed_connection() {
    let platform = real_platform();
    let client = create_client(r#"{"endpoint": "wss://h.example:99999/"}"#).unwrap();
    let error = rejected(client.connect()).await;
    assert_eq!(name_of(&error), "ConnectionFailedError");
    assert!(message_of(&error).contains("99999"), "{}", message_of(&error));
    assert_eq!(platform.sockets().length(), 0);
}

#[wasm_bindgen_test]
async fn a_browsers_socket_abandoned_while_it_opens_ends_in_silence() {
    let platform = real_platform();
    let client = create_client(REFUSED).unwrap();
    let connected = client.connect();
    let cancelled = rejected(connected);
    // The socket is opened when this turn has ended.
    fulfilled(js_sys::Promise::resolve(&JsValue::UNDEFINED)).await;
    let socket = platform.sockets().get(0);
    let ended = closed(&socket);
    fulfilled(client.disconnect()).await;
    assert_eq!(name_of(&cancelled.await), "OperationCancelled");
    fulfilled(ended).await;
    assert_nothing_is_uncaught().await;
    assert_eq!(platform.sockets().length(), 1);
}
