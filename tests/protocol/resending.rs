//! Calls and subscriptions when the connection is lost.

use iothub_device_client::protocol::client::{ConnectionRetry, Feature, Options};
use iothub_device_client::protocol::hub::message::Message;
use iothub_device_client::protocol::{
    Client, ConnectionState, ErrorKind, Input, OperationId, Reply,
};

use crate::harness::Harness;
use crate::hub::{Sent, connack, puback};

const METHODS: &str = "$iothub/methods/POST/#";

#[test]
fn everything_wanted_is_subscribed_again_before_anything_is_sent() {
    for session_present in [true, false] {
        let mut h = Harness::connected(Options::default());
        h.subscribe(Feature::Methods);
        h.subscribe(Feature::Messages);
        h.call(Client::get_twin);
        h.run();
        h.hub.script.withhold_puback = true;
        h.send("a");
        h.run();
        h.hub.script.withhold_connack = true;
        h.drop_connection();
        h.advance_secs(20);
        h.receive(&connack(session_present));
        let packets = h.hub.on_connection(2);
        let is_subscribe = |sent: &&Sent| matches!(sent, Sent::Subscribe { .. });
        assert!(packets[1..4].iter().all(is_subscribe), "{packets:?}");
        assert!(matches!(packets[4], Sent::Publish { .. }));
        assert_eq!(packets.len(), 5);
    }
}

#[test]
fn unacknowledged_messages_are_resent_in_order_before_newer_ones() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    let early: Vec<OperationId> = ["a", "b", "c", "d"].map(|body| h.send(body)).into();
    h.run();
    h.receive(&puback(2));
    h.drop_connection();
    let late = [h.send("e"), h.send("f")];
    h.hub.script.withhold_puback = false;
    h.advance_secs(20);
    assert_eq!(
        h.hub.bodies_on(2),
        [(true, "a"), (true, "c"), (true, "d"), (false, "e"), (false, "f")]
    );
    let ids: Vec<u16> = h.hub.published_on(2).iter().map(|publish| publish.1).collect();
    assert_eq!(ids[..3], [1, 3, 4], "a duplicate keeps its identifier");
    assert!(early.into_iter().chain(late).all(|call| h.result(call) == Ok(Reply::Done)));
}

#[test]
fn several_drops_lose_and_reorder_nothing() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    let mut calls = Vec::new();
    for round in 0..2 {
        calls.extend((0..100).map(|n| h.send(&format!("{round} {n}"))));
        h.run();
        h.drop_connection();
        h.advance_secs(20);
    }
    h.hub.script.withhold_puback = false;
    h.drop_connection();
    h.advance_secs(20);
    // The oldest has seen three connections end.
    assert_eq!(h.result(calls[0]), Err(ErrorKind::DroppedAgain));
    let last = h.hub.connections;
    let expected = (0..2).flat_map(|round| (0..100).map(move |n| format!("{round} {n}"))).skip(1);
    assert!(h.hub.bodies_on(last).into_iter().map(|(_, body)| body.to_owned()).eq(expected));
    assert!(calls[1..].iter().all(|&call| h.result(call) == Ok(Reply::Done)));
}

#[test]
fn an_acknowledgement_that_came_before_the_drop_counts() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    let message = h.send("a");
    h.run();
    h.input(Input::Received(&puback(1)));
    h.drop_connection();
    h.advance_secs(20);
    assert_eq!(h.result(message), Ok(Reply::Done));
    assert!(h.hub.bodies_on(2).is_empty());
}

#[test]
fn the_third_end_without_an_acknowledgement_fails_the_oldest_publish_alone() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    let calls = ["refused", "good", "better"].map(|body| h.send(body));
    h.run();
    for end in 1..=3 {
        assert!(calls.iter().all(|&call| !h.is_settled(call)), "before end {end}");
        h.drop_connection();
        h.advance_secs(20);
    }
    assert_eq!(h.result(calls[0]), Err(ErrorKind::DroppedAgain));
    assert!(h.error(calls[0]).message().contains("three times"));
    assert_eq!(h.hub.bodies_on(4), [(true, "good"), (true, "better")]);
    h.hub.script.withhold_puback = false;
    h.drop_connection();
    h.advance_secs(20);
    assert!(calls[1..].iter().all(|&call| h.result(call) == Ok(Reply::Done)));
}

#[test]
fn failed_attempts_do_not_count_as_ended_connections() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    let message = h.send("a");
    h.run();
    h.refuse_sockets = true;
    h.drop_connection();
    h.advance_secs(600);
    assert!(!h.is_settled(message));
    h.refuse_sockets = false;
    h.hub.script.withhold_puback = false;
    h.advance_secs(20);
    assert_eq!(h.result(message), Ok(Reply::Done));
}

