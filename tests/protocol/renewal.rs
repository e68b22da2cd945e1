//! The client renews the token with a new connection that the user does not notice.

use std::time::Duration;

use iothub_device_client::protocol::client::{ConnectionRetry, Feature, Options};
use iothub_device_client::protocol::{Client, ConnectionState, ErrorKind, Reply};
use mqttrs::ConnectReturnCode;

use crate::harness::{Harness, START_UNIX};
use crate::hub::{Sent, connack};

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
fn a_token_that_is_due_by_the_wall_clock_is_renewed_immediately() {
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
fn subscriptions_are_renewed() {
    let mut h = Harness::connected(Options::default());
    h.subscribe(Feature::Methods);
    h.subscribe(Feature::Messages);
    h.call(Client::get_twin);
    h.advance_secs(3480);
    assert_eq!(h.hub.subscribed_on(2).len(), 3);
}

#[test]
fn a_twin_request_that_was_acknowledged_is_requested_again() {
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
fn a_renewal_that_fails_is_a_loss_and_is_retried() {
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
fn failures_of_long_ago_do_not_put_off_the_next_attempt_after_a_renewal_that_failed() {
    let mut h = Harness::connected(Options::default());
    h.refuse_sockets = true;
    h.drop_connection();
    h.advance_secs(600);
    h.refuse_sockets = false;
    h.call(Client::connect);
    h.run();
    assert_eq!(h.client.connection_state(), ConnectionState::Connected);
    h.advance_secs(3479);
    h.refuse_sockets = true;
    h.advance_secs(1);
    assert_eq!(h.client.connection_state(), ConnectionState::Reconnecting);
    let wait = h.next_timeout().unwrap();
    assert!(wait <= Duration::from_secs(12), "{wait:?} is not about 10 s");
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
fn without_retry_a_token_is_still_renewed() {
    let mut h = Harness::connected(Options {
        connection_retry: Some(ConnectionRetry::Never),
        ..Options::default()
    });
    h.advance_secs(3480);
    assert_eq!(h.hub.connections, 2);
    assert_eq!(h.state_changes(), [true]);
}
