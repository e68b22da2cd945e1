//! Notifications of the platform: networks that come and go, sleep, a second client of the same
//! device.

use std::time::Duration;

use iothub_device_client::protocol::client::{Feature, Options};
use iothub_device_client::protocol::{Client, ConnectionState, ErrorKind, Input, Reply};

use crate::harness::{Harness, START_UNIX};
use crate::hub::Sent;

fn pings(h: &Harness) -> usize {
    h.hub.log.iter().filter(|(_, sent)| *sent == Sent::Pingreq).count()
}

/// Passes the input, then runs.
fn tell(h: &mut Harness, input: Input<'_>) {
    h.input(input);
    h.run();
}

/// The expiry of the token of a connection.
fn expiry_on(h: &Harness, connection: usize) -> u64 {
    match h.hub.on_connection(connection)[0] {
        Sent::Connect { password, .. } => {
            password.split_once("se=").unwrap().1.split('&').next().unwrap().parse().unwrap()
        }
        other => panic!("{other:?} is no CONNECT"),
    }
}

#[test]
fn online_ends_the_wait_for_a_retry() {
    let mut h = Harness::reconnecting(Options::default());
    tell(&mut h, Input::Online);
    assert_eq!(h.client.connection_state(), ConnectionState::Connected);
    assert_eq!(h.hub.connections, 2);
}

#[test]
fn offline_makes_a_retry_wait_for_online() {
    let mut h = Harness::reconnecting(Options::default());
    h.refuse_sockets = true;
    tell(&mut h, Input::Offline);
    h.advance_secs(47);
    assert_eq!(h.urls.len(), 1, "no attempt was made");
    h.refuse_sockets = false;
    tell(&mut h, Input::Online);
    assert_eq!(h.hub.connections, 2);
}

#[test]
fn a_platform_that_never_reports_online_is_not_trusted_forever() {
    let mut h = Harness::reconnecting(Options::default());
    h.refuse_sockets = true;
    tell(&mut h, Input::Offline);
    h.advance_secs(10 * 72);
    let attempts = h.urls.len() - 1;
    assert!((10..=15).contains(&attempts), "one in 60 seconds, ±20 %: {attempts}");
    h.refuse_sockets = false;
    h.advance_secs(72);
    assert_eq!(h.client.connection_state(), ConnectionState::Connected);
}

#[test]
fn a_connection_lost_while_offline_is_restored_when_online() {
    let mut h = Harness::connected(Options::default());
    h.advance_secs(30);
    tell(&mut h, Input::Offline);
    h.drop_connection();
    h.run();
    assert_eq!(h.urls.len(), 1, "nothing is dialled without a network");
    tell(&mut h, Input::Online);
    assert_eq!(h.hub.connections, 2);
}

#[test]
fn while_offline_a_call_that_needs_a_connection_still_tries() {
    let mut h = Harness::new();
    tell(&mut h, Input::Offline);
    let message = h.send("to a hub on this machine");
    h.run();
    assert_eq!(h.result(message), Ok(Reply::Done));
}

#[test]
fn a_connection_that_answers_survives_offline_and_online() {
    let mut h = Harness::connected(Options::default());
    for input in [Input::Offline, Input::Online] {
        tell(&mut h, input);
        h.advance_secs(20);
    }
    assert_eq!(pings(&h), 2);
    assert_eq!((h.hub.connections, h.state_changes()), (1, vec![true]));
    h.drop_connection();
    h.run();
    assert_eq!(h.hub.connections, 2, "online again, a loss is made good at once");
}

#[test]
fn a_dead_connection_is_noticed_five_seconds_after_offline_or_online() {
    for input in [Input::Offline, Input::Online] {
        let mut h = Harness::connected(Options::default());
        h.half_open = true;
        tell(&mut h, input);
        h.advance(Duration::from_millis(4_999));
        assert_eq!(h.state_changes(), [true]);
        h.advance(Duration::from_millis(1));
        assert_eq!(h.state_changes(), [true, false]);
    }
}

#[test]
fn repeated_events_do_not_put_off_the_end_of_a_dead_connection() {
    let mut h = Harness::connected(Options::default());
    h.half_open = true;
    for _ in 0..5 {
        assert_eq!(h.state_changes(), [true]);
        tell(&mut h, Input::Online);
        h.advance_secs(1);
    }
    assert_eq!(h.state_changes(), [true, false]);
}

#[test]
fn after_a_change_of_network_the_client_reconnects_immediately_even_after_a_short_connection() {
    let mut h = Harness::connected(Options::default());
    h.half_open = true;
    tell(&mut h, Input::Online);
    h.half_open = false;
    h.drop_connection();
    h.run();
    assert_eq!(h.hub.connections, 2);
}

#[test]
fn after_a_sleep_that_stopped_the_clock_the_next_call_sends_a_ping() {
    let mut h = Harness::connected(Options::default());
    h.half_open = true;
    h.set_wall_clock(600);
    let message = h.send("into a connection that died in the night");
    h.run();
    h.half_open = false;
    h.advance_secs(5);
    assert_eq!(h.hub.connections, 2);
    assert_eq!(h.result(message), Ok(Reply::Done));
}

