//! The token is renewed by a new connection that nobody notices.

use std::time::Duration;

use iothub_device_client::protocol::client::{Feature, Options};
use iothub_device_client::protocol::mqtt::DeliveryId;
use iothub_device_client::protocol::{Client, ConnectionState, ErrorKind, Event, Input, Reply};
use mqttrs::ConnectReturnCode;

use crate::harness::{Harness, START_UNIX};
use crate::hub::{Sent, connack, puback};

const TOPIC: &str = "devices/dev/messages/devicebound/";

/// Connected an hour ago, less the 120 seconds before the expiry of the token, and the message
/// "in flight" has not been acknowledged: the renewal waits for that.
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

fn expiry_on(h: &Harness, connection: usize) -> u64 {
    let Sent::Connect { password, .. } = h.hub.on_connection(connection)[0] else {
        panic!("the first packet is CONNECT");
    };
    password.split_once("&se=").unwrap().1.parse().unwrap()
}

#[test]
fn a_token_is_renewed_at_the_later_of_120_seconds_before_its_end_and_four_fifths_of_its_life() {
    for (ttl, due) in [(None, 3480), (Some(601.0), 481), (Some(600.0), 480), (Some(100.0), 80)] {
        let mut h = Harness::connected(Options { sas_token_ttl: ttl, ..Options::default() });
        h.advance(Duration::from_millis(due * 1000 - 1));
        assert_eq!(h.hub.connections, 1, "{ttl:?}");
        h.advance(Duration::from_millis(1));
        assert_eq!(h.hub.connections, 2, "{ttl:?}");
        let lifetime = ttl.unwrap_or(3600.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let lifetime = lifetime as u64;
        assert_eq!(expiry_on(&h, 2), START_UNIX + 1 + due + lifetime);
        assert_eq!(h.hub.on_connection(1).last(), Some(&&Sent::Disconnect));
    }
}

#[test]
fn a_token_whose_time_has_come_by_the_wall_clock_is_renewed_at_once() {
    let mut h = Harness::connected(Options::default());
    h.set_wall_clock(3480);
    h.run();
    assert_eq!(h.hub.connections, 2, "as after a sleep of the machine");
    assert_eq!(h.state_changes(), [true]);
}

#[test]
fn the_next_token_is_renewed_too() {
    let mut h = Harness::connected(Options::default());
    h.advance_secs(10 * 3480);
    assert_eq!(h.hub.connections, 11);
}

#[test]
fn a_renewal_is_no_change_of_state() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_connack = true;
    h.advance_secs(3480);
    assert_eq!(h.hub.connections, 2);
    assert_eq!(h.client.connection_state(), ConnectionState::Connected);
    h.receive(&connack(true));
    assert_eq!(h.state_changes(), [true]);
    assert!(h.background().is_empty());
}

#[test]
fn a_token_of_a_second_does_not_make_a_tight_loop() {
    for start in [0, 1, 500, 999] {
        let mut h = Harness::with(Options { sas_token_ttl: Some(1.0), ..Options::default() });
        h.advance(Duration::from_millis(start));
        h.call(Client::connect);
        h.advance_secs(60);
        let connections = h.hub.connections;
        assert!((50..=76).contains(&connections), "{connections} in a minute");
        assert_eq!(h.state_changes(), [true]);
    }
}

