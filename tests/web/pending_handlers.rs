//! Promises of handlers: what comes meanwhile waits.

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
    for version in ["2", "3"] {
        device.publish_method(version);
        let topic = format!("$iothub/twin/PATCH/properties/desired/?$version={version}");
        device.publish(&topic, &format!(r#"{{"$version":{version}}}"#));
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
async fn what_waited_for_a_promise_that_is_replaced_goes_to_the_new_handler() {
    let device = Device::connected("{}").await;
    device.set_handler("onMethodRequestReceived", &deferred().0);
    device.round_trip().await;
    device.publish_method("1");
    let requests = device.record("onMethodRequestReceived");
    device.round_trip().await;
    assert_eq!(requests.len(), 1);
}

#[wasm_bindgen_test]
async fn a_promise_that_gives_no_function_is_a_background_exception() {
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
async fn what_waits_is_dropped_by_a_disconnect_also_by_one_in_a_handler() {
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
