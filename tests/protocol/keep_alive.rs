//! Keep alive: a ping when nothing was sent for a while, and the end of a dead connection.

use std::time::Duration;

use iothub_device_client::protocol::client::Options;
use iothub_device_client::protocol::{ConnectionState, ErrorKind, Reply};

use crate::harness::Harness;
use crate::hub::{Hub, Sent};

const TOPIC: &str = "devices/dev/messages/devicebound/";

fn pings(h: &Harness) -> usize {
    h.hub.log.iter().filter(|(_, sent)| *sent == Sent::Pingreq).count()
}

/// Connected 45 seconds ago, so that a ping was just sent that gets no response.
fn unanswered() -> Harness {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_pingresp = true;
    h.advance_secs(45);
    assert_eq!(pings(&h), 1);
    h
}

#[test]
fn a_ping_is_due_after_three_quarters_of_the_interval() {
    for (keep_alive, due) in [(None, 45_000), (Some(1.0), 750), (Some(1740.0), 1_305_000)] {
        let mut h = Harness::connected(Options { keep_alive, ..Options::default() });
        h.advance(Duration::from_millis(due - 1));
        assert_eq!(pings(&h), 0, "{keep_alive:?}");
        h.advance(Duration::from_millis(1));
        assert_eq!(pings(&h), 1, "{keep_alive:?}");
        h.advance(Duration::from_millis(due));
        assert_eq!(pings(&h), 2, "{keep_alive:?}");
    }
}

#[test]
fn no_ping_is_sent_while_packets_are() {
    let mut h = Harness::connected(Options::default());
    for _ in 0..10 {
        h.advance_secs(40);
        h.send("a");
    }
    h.advance_secs(44);
    assert_eq!(pings(&h), 0);
    h.advance_secs(1);
    assert_eq!(pings(&h), 1);
}

#[test]
fn packets_from_the_hub_do_not_postpone_a_ping() {
    let mut h = Harness::connected(Options::default());
    for _ in 0..4 {
        h.advance_secs(10);
        h.receive(&Hub::publish_at_most_once(TOPIC, b"a"));
    }
    h.advance_secs(5);
    assert_eq!(pings(&h), 1, "the hub counts what it receives");
}

#[test]
fn an_acknowledgement_of_a_delivery_puts_off_the_ping() {
    let mut h = Harness::connected(Options::default());
    h.client.take_messages(true);
    h.advance_secs(40);
    h.deliver(TOPIC, "a");
    h.advance_secs(44);
    assert_eq!(pings(&h), 0);
}

#[test]
fn without_a_sign_of_life_the_connection_is_dead_after_fifteen_seconds() {
    let mut h = unanswered();
    h.slow_open = true;
    h.advance(Duration::from_millis(14_999));
    assert_eq!(h.client.connection_state(), ConnectionState::Connected);
    h.advance(Duration::from_millis(1));
    assert_eq!(h.client.connection_state(), ConnectionState::Reconnecting);
    assert_eq!(h.state_changes(), [true, false]);
    assert_eq!(h.background(), [ErrorKind::ConnectionDropped]);
    assert_eq!(h.urls.len(), 2, "the connection had stood: the next is dialled at once");
}

#[test]
fn any_packet_is_a_sign_of_life() {
    let mut h = unanswered();
    h.advance_secs(14);
    h.receive(&Hub::publish_at_most_once(TOPIC, b"a"));
    h.advance_secs(30);
    assert_eq!(pings(&h), 1);
    assert_eq!(h.state_changes(), [true]);
    h.advance_secs(1);
    assert_eq!(pings(&h), 2, "the next ping is 45 seconds after the last packet sent");
}

#[test]
fn sending_is_no_sign_of_life() {
    let mut h = unanswered();
    h.hub.script.withhold_puback = true;
    for _ in 0..3 {
        h.advance_secs(5);
        h.send("a");
    }
    h.run();
    assert_eq!(h.hub.connections, 2);
}

#[test]
fn a_half_open_connection_is_noticed_although_messages_keep_being_sent() {
    let mut h = Harness::connected(Options::default());
    h.half_open = true;
    for _ in 0..6 {
        h.send("a");
        h.advance_secs(10);
    }
    assert_eq!(h.background(), [ErrorKind::ConnectionDropped]);
    assert_eq!(h.hub.connections, 2);
}

#[test]
fn messages_written_to_a_half_open_connection_arrive_on_the_next() {
    let mut h = Harness::connected(Options::default());
    h.half_open = true;
    let calls = [h.send("a"), h.send("b")];
    h.advance(Duration::from_millis(59_999));
    assert_eq!(h.hub.connections, 1);
    h.half_open = false;
    h.advance(Duration::from_millis(1));
    assert_eq!(h.hub.connections, 2);
    let arrived: Vec<_> = h.hub.published_on(2).into_iter().map(|publish| publish.3).collect();
    assert_eq!(arrived, ["a", "b"]);
    assert!(calls.into_iter().all(|call| h.result(call) == Ok(Reply::Done)));
}

#[test]
fn after_a_sleep_of_the_machine_a_ping_asks_first() {
    let mut h = Harness::connected(Options::default());
    h.sleep(Duration::from_secs(1800));
    assert_eq!(pings(&h), 1);
    assert_eq!(h.state_changes(), [true], "the hub has answered");
}

#[test]
fn without_a_connection_nothing_is_pinged() {
    let mut h = Harness::connected(Options::default());
    h.disconnect();
    h.advance_secs(3600);
    assert_eq!(pings(&h), 0);
}
