//! Telemetry: order, acknowledgement, limits.

use std::time::Duration;

use iothub_device_client::protocol::client::Options;
use iothub_device_client::protocol::hub::{Message, MessageProperties};
use iothub_device_client::protocol::{Client, ErrorKind, Reply};

use crate::harness::Harness;
use crate::hub::{Sent, puback};

fn bodies(h: &Harness) -> Vec<String> {
    h.hub.publishes().map(|(_, _, _, body)| String::from_utf8(body.into()).unwrap()).collect()
}

#[test]
fn a_message_settles_with_its_puback() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    let message = h.send("hello");
    h.run();
    assert!(!h.is_settled(message));
    h.receive(&puback(1));
    assert_eq!(h.result(message), Ok(Reply::Done));
}

#[test]
fn properties_are_in_the_topic() {
    let mut h = Harness::connected(Options::default());
    let mut properties = MessageProperties {
        message_id: Some("1".into()),
        content_type: Some("application/json".into()),
        ..MessageProperties::default()
    };
    properties.set_custom("b".into(), Some("a b+".into()));
    properties.set_custom("a".into(), None);
    let message = Message { body: "{}".into(), properties };
    h.call(|client, now| client.send_message(now, message));
    h.run();
    let (dup, _, topic, body) = h.hub.publishes().next().unwrap();
    assert_eq!(
        topic,
        "devices/dev/messages/events/%24.mid=1&%24.ct=application%2Fjson&a&b=a%20b%2B"
    );
    assert_eq!((dup, body), (false, b"{}".as_slice()));
}

#[test]
fn a_thousand_messages_of_one_turn_are_a_few_writes_in_order() {
    let mut h = Harness::connected(Options::default());
    let before = h.writes;
    let body = |n: usize| format!("{n:0100}");
    let calls: Vec<_> = (0..1000).map(|n| h.send(&body(n))).collect();
    h.run();
    assert!(h.writes - before < 20, "{}", h.writes - before);
    assert!(bodies(&h).into_iter().eq((0..1000).map(body)));
    assert!(calls.into_iter().all(|call| h.result(call) == Ok(Reply::Done)));
}

#[test]
fn acknowledgements_may_come_in_any_order() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    let calls: Vec<_> = (0..50).map(|n| h.send(&n.to_string())).collect();
    h.run();
    for packet_id in (1..=50).rev() {
        h.receive(&puback(packet_id));
        assert!(h.is_settled(calls[usize::from(packet_id) - 1]));
    }
}

#[test]
fn an_unknown_or_repeated_puback_is_ignored() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    let message = h.send("a");
    h.run();
    h.receive(&puback(77));
    assert!(!h.is_settled(message));
    h.receive(&puback(1));
    h.receive(&puback(1));
    assert_eq!(h.result(message), Ok(Reply::Done));
    assert!(h.socket_is_open());
}

/// All but the eight that subscriptions may need.
const PUBLISHES_IN_FLIGHT: u16 = 65_527;

/// A client that has sent and given up enough unacknowledged messages that every packet identifier
/// for messages is in use.
fn without_identifiers() -> Harness {
    let mut h = Harness::connected(Options { operation_timeout: Some(5.0), ..Options::default() });
    h.hub.script.withhold_puback = true;
    for _ in 0..PUBLISHES_IN_FLIGHT {
        h.send("");
    }
    h.advance_secs(400);
    assert_eq!(h.hub.publishes().count(), usize::from(PUBLISHES_IN_FLIGHT));
    h
}

#[test]
fn with_every_packet_identifier_in_use_a_reconnect_subscribes_first_and_loses_nothing() {
    let mut h = Harness::connected(Options { operation_timeout: Some(0.0), ..Options::default() });
    h.hub.script.withhold_twin = true;
    let twin = h.call(Client::get_twin);
    h.run();
    h.hub.script.withhold_puback = true;
    let calls: Vec<_> = (0..70_000).map(|_| h.send("")).collect();
    h.run();
    h.hub.script.withhold_puback = false;
    h.hub.script.withhold_twin = false;
    h.drop_connection();
    h.advance_secs(20);
    let packets = h.hub.on_connection(2);
    assert!(matches!(packets[1], Sent::Subscribe { .. }), "{:?}", packets[1]);
    assert!(matches!(h.result(twin), Ok(Reply::Twin(_))));
    assert!(calls.into_iter().all(|call| h.result(call) == Ok(Reply::Done)));
}