#[test]
fn a_clock_that_is_set_back_disturbs_nothing() {
    let mut h = Harness::connected(Options::default());
    h.set_wall_clock(-7200);
    let message = h.send("a");
    h.advance_secs(40);
    assert_eq!((pings(&h), h.hub.connections), (0, 1));
    assert_eq!(h.result(message), Ok(Reply::Done));
}

#[test]
fn a_token_that_expired_in_a_sleep_is_renewed_before_anything_is_sent_under_it() {
    let mut h = Harness::connected(Options::default());
    h.set_wall_clock(86_400);
    let message = h.send("good morning");
    h.run();
    assert_eq!(h.result(message), Ok(Reply::Done));
    assert_eq!(h.hub.published_on(1), []);
    assert_eq!(h.hub.bodies_on(2), [(false, "good morning")]);
    assert!(expiry_on(&h, 2) > START_UNIX + 86_400);
    assert_eq!(h.state_changes(), [true]);
}

#[test]
fn another_client_that_takes_over_ends_this_one_in_words() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    let message = h.send("a");
    h.run();
    tell(&mut h, Input::Replaced);
    assert_eq!(h.client.connection_state(), ConnectionState::Disconnected);
    assert_eq!(h.result(message), Err(ErrorKind::ConnectionDropped));
    assert!(h.error(message).message().contains("another page"), "{}", h.error(message));
    assert_eq!(h.background(), [ErrorKind::ConnectionDropped]);
    assert_eq!(h.state_changes(), [true, false]);
    assert_eq!(h.hub.on_connection(1).last(), Some(&&Sent::Disconnect));
    h.advance_secs(3600);
    assert_eq!(h.hub.connections, 1, "it does not come back by itself");
    assert_eq!(h.next_timeout(), None);
}

#[test]
fn a_client_that_was_replaced_reconnects_only_on_a_call_of_connect() {
    let mut h = Harness::connected(Options::default());
    tell(&mut h, Input::Replaced);
    let refused = h.try_call(Client::get_twin).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NoConnection);
    assert!(refused.message().contains("connect()"), "{refused}");
    h.subscribe(Feature::Messages);
    h.run();
    assert_eq!(h.hub.connections, 1);

    let connect = h.call(Client::connect);
    let message = h.send("a");
    h.run();
    assert_eq!((h.result(connect), h.result(message)), (Ok(Reply::Done), Ok(Reply::Done)));
    assert_eq!(h.hub.connections, 2);

    h.disconnect();
    let message = h.send("operations connect again");
    h.run();
    assert_eq!(h.result(message), Ok(Reply::Done));
}

#[test]
fn another_client_that_takes_over_ends_attempts_and_waits_too() {
    let mut waiting = Harness::reconnecting(Options::default());
    assert_eq!(waiting.state_changes(), [true, false]);
    tell(&mut waiting, Input::Replaced);
    assert_eq!(waiting.next_timeout(), None);
    assert_eq!(waiting.state_changes(), [true, false, false], "the reason is told");

    let mut opening = Harness::new();
    opening.slow_open = true;
    let connect = opening.call(Client::connect);
    opening.run();
    tell(&mut opening, Input::Replaced);
    assert_eq!(opening.result(connect), Err(ErrorKind::ConnectionDropped));
    assert!(opening.state_changes().is_empty());
    for h in [&mut waiting, &mut opening] {
        assert_eq!(h.client.connection_state(), ConnectionState::Disconnected);
    }
}

#[test]
fn a_client_without_a_connection_cannot_be_replaced() {
    let mut h = Harness::new();
    tell(&mut h, Input::Replaced);
    let message = h.send("a");
    h.run();
    assert_eq!(h.result(message), Ok(Reply::Done));
    assert!(h.background().is_empty());
}

/// Two clients of one device: the hub closes the older connection when a new one arrives.
#[test]
fn two_clients_that_cannot_notify_each_other_alternate_slowly_and_say_so() {
    let options = || Options { connection_retry_max_interval: Some(600.0), ..Options::default() };
    let mut clients = [Harness::connected(options()), Harness::with(options())];
    clients[1].call(Client::connect);
    clients[1].run();
    let mut connections = [1, 0];
    for _ in 0..36_000 {
        for index in 0..2 {
            if clients[index].hub.connections > connections[index] {
                connections[index] = clients[index].hub.connections;
                if clients[1 - index].socket_is_open() {
                    clients[1 - index].drop_connection();
                    clients[1 - index].run();
                }
            }
            clients[index].advance(Duration::from_millis(100));
        }
    }
    let [a, b] = connections;
    assert!((4..60).contains(&(a + b)), "{a} and {b} connections in an hour");
    let named =
        |h: &Harness| h.events.iter().any(|event| format!("{event:?}").contains("second client"));
    assert!(clients.iter().any(named));
}
