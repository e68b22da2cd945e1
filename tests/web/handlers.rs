//! Handlers: when they are called, what they may do, and what happens when they fail.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Error, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::hub::Sent;
use crate::support::{
    ClientError, Device, MethodResponse, assert_nothing_is_uncaught, call, fulfilled, function,
    message_of, name_of, next_task, record_console_errors, text_of,
};

#[wasm_bindgen_test]
async fn handlers_are_never_called_inside_a_call_of_the_client() {
    let device = Device::new("{}");
    let inside = Rc::new(Cell::new(false));
    let calls = Rc::new(RefCell::new(Vec::new()));
    let handler = || {
        let (inside, calls, platform) = (inside.clone(), calls.clone(), device.platform.clone());
        function(move |_| {
            calls.borrow_mut().push(inside.get());
            platform.notify();
            Ok(JsValue::UNDEFINED)
        })
    };
    let within = |work: &dyn Fn() -> Promise| {
        inside.set(true);
        let promise = work();
        inside.set(false);
        fulfilled(promise)
    };
    device.set_handler("onConnectionStateChange", &handler());
    within(&|| device.client.connect()).await;
    // It arrives before there is a receiver, so that setting the handler delivers it.
    device.publish_message("held");
    within(&|| {
        device.set_handler("onMessageReceived", &handler());
        Promise::resolve(&JsValue::UNDEFINED)
    })
    .await;
    device.until(|| calls.borrow().len() == 2).await;
    within(&|| device.client.disconnect()).await;
    assert_eq!(*calls.borrow(), [false; 3]);
}

#[wasm_bindgen_test]
async fn a_handler_may_send_and_set_handlers() {
    let device = Rc::new(Device::connected("{}").await);
    let (replacement, later) = device.recorder();
    let own = device.clone();
    let handler = function(move |message| {
        let _settles_later = own.send(&format!("answer to {}", text_of(&message)));
        own.set_handler("onMessageReceived", &replacement);
        own.set_handler("onMethodRequestReceived", &JsValue::NULL);
        Ok(JsValue::UNDEFINED)
    });
    device.set_handler("onMessageReceived", &handler);
    let mut bytes = Vec::new();
    for body in [b"1", b"2"] {
        bytes.extend(device.hub.borrow_mut().publish("devices/d/messages/devicebound/", body));
    }
    device.deliver(&bytes);
    device.until(|| device.telemetry() == ["answer to 1"]).await;
    assert_eq!(later.texts(), ["2"]);
}

#[wasm_bindgen_test]
async fn no_handler_starts_after_one_has_disconnected() {
    for shuts_down in [false, true] {
        let device = Rc::new(Device::connected("{}").await);
        let count = Rc::new(Cell::new(0));
        let (own, calls) = (device.clone(), count.clone());
        let handler = function(move |_| {
            calls.set(calls.get() + 1);
            Ok(if shuts_down { own.client.shutdown() } else { own.client.disconnect() }.into())
        });
        device.set_handler("onMessageReceived", &handler);
        let mut bytes = Vec::new();
        for body in [b"1", b"2"] {
            bytes.extend(device.hub.borrow_mut().publish("devices/d/messages/devicebound/", body));
        }
        device.deliver(&bytes);
        device.until_sent(|sent| *sent == Sent::Disconnect).await;
        fulfilled(device.client.disconnect()).await;
        assert_eq!(count.get(), 1);
        assert_eq!(device.client.connection_state(), "disconnected");
    }
}

#[wasm_bindgen_test]
async fn the_error_of_a_handler_is_the_cause_of_a_background_exception() {
    let device = Device::connected("{}").await;
    let errors = device.record("onBackgroundException");
    let thrown = JsValue::from(Error::new("bug in the application"));
    let throws = thrown.clone();
    let rejects = thrown.clone();
    for handler in [
        function(move |_| Err(throws.clone())),
        function(move |_| Ok(Promise::reject(&rejects).into())),
    ] {
        let before = errors.len();
        device.set_handler("onMessageReceived", &handler);
        device.publish_message("x");
        device.until(|| errors.len() > before).await;
        let error: Error = errors.get(before).into();
        assert!(error.has_type::<ClientError>());
        assert_eq!(name_of(&error), "ClientError");
        assert!(message_of(&error).contains("onMessageReceived"), "{}", message_of(&error));
        assert!(Object::is(&error.cause(), &thrown));
    }
    device.round_trip().await;
    assert_eq!(device.client.connection_state(), "connected");
    assert_nothing_is_uncaught().await;
}