#[test]
fn too_large_a_message_is_refused_before_it_is_sent() {
    let mut h = Harness::connected(Options::default());
    let send = |h: &mut Harness, size: usize| {
        let message = Message { body: vec![b'x'; size].into(), ..Message::default() };
        h.try_call(|client, now| client.send_message(now, message))
    };
    assert!(send(&mut h, 262_144).is_ok());
    assert_eq!(send(&mut h, 262_145).unwrap_err().kind(), ErrorKind::OutOfRange);
    h.run();
    assert_eq!(h.hub.publishes().count(), 1);
}

#[test]
fn properties_that_no_topic_can_hold_are_refused() {
    let mut h = Harness::connected(Options::default());
    let mut properties = MessageProperties::default();
    properties.set_custom("k".into(), Some("ä".repeat(12_000).into()));
    let message = Message { properties, ..Message::default() };
    let error = h.try_call(|client, now| client.send_message(now, message)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutOfRange);
}

#[test]
fn one_message_more_than_may_wait_is_refused_immediately() {
    let mut h =
        Harness::connected(Options { max_pending_messages: Some(2.0), ..Options::default() });
    h.hub.script.withhold_puback = true;
    h.send("a");
    h.send("b");
    let message = || Message::default();
    let error = h.try_call(|client, now| client.send_message(now, message())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Client);
    assert!(error.message().contains("maxPendingMessages"));
    h.run();
    h.receive(&puback(1));
    assert!(h.try_call(|client, now| client.send_message(now, message())).is_ok());
}

#[test]
fn a_message_that_has_failed_leaves_its_place_to_another() {
    let mut h =
        Harness::connected(Options { max_pending_messages: Some(1.0), ..Options::default() });
    h.hub.script.withhold_puback = true;
    let failed = h.send("a");
    h.advance_secs(60);
    assert_eq!(h.result(failed), Err(ErrorKind::OperationTimeout));
    h.hub.script.withhold_puback = false;
    let another = h.send("b");
    h.run();
    assert_eq!(h.result(another), Ok(Reply::Done));
}

#[test]
fn an_unanswered_message_times_out_and_is_not_resent() {
    let mut h = Harness::connected(Options { operation_timeout: Some(5.0), ..Options::default() });
    h.hub.script.withhold_puback = true;
    let first = h.send("first");
    h.advance_secs(3);
    let second = h.send("second");
    h.advance(Duration::from_millis(1_999));
    assert!(!h.is_settled(first));
    h.advance(Duration::from_millis(1));
    assert_eq!(h.result(first), Err(ErrorKind::OperationTimeout));
    assert!(!h.is_settled(second));
    h.drop_connection();
    h.advance_secs(60);
    assert_eq!(bodies(&h), ["first", "second", "second"]);
}

#[test]
fn a_withdrawn_message_keeps_its_packet_identifier_until_its_puback() {
    let mut h = without_identifiers();
    let last = h.send("");
    h.run();
    let last_sent = |h: &Harness| h.hub.publishes().last().unwrap().1;
    assert_eq!(last_sent(&h), PUBLISHES_IN_FLIGHT, "one has to wait for an identifier");
    h.receive(&puback(1));
    assert_eq!(last_sent(&h), PUBLISHES_IN_FLIGHT + 1);
    assert!(!h.is_settled(last), "the late acknowledgement belongs to nobody");
    h.receive(&puback(PUBLISHES_IN_FLIGHT + 1));
    assert_eq!(h.result(last), Ok(Reply::Done));
}

#[test]
fn the_packet_identifier_of_a_withdrawn_message_is_free_on_the_next_connection() {
    let mut h = without_identifiers();
    h.drop_connection();
    h.advance_secs(20);
    h.send("");
    h.run();
    assert_eq!(h.hub.published_on(2).len(), 1);
}

#[test]
fn with_a_timeout_of_zero_a_message_waits_forever() {
    let mut h = Harness::connected(Options { operation_timeout: Some(0.0), ..Options::default() });
    h.hub.script.withhold_puback = true;
    let message = h.send("a");
    h.advance_secs(1000);
    assert!(!h.is_settled(message));
}
