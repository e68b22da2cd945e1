//! A fast caller, a slow network or a fast hub use limited memory.

use iothub_device_client::protocol::client::{Feature, Options};
use iothub_device_client::protocol::hub::Message;
use iothub_device_client::protocol::mqtt::DeliveryId;
use iothub_device_client::protocol::{Client, ErrorKind, Event, Reply};

use crate::harness::Harness;
use crate::hub::puback;

const WINDOW: u16 = 1024;
/// The number of acknowledgements that make room together.
const PORTION: u16 = 256;
const MESSAGES: &str = "devices/dev/messages/devicebound/";

fn no_timeout() -> Options {
    Options { operation_timeout: Some(0.0), ..Options::default() }
}

/// The publishes to topics with this prefix.
fn published(h: &Harness, prefix: &str) -> usize {
    h.hub.publishes().filter(|(_, _, topic, _)| topic.starts_with(prefix)).count()
}

#[test]
fn at_most_1024_publishes_wait_for_their_puback_at_the_same_time() {
    let mut h = Harness::connected(no_timeout());
    h.hub.script.withhold_puback = true;
    let calls: Vec<_> = (0..3000).map(|n| h.send(&n.to_string())).collect();
    h.run();
    assert_eq!(h.hub.publishes().count(), 1024);
    for acknowledged in 1..=3000 {
        h.receive(&puback(acknowledged));
        let sent = usize::from(WINDOW + acknowledged / PORTION * PORTION).min(3000);
        assert_eq!(h.hub.publishes().count(), sent);
    }
    assert!(calls.into_iter().all(|call| h.result(call) == Ok(Reply::Done)));
    let bodies = h.hub.publishes().map(|(_, _, _, body)| String::from_utf8(body.into()).unwrap());
    assert!(bodies.eq((0..3000).map(|n| n.to_string())), "in their order");
}

#[test]
fn a_twin_request_takes_the_first_place_that_is_free() {
    let mut h = Harness::connected(no_timeout());
    h.call(Client::get_twin);
    h.run();
    h.hub.script.withhold_puback = true;
    for _ in 0..1024 {
        h.send("");
    }
    h.run();
    let before = h.hub.publishes().count();
    h.call(Client::get_twin);
    h.run();
    assert_eq!(h.hub.publishes().count(), before);
    h.receive(&puback(3));
    assert_eq!(h.hub.publishes().count(), before + 1);
}

#[test]
fn after_a_loss_the_window_holds_again() {
    let mut h = Harness::connected(no_timeout());
    h.hub.script.withhold_puback = true;
    for _ in 0..3000 {
        h.send("");
    }
    h.run();
    h.drop_connection();
    h.advance_secs(20);
    let again = h.hub.published_on(2);
    assert_eq!(again.len(), 1024);
    assert!(again.into_iter().all(|(dup, _, _, _)| dup));
}

#[test]
fn a_withdrawn_message_leaves_its_place_in_the_window() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    for _ in 0..1025 {
        h.send("");
    }
    h.advance_secs(59);
    assert_eq!(h.hub.publishes().count(), 1024);
    h.advance_secs(1);
    assert_eq!(h.hub.publishes().count(), 1025);
}

#[test]
fn the_places_that_requests_without_an_answer_leave_are_enough() {
    let mut h = Harness::connected(no_timeout());
    h.hub.script.withhold_twin = true;
    for _ in 0..1000 {
        h.call(Client::get_twin);
    }
    h.run();
    let calls: Vec<_> = (0..3000).map(|_| h.send("")).collect();
    h.run();
    assert!(calls.into_iter().all(|call| h.result(call) == Ok(Reply::Done)));
}

#[test]
fn withdrawing_an_unsent_message_does_not_affect_sent_ones() {
    let mut h = Harness::connected(no_timeout());
    h.hub.script.withhold_puback = true;
    h.send("a");
    h.run();
    h.client.set_room(0);
    let unsent = h.send("b");
    h.run();
    let now = h.now();
    h.client.withdraw(now, unsent);
    h.client.set_room(1);
    h.send("c");
    h.run();
    let bodies: Vec<_> = h.hub.publishes().map(|(_, _, _, body)| body.to_vec()).collect();
    assert_eq!(bodies, [b"a", b"c"]);
}