#[wasm_bindgen_test]
async fn an_error_without_a_handler_is_one_line_on_the_console() {
    let device = Device::connected("{}").await;
    let thrown = JsValue::from(Error::new("bug in the application"));
    let also = JsValue::from(Error::new("bug in the handler of errors"));
    let throws = thrown.clone();
    device.set_handler("onMessageReceived", &function(move |_| Err(throws.clone())));

    let printed = Array::new();
    let stop = record_console_errors(&printed);
    device.publish_message("nobody is set");
    next_task().await;
    let throws = also.clone();
    device.set_handler("onBackgroundException", &function(move |_| Err(throws.clone())));
    device.publish_message("the one that is set throws");
    next_task().await;
    call(&stop, &JsValue::UNDEFINED);

    assert_eq!(printed.length(), 2);
    assert!(Object::is(&printed.get(0).unchecked_into::<Error>().cause(), &thrown));
    assert!(Object::is(&printed.get(1), &also));
}

#[wasm_bindgen_test]
async fn an_invalid_handler_is_a_type_error_that_names_the_property() {
    let device = Device::new("{}");
    for name in ["onMessageReceived", "onBackgroundException"] {
        for value in [JsValue::from(1), "f".into(), true.into(), Object::new().into()] {
            let error = Error::from(device.client.set_handler(name, &value).unwrap_err());
            assert_eq!(name_of(&error), "TypeError");
            assert!(message_of(&error).contains(name), "{}", message_of(&error));
        }
    }
}

#[wasm_bindgen_test]
async fn the_result_of_a_method_handler_is_its_response() {
    let device = Device::connected("{}").await;
    let immediate = function(|_| Ok(MethodResponse::new("a", 201, &JsValue::NULL).into()));
    let eventual =
        function(|_| Ok(Promise::resolve(&MethodResponse::new("b", 202, &"x".into())).into()));
    for (request_id, handler) in [("a", immediate), ("b", eventual)] {
        device.set_handler("onMethodRequestReceived", &handler);
        device.publish_method(request_id);
        device.until_sent(|sent| answers(sent, request_id)).await;
    }
    let hub = device.hub.borrow();
    let answers: Vec<_> = hub.publishes().map(|(_, _, topic, body)| (topic, body)).collect();
    assert_eq!(answers[0], ("$iothub/methods/res/201/?$rid=a", &b"null"[..]));
    assert_eq!(answers[1], ("$iothub/methods/res/202/?$rid=b", &b"\"x\""[..]));
}

#[wasm_bindgen_test]
async fn an_answer_whose_request_id_is_no_string_harms_nothing() {
    let device = Device::connected("{}").await;
    let handler = function(|_| {
        let response = MethodResponse::new("1", 200, &JsValue::NULL);
        Reflect::set(&response, &"requestId".into(), &5.into())?;
        Ok(response.into())
    });
    let errors = device.record("onBackgroundException");
    device.set_handler("onMethodRequestReceived", &handler);
    device.publish_method("1");
    device.until(|| errors.len() == 1).await;
    device.round_trip().await;
    assert_nothing_is_uncaught().await;
}

#[wasm_bindgen_test]
async fn javascript_that_runs_while_a_property_is_set_may_call_the_client() {
    let device = Rc::new(Device::connected("{}").await);
    let returned = Rc::new(Cell::new(false));
    let (own, has_returned) = (device.clone(), returned.clone());
    let getter = function(move |_| {
        own.set_handler("onMessageReceived", &JsValue::NULL);
        has_returned.set(true);
        Ok(JsValue::UNDEFINED)
    });
    let descriptor = Object::new();
    Reflect::set(&descriptor, &"get".into(), &getter).unwrap();
    let value = Object::define_property(&Object::new(), &"then".into(), &descriptor);
    device.client.set_handler("onMessageReceived", &value).expect_err("it is no Promise");
    assert!(returned.get());
    device.round_trip().await;
}

fn answers(sent: &Sent, request_id: &str) -> bool {
    matches!(sent, Sent::Publish { topic, .. } if topic.ends_with(&format!("$rid={request_id}")))
}
