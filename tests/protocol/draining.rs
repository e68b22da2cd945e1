//! What the client waits for before it renews the token, so that nothing is lost or done twice.

use std::time::Duration;

use iothub_device_client::protocol::client::{Feature, Options};
use iothub_device_client::protocol::mqtt::DeliveryId;
use iothub_device_client::protocol::{Client, ErrorKind, Event, Input, OperationId, Reply};

use crate::harness::Harness;
use crate::hub::{Sent, puback};

const TOPIC: &str = "devices/dev/messages/devicebound/";

/// Connected until 120 seconds before the expiry of the token, with the message "in flight"
/// unacknowledged: the renewal waits for that.
fn draining() -> Harness {
    let mut h = Harness::connected(Options::default());
    h.subscribe(Feature::Methods);
    h.client.take_messages(true);
    h.subscribe(Feature::Messages);
    h.call(Client::get_twin);
    h.advance_secs(3479);
    h.hub.script.withhold_puback = true;
    h.send("in flight");
    h.advance_secs(1);
    assert_eq!(h.hub.connections, 1);
    h
}

/// The packet identifier of the message in flight.
fn in_flight(h: &Harness) -> u16 {
    h.hub.published_on(1).iter().find(|publish| publish.3 == "in flight").unwrap().1
}

fn messages_on(h: &Harness, connection: usize) -> Vec<(bool, &str)> {
    let publishes = h.hub.published_on(connection).into_iter();
    let telemetry = publishes.filter(|publish| publish.2.starts_with("devices/"));
    telemetry.map(|(dup, _, _, body)| (dup, body)).collect()
}

fn call_method(h: &mut Harness) {
    h.deliver("$iothub/methods/POST/m/?$rid=1", "");
}

fn respond(h: &mut Harness) -> OperationId {
    let response = h.call(|client, now| client.send_method_response(now, "1", 200, "null".into()));
    h.run();
    response
}

#[test]
fn a_renewal_waits_for_what_is_in_flight_and_new_messages_wait_for_the_renewal() {
    let mut h = draining();
    let late = [h.send("late"), h.send("later")];
    h.advance_secs(3);
    assert_eq!(h.hub.connections, 1);
    let packet_id = in_flight(&h);
    h.receive(&puback(packet_id));
    assert_eq!(h.hub.connections, 2);
    assert_eq!(messages_on(&h, 1), [(false, "in flight")]);
    assert_eq!(messages_on(&h, 2), [(false, "late"), (false, "later")]);
    for packet_id in h.hub.published_on(2).iter().map(|publish| publish.1).collect::<Vec<_>>() {
        h.receive(&puback(packet_id));
    }
    assert!(late.into_iter().all(|call| h.result(call) == Ok(Reply::Done)));
    assert_eq!(h.state_changes(), [true]);
}

#[test]
fn a_method_called_while_a_renewal_waits_is_answered_once_by_the_old_connection() {
    let mut h = draining();
    call_method(&mut h);
    let packet_id = in_flight(&h);
    h.receive(&puback(packet_id));
    assert_eq!(h.hub.connections, 1, "the hub waits for the answer to the method");
    let response = respond(&mut h);
    let answers = h.hub.publishes().filter(|publish| publish.2.starts_with("$iothub/methods/"));
    let [(false, packet_id, ..)] = answers.collect::<Vec<_>>()[..] else {
        panic!("it is sent once");
    };
    assert_eq!(h.hub.connections, 1);
    h.receive(&puback(packet_id));
    assert_eq!(h.result(response), Ok(Reply::Done));
    assert_eq!(h.hub.connections, 2);
}

#[test]
fn a_renewal_does_not_wait_for_a_message_that_has_timed_out() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    let message = h.send("never acknowledged");
    h.advance_secs(60);
    assert_eq!(h.result(message), Err(ErrorKind::OperationTimeout));
    h.advance_secs(3480 - 60);
    assert_eq!(h.hub.connections, 2);
}

#[test]
fn a_renewal_waits_at_most_ten_seconds() {
    let mut h = draining();
    let late = h.send("late");
    h.advance(Duration::from_millis(9_999));
    assert_eq!(h.hub.connections, 1);
    h.hub.script.withhold_puback = false;
    h.advance(Duration::from_millis(1));
    assert_eq!(h.hub.connections, 2);
    assert_eq!(messages_on(&h, 2), [(true, "in flight"), (false, "late")]);
    assert_eq!(h.result(late), Ok(Reply::Done));
    assert_eq!(h.state_changes(), [true]);
    assert!(h.background().is_empty());
}

#[test]
fn twin_requests_around_a_renewal_are_answered() {
    let mut h = draining();
    h.hub.script.withhold_twin = true;
    let calls = [h.call(Client::get_twin), h.patch("{}")];
    h.run();
    h.hub.script.withhold_puback = false;
    h.hub.script.withhold_twin = false;
    let packet_id = in_flight(&h);
    h.receive(&puback(packet_id));
    assert!(matches!(h.result(calls[0]), Ok(Reply::Twin(_))));
    assert_eq!(h.result(calls[1]), Ok(Reply::Done));
    assert_eq!(h.hub.published_on(2).len(), 2);
}

#[test]
fn messages_that_come_while_a_renewal_waits_are_taken_and_acknowledged() {
    let mut h = draining();
    let before = h.hub.pubacks_on(1).len();
    h.deliver(TOPIC, "a");
    assert_eq!(h.messages(), ["a"]);
    assert_eq!(h.hub.pubacks_on(1).len(), before + 1);
}