#[test]
fn publishes_are_encoded_only_when_the_transport_has_room() {
    let mut h = Harness::connected(no_timeout());
    h.client.set_room(100_000);
    let body = "x".repeat(10_000);
    let calls: Vec<_> = (0..100).map(|_| h.send(&body)).collect();
    h.run();
    let sent = h.hub.publishes().count();
    assert!((10..20).contains(&sent), "one piece more than the room at most: {sent}");
    h.client.set_room(0);
    h.run();
    assert_eq!(h.hub.publishes().count(), sent);
    h.client.set_room(usize::MAX);
    h.run();
    assert!(calls.into_iter().all(|call| h.result(call) == Ok(Reply::Done)));
}

#[test]
fn without_room_acknowledgements_subscriptions_and_pings_are_written() {
    let mut h = Harness::connected(no_timeout());
    h.client.set_room(0);
    h.client.take_messages(true);
    h.subscribe(Feature::Messages);
    h.send("waits");
    h.run();
    h.deliver(MESSAGES, "a");
    h.advance_secs(100);
    assert_eq!(h.hub.subscribed_on(1), ["devices/dev/messages/devicebound/#"]);
    assert_eq!(h.hub.pubacks_on(1), [1]);
    assert_eq!(h.hub.publishes().count(), 0);
    assert_eq!(h.state_changes(), [true], "pings were answered");
}

#[test]
fn disconnect_writes_what_was_queued_whatever_window_and_room_say() {
    let mut h = Harness::connected(no_timeout());
    h.client.set_room(0);
    for _ in 0..3000 {
        h.send("");
    }
    h.disconnect();
    h.run();
    assert_eq!(h.hub.publishes().count(), 3000);
}

#[test]
fn one_twin_request_more_than_may_wait_is_refused_immediately() {
    let mut h =
        Harness::connected(Options { max_pending_messages: Some(2.0), ..Options::default() });
    h.hub.script.withhold_twin = true;
    h.call(Client::get_twin);
    h.patch("{}");
    h.run();
    for call in [Client::get_twin, |client: &mut Client, now| {
        client.patch_reported_properties(now, "{}".into())
    }] {
        let error = h.try_call(call).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Client);
        assert!(error.message().contains("maxPendingMessages"), "{error}");
    }
    h.send("telemetry is counted by itself");
    let (_, _, topic, _) = h.hub.publishes().next().unwrap();
    let topic = topic.to_owned();
    let answer = h.hub.twin_answer(&topic);
    h.receive(&answer);
    assert!(h.try_call(Client::get_twin).is_ok());
}

#[test]
fn thousands_of_twin_requests_fail_together_at_disconnect() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_twin = true;
    let calls: Vec<_> = (0..30_000).map(|_| h.call(Client::get_twin)).collect();
    h.run();
    h.disconnect();
    h.run();
    assert!(calls.into_iter().all(|call| h.result(call) == Err(ErrorKind::OperationCancelled)));
}

fn call_method(h: &mut Harness, number: usize) {
    h.deliver(&format!("$iothub/methods/POST/m/?$rid={number}"), "null");
}

#[test]
fn a_method_beyond_1024_waiting_ones_is_answered_503() {
    let mut h = Harness::connected(no_timeout());
    h.subscribe(Feature::Methods);
    h.run();
    for number in 0..1025 {
        call_method(&mut h, number);
    }
    assert_eq!(h.method_calls().len(), 1024);
    assert_eq!(published(&h, "$iothub/methods/res/503/?$rid=1024"), 1);
    h.call(|client, now| client.send_method_response(now, "7", 200, "null".into()));
    call_method(&mut h, 2000);
    assert_eq!(h.method_calls().len(), 1025, "an answer has made room");
}

#[test]
fn methods_that_are_never_answered_make_room_when_the_hub_has_given_them_up() {
    let mut h = Harness::connected(no_timeout());
    h.subscribe(Feature::Methods);
    h.run();
    for number in 0..1024 {
        call_method(&mut h, number);
    }
    h.advance_secs(299);
    call_method(&mut h, 1024);
    assert_eq!(h.method_calls().len(), 1024);
    h.advance_secs(1);
    call_method(&mut h, 1025);
    assert_eq!(h.method_calls().len(), 1025);
}

#[test]
fn a_hub_that_acknowledges_no_answers_gets_no_more_than_1024() {
    let mut h = Harness::connected(no_timeout());
    h.subscribe(Feature::Methods);
    h.run();
    h.hub.script.withhold_puback = true;
    for number in 0..3000 {
        h.deliver(&format!("$iothub/methods/POST/m/?$rid={number}"), "not JSON");
    }
    assert_eq!(published(&h, "$iothub/methods/res/400/"), 1024);
    for acknowledged in 2..2 + PORTION {
        h.receive(&puback(acknowledged));
    }
    h.deliver("$iothub/methods/POST/m/?$rid=3000", "not JSON");
    assert_eq!(published(&h, "$iothub/methods/res/400/?$rid=3000"), 1);
}

