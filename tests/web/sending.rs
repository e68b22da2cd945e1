//! Calls, the bytes they become, and their Promises.

use js_sys::{Array, Uint8Array};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::hub::{Sent, puback};
use crate::support::{Device, fulfilled, is_pending, next_task};

fn is_publish(sent: &Sent) -> bool {
    matches!(sent, Sent::Publish { .. })
}

#[wasm_bindgen_test]
async fn a_promise_settles_with_its_puback_and_not_before() {
    let device = Device::connected("{}").await;
    device.hub.borrow_mut().script.withhold_puback = true;
    let (first, second) = (device.send("first"), device.send("second"));
    device.until_sent(is_publish).await;
    next_task().await;
    assert!(is_pending(&first).await && is_pending(&second).await);

    let first_id = device.hub.borrow().publishes().next().unwrap().1;
    device.deliver(&puback(first_id));
    fulfilled(first).await;
    assert!(is_pending(&second).await);
}

#[wasm_bindgen_test]
async fn a_thousand_calls_of_one_turn_are_a_few_writes_with_all_in_order() {
    let device = Device::connected("{}").await;
    let before = device.socket().frames().length();
    let bodies: Vec<String> = (0..1000).map(|n| format!("{n}{}", "x".repeat(150))).collect();
    let calls: Array = bodies.iter().map(|body| device.send(body)).collect();
    assert_eq!(device.socket().frames().length(), before, "nothing leaves inside a call");

    let acknowledged = fulfilled(js_sys::Promise::all(&calls));
    device.until(|| device.telemetry().len() == 1000).await;
    let writes = device.socket().frames().slice(before, before + 1000);
    assert!((2..20).contains(&writes.length()), "{} writes", writes.length());
    let longest = writes.iter().map(|frame| Uint8Array::from(frame).length()).max();
    assert!(longest <= Some(65_536 + 1024), "they are cut at about 64 KB: {longest:?}");
    assert_eq!(device.telemetry(), bodies);
    acknowledged.await;
}

#[wasm_bindgen_test]
async fn a_body_that_changes_after_the_call_is_sent_as_it_was() {
    let Device { client, platform, hub } = Device::connected("{}").await;
    let body = Uint8Array::from(&b"as it was"[..]);
    let promise = client.send_message(&body);
    body.fill(0, 0, body.length());
    fulfilled(promise).await;
    assert_eq!(hub.borrow().publishes().last().unwrap().3, b"as it was");
    assert_eq!(platform.sockets().length(), 1);
}