#[test]
fn a_message_that_arrives_with_the_last_acknowledgement_is_delivered_once() {
    let mut h = draining();
    let message = h.hub.publish_as(99, false, TOPIC, b"a");
    let packet_id = in_flight(&h);
    h.receive(&[puback(packet_id), message].concat());
    assert_eq!(h.hub.connections, 2);
    if !h.hub.pubacks_on(1).contains(&99) {
        let again = h.hub.publish_as(99, true, TOPIC, b"a");
        h.receive(&again);
    }
    assert_eq!(h.messages(), ["a"]);
}

#[test]
fn publishes_after_disconnect_are_left_to_the_next_connection() {
    let mut h = draining();
    h.slow_close = true;
    h.advance_secs(10);
    assert_eq!(h.hub.on_connection(1).last(), Some(&&Sent::Disconnect));
    h.deliver(TOPIC, "a");
    h.deliver("$iothub/methods/POST/m/?$rid=1", "");
    h.advance_secs(5);
    assert!(h.messages().is_empty() && h.method_calls().is_empty(), "no PUBACK could follow");
    h.deliver(TOPIC, "a");
    assert_eq!(h.messages(), ["a"]);
}

/// A client that acknowledges after its handlers, with a message being handled when its token is
/// due.
fn message_in_work() -> (Harness, DeliveryId) {
    let options =
        Options { acknowledge_messages: Some("after-handler".into()), ..Options::default() };
    let mut h = Harness::connected(options);
    h.client.take_messages(true);
    h.deliver(TOPIC, "a");
    h.advance_secs(3480);
    let Some(Event::MessageReceived { delivery: Some(delivery), .. }) = h.events.last() else {
        panic!("a message was handed out");
    };
    let delivery = *delivery;
    (h, delivery)
}

#[test]
fn a_renewal_waits_for_a_message_being_handled() {
    let (mut h, delivery) = message_in_work();
    assert_eq!(h.hub.connections, 1);
    let now = h.now();
    h.client.acknowledge(now, delivery);
    h.run();
    assert_eq!(h.hub.pubacks_on(1).len(), 1);
    assert_eq!(h.hub.connections, 2);
}

#[test]
fn a_message_handled_for_too_long_is_not_acknowledged_on_the_next_connection() {
    let (mut h, delivery) = message_in_work();
    h.advance_secs(10);
    assert_eq!(h.hub.connections, 2);
    let now = h.now();
    h.client.acknowledge(now, delivery);
    h.run();
    assert!(h.hub.pubacks_on(2).is_empty());
}

#[test]
fn a_loss_while_a_renewal_waits_is_a_loss() {
    let mut h = draining();
    h.hub.script.withhold_puback = false;
    h.drop_connection();
    h.run();
    assert_eq!(h.state_changes(), [true, false, true]);
    assert_eq!(messages_on(&h, 2), [(true, "in flight")]);
    h.advance_secs(3479);
    assert_eq!(h.hub.connections, 2, "the new connection has a new token");
    h.advance_secs(1);
    assert_eq!(h.hub.connections, 3);
}

#[test]
fn connect_during_a_renewal_succeeds() {
    let mut h = draining();
    let waiting = h.call(Client::connect);
    h.run();
    h.hub.script.withhold_puback = false;
    let packet_id = in_flight(&h);
    h.receive(&puback(packet_id));
    assert_eq!(h.result(waiting), Ok(Reply::Done));
}

#[test]
fn a_message_acknowledged_after_disconnect_is_not_resent() {
    let mut h = draining();
    h.slow_close = true;
    h.advance_secs(10);
    assert_eq!(h.hub.on_connection(1).last(), Some(&&Sent::Disconnect));
    h.hub.script.withhold_puback = false;
    let packet_id = in_flight(&h);
    h.input(Input::Received(&puback(packet_id)));
    h.advance_secs(5);
    assert_eq!(h.hub.connections, 2);
    assert!(messages_on(&h, 2).is_empty());
}

#[test]
fn a_renewal_waits_for_the_answer_to_a_method_which_leaves_by_the_old_connection() {
    let mut h = Harness::connected(Options::default());
    h.subscribe(Feature::Methods);
    h.advance_secs(3479);
    call_method(&mut h);
    h.advance(Duration::from_millis(10_999));
    assert_eq!(h.hub.connections, 1);
    let response = respond(&mut h);
    assert_eq!(h.result(response), Ok(Reply::Done));
    assert_eq!(h.hub.published_on(1).len(), 1);
    assert_eq!(h.hub.connections, 2, "nothing is left to wait for");
}

#[test]
fn a_renewal_waits_for_the_answer_to_a_method_for_ten_seconds() {
    let mut h = Harness::connected(Options::default());
    h.subscribe(Feature::Methods);
    h.advance_secs(3479);
    call_method(&mut h);
    h.advance_secs(11);
    assert_eq!(h.hub.connections, 2);
    assert_eq!(h.state_changes(), [true]);
}

#[test]
fn a_renewal_does_not_wait_for_the_answer_to_a_method_beyond_the_end_of_the_token() {
    let mut h = Harness::connected(Options { sas_token_ttl: Some(10.0), ..Options::default() });
    h.subscribe(Feature::Methods);
    h.run();
    call_method(&mut h);
    h.advance(Duration::from_millis(9_999));
    assert_eq!(h.hub.connections, 1);
    h.advance(Duration::from_millis(1));
    assert_eq!(h.hub.connections, 2);
}