#[test]
fn calls_while_reconnecting_wait_in_order_however_long_it_takes() {
    let mut h = Harness::reconnecting(Options { auto_connect: Some(false), ..Options::default() });
    h.refuse_sockets = true;
    let calls = [h.send("a"), h.call(Client::get_twin), h.patch("{}"), h.send("b")];
    h.advance_secs(3600);
    assert!(calls.iter().all(|&call| !h.is_settled(call)), "operationTimeout does not run");
    h.refuse_sockets = false;
    h.advance_secs(20);
    assert_eq!(h.result(calls[0]), Ok(Reply::Done));
    assert!(matches!(h.result(calls[1]), Ok(Reply::Twin(_))));
    assert_eq!(h.result(calls[2]), Ok(Reply::Done));
    assert_eq!(h.result(calls[3]), Ok(Reply::Done));
    let messages: Vec<_> =
        h.hub.published_on(2).iter().filter(|p| p.2.starts_with("devices/")).map(|p| p.3).collect();
    assert_eq!(messages, ["a", "b"]);
}

#[test]
fn an_operation_has_its_whole_time_on_each_connection() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    let message = h.send("a");
    h.advance_secs(59);
    h.drop_connection();
    h.run();
    assert_eq!(h.hub.connections, 2);
    h.advance_secs(59);
    assert!(!h.is_settled(message));
    h.advance_secs(1);
    assert_eq!(h.result(message), Err(ErrorKind::OperationTimeout));
}

#[test]
fn a_stored_message_outlives_the_operation_timeout_and_others_do_not() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    let stored = h.call(|client, now| client.send_stored(now, Message::default()));
    let other = h.send("other");
    h.advance_secs(60);
    assert_eq!(h.result(other), Err(ErrorKind::OperationTimeout));
    h.advance_secs(3600);
    assert!(!h.is_settled(stored));
    h.hub.script.withhold_puback = false;
    h.drop_connection();
    h.run();
    assert_eq!(h.result(stored), Ok(Reply::Done));
}

#[test]
fn without_retry_a_loss_fails_everything_for_good() {
    for loss in [&[][..], &[0xff, 0]] {
        let options =
            Options { connection_retry: Some(ConnectionRetry::Never), ..Options::default() };
        let mut h = Harness::connected(options);
        h.hub.script.withhold_twin = true;
        let asked = h.call(Client::get_twin);
        h.run();
        h.hub.script.withhold_puback = true;
        h.hub.script.withhold_suback = true;
        h.subscribe(Feature::Methods);
        let calls = [asked, h.send("a"), h.patch("{}"), h.call(Client::connect)];
        h.run();
        if loss.is_empty() {
            h.drop_connection();
            h.run();
        } else {
            h.receive(loss);
        }
        for call in &calls[..3] {
            assert_eq!(h.result(*call), Err(ErrorKind::ConnectionDropped), "{loss:?}");
        }
        assert!(h.is_settled(calls[3]));
        assert_eq!(h.client.connection_state(), ConnectionState::Disconnected);
        h.advance_secs(3600);
        assert_eq!(h.urls.len(), 1);
        h.call(Client::connect);
        h.run();
        assert!(h.hub.bodies_on(2).is_empty(), "what has failed is not sent again");
    }
}

#[test]
fn a_filter_that_is_unsubscribed_while_offline_is_unsubscribed_on_the_next_connection() {
    let mut h = Harness::connected(Options::default());
    h.subscribe(Feature::Methods);
    h.run();
    h.drop_connection();
    h.client.unsubscribe(Feature::Methods);
    h.advance_secs(20);
    assert!(h.hub.subscribed_on(2).is_empty());
    let unsubscribed = Sent::Unsubscribe { packet_id: 2, filters: vec![METHODS.into()] };
    assert!(h.hub.on_connection(2).contains(&&unsubscribed), "{:?}", h.hub.on_connection(2));
    h.drop_connection();
    h.advance_secs(20);
    assert_eq!(h.hub.on_connection(3).len(), 1, "once is enough");
}

#[test]
fn a_filter_that_is_unsubscribed_and_wanted_again_while_offline_is_subscribed() {
    let mut h = Harness::connected(Options::default());
    h.subscribe(Feature::Methods);
    h.run();
    h.drop_connection();
    h.client.unsubscribe(Feature::Methods);
    h.subscribe(Feature::Methods);
    h.advance_secs(20);
    assert_eq!(h.hub.subscribed_on(2), [METHODS]);
    assert_eq!(h.hub.on_connection(2).len(), 2);
}
