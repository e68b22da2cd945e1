//! Promises of handlers: later events wait for them.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Error, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::hub::Sent;
use crate::support::{
    ClientError, Device, assert_nothing_is_uncaught, call, deferred, fulfilled, function,
    message_of, next_task,
};

fn acknowledged(device: &Device) -> usize {
    let hub = device.hub.borrow();
    hub.log.iter().filter(|(_, sent)| matches!(sent, Sent::Puback(_))).count()
}

/// How many events may wait for one handler.
const LIMIT: usize = 1024;

fn publish_patch(device: &Device, version: usize) {
    let topic = format!("$iothub/twin/PATCH/properties/desired/?$version={version}");
    device.publish(&topic, &format!(r#"{{"$version":{version}}}"#));
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
fn version_of(properties: &JsValue) -> usize {
    let version = js_sys::Reflect::get(properties, &"$version".into()).unwrap();
    version.as_f64().unwrap() as usize
}

fn is_twin_request(sent: &Sent) -> bool {
    matches!(sent, Sent::Publish { topic, .. } if topic.starts_with("$iothub/twin/GET/"))
}

fn has_unsubscribed(device: &Device) -> bool {
    let hub = device.hub.borrow();
    hub.log.iter().any(|(_, sent)| matches!(sent, Sent::Unsubscribe { .. }))
}

#[wasm_bindgen_test]
async fn messages_wait_unacknowledged_and_are_then_delivered_in_order() {
    let device = Device::connected("{}").await;
    let (promise, resolve) = deferred();
    device.set_handler("onMessageReceived", &promise);
    device.publish_message("1");
    device.publish_message("2");
    device.round_trip().await;
    assert_eq!(acknowledged(&device), 0);

    let (handler, messages) = device.recorder();
    call(&resolve, &handler);
    device.publish_message("3");
    device.until(|| messages.len() == 3).await;
    device.round_trip().await;
    assert_eq!(messages.texts(), ["1", "2", "3"]);
    assert_eq!(acknowledged(&device), 3);
}

#[wasm_bindgen_test]
async fn method_calls_and_patches_wait_too() {
    let device = Device::connected(r#"{"ensureDesiredProperties": false}"#).await;
    let (methods, resolve_methods) = deferred();
    let (patches, resolve_patches) = deferred();
    device.set_handler("onMethodRequestReceived", &methods);
    device.set_handler("onTwinDesiredPropertiesPatchReceived", &patches);
    device.round_trip().await;
    for version in [2, 3] {
        device.publish_method(&version.to_string());
        publish_patch(&device, version);
    }
    device.round_trip().await;

    for (resolve, field) in [(resolve_methods, "requestId"), (resolve_patches, "$version")] {
        let (handler, calls) = device.recorder();
        call(&resolve, &handler);
        device.until(|| calls.len() == 2).await;
        let values = [0, 1].map(|n| js_sys::Reflect::get(&calls.get(n), &field.into()).unwrap());
        let numbers =
            values.map(|value| value.as_string().or(value.as_f64().map(|n| n.to_string())));
        assert_eq!(numbers, [Some("2".into()), Some("3".into())]);
    }
}

#[wasm_bindgen_test]
async fn too_many_patches_that_wait_are_left_to_the_twin() {
    let device = Device::connected("{}").await;
    let (promise, resolve) = deferred();
    device.set_handler("onTwinDesiredPropertiesPatchReceived", &promise);
    device.until_sent(is_twin_request).await;
    // The whole of version 1 waits, too.
    for version in 2..=LIMIT {
        publish_patch(&device, version);
    }
    device.round_trip().await;
    assert!(!has_unsubscribed(&device));
    let whole = LIMIT + 1;
    publish_patch(&device, whole);
    device.round_trip().await;
    assert!(has_unsubscribed(&device));

    device.hub.borrow_mut().script.twin = format!(r#"{{"desired":{{"$version":{whole}}}}}"#);
    let (handler, patches) = device.recorder();
    call(&resolve, &handler);
    device.until(|| patches.len() > 0).await;
    publish_patch(&device, whole + 1);
    device.until(|| patches.len() > 1).await;
    assert_eq!([0, 1].map(|n| version_of(&patches.get(n))), [whole, whole + 1]);
}

#[wasm_bindgen_test]
async fn of_too_many_method_calls_that_wait_the_oldest_are_dropped() {
    let device = Device::connected("{}").await;
    let (promise, resolve) = deferred();
    device.set_handler("onMethodRequestReceived", &promise);
    device.round_trip().await;
    for number in 0..LIMIT {
        device.publish_method(&format!("old {number}"));
    }
    // The hub no longer waits for responses to those.
    device.socket().end(1006);
    fulfilled(device.client.connect()).await;
    device.publish_method("new");
    device.round_trip().await;

    let (handler, requests) = device.recorder();
    call(&resolve, &handler);
    device.until(|| requests.len() >= LIMIT).await;
    let ids = [0, LIMIT - 1].map(|n| {
        let id = js_sys::Reflect::get(&requests.get(n), &"requestId".into()).unwrap();
        id.as_string().unwrap()
    });
    // On a later connection a request has a name of that connection.
    assert_eq!(ids, ["old 1", "new.1"]);
}

#[wasm_bindgen_test]
async fn a_promise_that_was_replaced_is_ignored() {
    let device = Device::connected("{}").await;
    let errors = device.record("onBackgroundException");
    let (promise, resolve) = deferred();
    device.set_handler("onMessageReceived", &promise);
    device.set_handler("onMessageReceived", &Promise::reject(&"replaced, too".into()));
    device.publish_message("waits");
    let messages = device.record("onMessageReceived");
    let (handler, ignored) = device.recorder();
    call(&resolve, &handler);
    device.until(|| messages.len() == 1).await;
    device.publish_message("again");
    device.round_trip().await;
    assert_eq!(messages.texts(), ["waits", "again"]);
    assert_eq!((ignored.len(), errors.len()), (0, 0));
    assert_nothing_is_uncaught().await;
}

#[wasm_bindgen_test]
async fn events_that_waited_for_a_replaced_promise_go_to_the_new_handler() {
    let device = Device::connected("{}").await;
    device.set_handler("onMethodRequestReceived", &deferred().0);
    device.round_trip().await;
    device.publish_method("1");
    let requests = device.record("onMethodRequestReceived");
    device.round_trip().await;
    assert_eq!(requests.len(), 1);
}

#[wasm_bindgen_test]
async fn a_promise_that_resolves_to_no_function_is_a_background_exception() {
    let device = Device::connected("{}").await;
    let errors = device.record("onBackgroundException");
    let reason = JsValue::from("could not be loaded");
    for (promise, cause) in [
        (Promise::resolve(&JsValue::from(1)), JsValue::UNDEFINED),
        (Promise::reject(&reason), reason.clone()),
    ] {
        let before = errors.len();
        device.set_handler("onMessageReceived", &promise);
        device.until(|| errors.len() > before).await;
        let error: Error = errors.get(before).into();
        assert!(error.has_type::<ClientError>());
        assert!(message_of(&error).contains("onMessageReceived"), "{}", message_of(&error));
        assert_eq!(error.cause(), cause);
    }
    assert_nothing_is_uncaught().await;
}

#[wasm_bindgen_test]
async fn a_disconnect_drops_waiting_events_even_in_a_handler() {
    let device = Rc::new(Device::connected("{}").await);
    let (promise, resolve) = deferred();
    device.set_handler("onMethodRequestReceived", &promise);
    device.round_trip().await;
    device.publish_method("1");
    device.publish_method("2");
    let count = Rc::new(Cell::new(0));
    let (own, calls) = (device.clone(), count.clone());
    let handler = function(move |_| {
        calls.set(calls.get() + 1);
        Ok(own.client.disconnect().into())
    });
    call(&resolve, &handler);
    device.until_sent(|sent| *sent == Sent::Disconnect).await;
    next_task().await;
    assert_eq!(count.get(), 1);

    fulfilled(device.client.connect()).await;
    let (promise, resolve) = deferred();
    device.set_handler("onMethodRequestReceived", &promise);
    device.round_trip().await;
    device.publish_method("3");
    fulfilled(device.client.disconnect()).await;
    let (handler, requests) = device.recorder();
    call(&resolve, &handler);
    next_task().await;
    assert_eq!(requests.len(), 0);
}