#[test]
fn answers_lost_with_the_connection_leave_their_places_to_others() {
    let mut h = Harness::connected(no_timeout());
    h.subscribe(Feature::Methods);
    h.run();
    h.hub.script.withhold_puback = true;
    for number in 0..1024 {
        h.deliver(&format!("$iothub/methods/POST/m/?$rid={number}"), "not JSON");
    }
    h.drop_connection();
    h.advance_secs(20);
    h.deliver("$iothub/methods/POST/m/?$rid=1024", "not JSON");
    assert_eq!(published(&h, "$iothub/methods/res/400/?$rid=1024"), 1);
}

#[test]
fn messages_beyond_1024_being_handled_wait_and_are_delivered_in_order() {
    let mut h = Harness::connected(Options {
        acknowledge_messages: Some("after-handler".into()),
        ..Options::default()
    });
    h.client.take_messages(true);
    h.subscribe(Feature::Messages);
    h.run();
    for number in 0..1100 {
        h.deliver(MESSAGES, &number.to_string());
    }
    assert_eq!(h.messages().len(), 1024);
    for handled in 0..1100 {
        let delivery = nth_delivery(&h, handled);
        let now = h.now();
        h.client.acknowledge(now, delivery);
        h.run();
        assert_eq!(h.messages().len(), (1025 + handled).min(1100));
    }
    assert!(h.messages().into_iter().eq((0..1100).map(|n| n.to_string())));
    assert!(h.hub.pubacks_on(1).into_iter().eq(1..=1100));
}

fn nth_delivery(h: &Harness, index: usize) -> DeliveryId {
    let mut deliveries = h.events.iter().filter_map(|event| match event {
        Event::MessageReceived { delivery, .. } => Some(delivery.expect("to acknowledge")),
        _ => None,
    });
    deliveries.nth(index).expect("handed out")
}

#[test]
fn messages_being_handled_delay_no_other_acknowledgements() {
    let mut h = Harness::connected(Options {
        acknowledge_messages: Some("after-handler".into()),
        ..Options::default()
    });
    h.client.take_messages(true);
    for feature in [Feature::Messages, Feature::Methods, Feature::DesiredProperties] {
        h.subscribe(feature);
    }
    h.run();
    let before = h.hub.pubacks_on(1).len();
    h.deliver(MESSAGES, "in work");
    assert_eq!(h.hub.pubacks_on(1).len(), before);
    call_method(&mut h, 1);
    h.deliver("$iothub/twin/PATCH/properties/desired/?$version=2", r#"{"$version":2}"#);
    let twin = h.call(Client::get_twin);
    let message = h.call(|client, now| client.send_message(now, Message::default()));
    h.run();
    assert_eq!(h.hub.pubacks_on(1).len(), before + 3, "method, patch and twin");
    assert!(matches!(h.result(twin), Ok(Reply::Twin(_))));
    assert_eq!(h.result(message), Ok(Reply::Done));
}

#[test]
fn patches_beyond_1024_waiting_for_the_twin_are_fetched_instead() {
    let mut h = Harness::with(no_timeout());
    h.hub.script.withhold_twin = true;
    h.subscribe(Feature::DesiredProperties);
    h.run();
    for version in 2..2000 {
        let topic = format!("$iothub/twin/PATCH/properties/desired/?$version={version}");
        h.deliver(&topic, &format!(r#"{{"$version":{version}}}"#));
    }
    let fetches: Vec<_> = h.hub.publishes().map(|(_, _, topic, _)| topic.to_owned()).collect();
    assert_eq!(fetches.len(), 2, "a second fetch in place of the first 1025 patches");
    h.hub.script.twin = r#"{"desired":{"$version":1500},"reported":{"$version":1}}"#.into();
    for fetch in fetches {
        let answer = h.hub.twin_answer(&fetch);
        h.receive(&answer);
    }
    let delivered: Vec<_> =
        (1500..2000).map(|version| format!(r#"{{"$version":{version}}}"#)).collect();
    assert_eq!(
        h.desired_properties(),
        delivered,
        "none twice, and none but what the twin holds skipped"
    );
}