#[test]
fn what_is_subscribed_is_subscribed_again() {
    let mut h = Harness::connected(Options::default());
    h.subscribe(Feature::Methods);
    h.subscribe(Feature::Messages);
    h.call(Client::get_twin);
    h.advance_secs(3480);
    assert_eq!(h.hub.subscribed_on(2).len(), 3);
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
fn a_method_response_given_during_a_renewal_arrives_once() {
    let mut h = draining();
    h.deliver("$iothub/methods/POST/m/?$rid=1", "");
    let response = h.call(|client, now| client.send_method_response(now, "1", 200, "null".into()));
    let packet_id = in_flight(&h);
    h.receive(&puback(packet_id));
    assert_eq!(h.hub.connections, 2);
    let responses = h.hub.publishes().filter(|publish| publish.2.starts_with("$iothub/methods/"));
    let [(false, packet_id, ..)] = responses.collect::<Vec<_>>()[..] else {
        panic!("it is sent once");
    };
    h.receive(&puback(packet_id));
    assert_eq!(h.result(response), Ok(Reply::Done));
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
fn a_twin_request_that_was_acknowledged_is_asked_anew() {
    let mut h = Harness::connected(Options::default());
    h.advance_secs(3479);
    h.hub.script.withhold_twin = true;
    let twin = h.call(Client::get_twin);
    h.run();
    h.hub.script.withhold_twin = false;
    h.advance_secs(1);
    assert_eq!(h.hub.connections, 2);
    assert!(matches!(h.result(twin), Ok(Reply::Twin(_))));
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
fn a_message_that_comes_with_the_last_acknowledgement_is_told_once() {
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
fn what_comes_behind_disconnect_is_left_to_the_next_connection() {
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

/// A client that acknowledges after its handlers, with a message in work when its token is due.
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
fn a_renewal_waits_for_a_message_in_work() {
    let (mut h, delivery) = message_in_work();
    assert_eq!(h.hub.connections, 1);
    let now = h.now();
    h.client.acknowledge(now, delivery);
    h.run();
    assert_eq!(h.hub.pubacks_on(1).len(), 1);
    assert_eq!(h.hub.connections, 2);
}

#[test]
fn a_message_in_work_for_too_long_is_not_acknowledged_on_the_next_connection() {
    let (mut h, delivery) = message_in_work();
    h.advance_secs(10);
    assert_eq!(h.hub.connections, 2);
    let now = h.now();
    h.client.acknowledge(now, delivery);
    h.run();
    assert!(h.hub.pubacks_on(2).is_empty());
}

#[test]
fn a_socket_that_does_not_close_delays_a_renewal_by_five_seconds() {
    let mut h = Harness::connected(Options::default());
    h.slow_close = true;
    h.advance_secs(3480);
    let message = h.send("a");
    h.advance(Duration::from_millis(4_999));
    assert_eq!(h.hub.connections, 1);
    h.advance(Duration::from_millis(1));
    assert_eq!(h.hub.connections, 2);
    assert_eq!(h.result(message), Ok(Reply::Done));
}

#[test]
fn a_renewal_that_fails_is_a_loss_and_is_tried_again() {
    let mut h = Harness::connected(Options::default());
    h.advance_secs(3479);
    h.refuse_sockets = true;
    h.advance_secs(1);
    assert_eq!(h.state_changes(), [true, false]);
    assert_eq!(h.background(), [ErrorKind::ConnectionFailed]);
    assert_eq!(h.client.connection_state(), ConnectionState::Reconnecting);
    let message = h.send("a");
    h.refuse_sockets = false;
    h.advance_secs(20);
    assert_eq!(h.result(message), Ok(Reply::Done));
    assert_eq!(h.state_changes(), [true, false, true]);
}

#[test]
fn a_renewal_that_is_refused_ends_everything_that_waits() {
    let mut h = Harness::connected(Options::default());
    h.advance_secs(3479);
    h.hub.script.connack = Some(ConnectReturnCode::NotAuthorized);
    h.hub.script.withhold_twin = true;
    let twin = h.call(Client::get_twin);
    h.advance_secs(1);
    assert_eq!(h.result(twin), Err(ErrorKind::Credential));
    assert_eq!(h.client.connection_state(), ConnectionState::Disconnected);
    assert_eq!(h.next_timeout(), None);
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
fn connect_during_a_renewal_is_fulfilled() {
    let mut h = draining();
    let waiting = h.call(Client::connect);
    h.run();
    h.hub.script.withhold_puback = false;
    let packet_id = in_flight(&h);
    h.receive(&puback(packet_id));
    assert_eq!(h.result(waiting), Ok(Reply::Done));
}

#[test]
fn an_acknowledgement_behind_disconnect_spares_a_second_sending() {
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
fn without_retry_a_renewal_is_made_all_the_same() {
    let mut h = Harness::connected(Options { connection_retry: Some(false), ..Options::default() });
    h.advance_secs(3480);
    assert_eq!(h.hub.connections, 2);
    assert_eq!(h.state_changes(), [true]);
}
