//! The client reconnects after a loss.

use std::time::Duration;

use iothub_device_client::protocol::client::{Feature, Options};
use iothub_device_client::protocol::{Client, ConnectionState, ErrorKind, Event, Input, Reply};
use mqttrs::ConnectReturnCode;

use crate::harness::Harness;
use crate::hub::connack;

/// Waiting, and every socket from now on fails to open.
fn offline(options: Options) -> Harness {
    let mut h = Harness::reconnecting(options);
    h.refuse_sockets = true;
    h
}

/// Advances to the next attempt. Returns how long that took.
fn next_attempt(h: &mut Harness) -> Duration {
    let wait = h.next_timeout().expect("there will be another attempt");
    let before = h.urls.len();
    h.advance(wait);
    assert_eq!(h.urls.len(), before + 1);
    wait
}

fn is_about(wait: Duration, seconds: u64) -> bool {
    let interval = Duration::from_secs(seconds);
    (interval * 8 / 10..=interval * 12 / 10).contains(&wait)
}

#[test]
fn the_end_of_an_abandoned_socket_does_not_affect_the_next() {
    let mut h = Harness::connected(Options::default());
    h.advance(Duration::from_millis(10_001));
    h.input(Input::ReceivedText);
    h.drop_connection();
    h.run();
    assert_eq!((h.hub.connections, h.urls.len()), (2, 2));
    assert_eq!(h.state_changes(), [true, false, true]);
    assert_eq!(h.background(), [ErrorKind::Client]);
}

#[test]
fn after_a_long_connection_the_client_reconnects_immediately() {
    let mut h = Harness::connected(Options::default());
    h.advance(Duration::from_millis(10_001));
    h.drop_connection();
    h.run();
    assert_eq!(h.hub.connections, 2);
    assert_eq!(h.state_changes(), [true, false, true]);
    assert_eq!(h.background(), [ErrorKind::ConnectionDropped]);
}

#[test]
fn after_a_short_connection_the_client_reconnects_after_the_interval() {
    let mut h = Harness::connected(Options::default());
    h.advance_secs(10);
    h.drop_connection();
    h.run();
    assert_eq!(h.client.connection_state(), ConnectionState::Reconnecting);
    let wait = next_attempt(&mut h);
    assert!(is_about(wait, 10), "{wait:?}");
    assert_eq!(h.client.connection_state(), ConnectionState::Connected);
}

#[test]
fn retries_are_spread_around_the_interval() {
    let options = Options { connection_retry_interval: Some(30.0), ..Options::default() };
    let mut h = offline(options);
    let waits: Vec<Duration> = (0..200).map(|_| next_attempt(&mut h)).collect();
    assert!(waits.iter().all(|&wait| is_about(wait, 30)), "{waits:?}");
    assert!(waits.iter().any(|wait| wait.as_secs() < 27));
    assert!(waits.iter().any(|wait| wait.as_secs() >= 33));
}

#[test]
fn the_interval_doubles_with_each_failure_up_to_the_largest() {
    let options = Options {
        connection_retry_interval: Some(10.0),
        connection_retry_max_interval: Some(100.0),
        ..Options::default()
    };
    let mut h = offline(options);
    for interval in [10, 20, 40, 80, 100, 100] {
        let wait = next_attempt(&mut h);
        assert!(is_about(wait, interval), "{wait:?} is not about {interval} s");
    }
    h.refuse_sockets = false;
    next_attempt(&mut h);
    h.advance_secs(11);
    h.refuse_sockets = true;
    h.drop_connection();
    h.run();
    let wait = next_attempt(&mut h);
    assert!(is_about(wait, 10), "a connection that stood begins anew: {wait:?}");
}

#[test]
fn a_largest_interval_below_the_interval_changes_nothing() {
    let mut h = offline(Options {
        connection_retry_interval: Some(10.0),
        connection_retry_max_interval: Some(1.0),
        ..Options::default()
    });
    for _ in 0..3 {
        let wait = next_attempt(&mut h);
        assert!(is_about(wait, 10), "{wait:?}");
    }
}

#[test]
fn connections_that_do_not_last_are_failures_too() {
    let options = Options {
        connection_retry_interval: Some(10.0),
        connection_retry_max_interval: Some(80.0),
        ..Options::default()
    };
    let mut h = Harness::reconnecting(options);
    for interval in [10, 20, 40, 80, 80] {
        let wait = next_attempt(&mut h);
        assert!(is_about(wait, interval), "{wait:?} is not about {interval} s");
        h.drop_connection();
        h.run();
    }
}

#[test]
fn the_loss_and_each_failed_attempt_are_reported_and_one_change_of_state() {
    let mut h = offline(Options::default());
    for _ in 0..3 {
        next_attempt(&mut h);
    }
    let failed = ErrorKind::ConnectionFailed;
    assert_eq!(h.background(), [ErrorKind::ConnectionDropped, failed, failed, failed]);
    assert_eq!(h.state_changes(), [true, false]);
    let Some(Event::ConnectionStateChanged { cause: Some(cause), .. }) = h.events.get(1) else {
        panic!("the change has a cause");
    };
    assert_eq!(cause.kind(), ErrorKind::ConnectionDropped);
}

#[test]
fn connect_while_waiting_retries_immediately_and_succeeds_with_that_attempt() {
    let mut h = Harness::reconnecting(Options::default());
    let connect = h.call(Client::connect);
    h.run();
    assert_eq!(h.hub.connections, 2);
    assert_eq!(h.result(connect), Ok(Reply::Done));
    h.advance_secs(60);
    assert_eq!(h.hub.connections, 2, "the retry that was planned is not made");
}

#[test]
fn connect_while_waiting_fails_with_that_attempt_and_retries_continue() {
    let mut h = offline(Options::default());
    let message = h.send("a");
    let connect = h.call(Client::connect);
    h.run();
    assert_eq!(h.result(connect), Err(ErrorKind::ConnectionFailed));
    assert!(!h.is_settled(message));
    assert_eq!(h.client.connection_state(), ConnectionState::Reconnecting);
    h.refuse_sockets = false;
    h.advance_secs(20);
    assert_eq!(h.result(message), Ok(Reply::Done));
}

#[test]
fn connect_during_an_attempt_settles_with_it() {
    let mut h = Harness::reconnecting(Options::default());
    h.hub.script.withhold_connack = true;
    h.advance_secs(20);
    let connect = h.call(Client::connect);
    h.run();
    assert_eq!(h.urls.len(), 2);
    assert!(!h.is_settled(connect));
    h.receive(&connack(true));
    assert_eq!(h.result(connect), Ok(Reply::Done));
}

#[test]
fn a_loss_before_the_subscriptions_are_granted_fails_connect() {
    let mut h = Harness::new();
    h.hub.script.withhold_suback = true;
    h.subscribe(Feature::Methods);
    let connect = h.call(Client::connect);
    h.run();
    h.drop_connection();
    h.run();
    assert_eq!(h.result(connect), Err(ErrorKind::ConnectionDropped));
}

#[test]
fn a_refused_login_ends_retrying_and_everything_that_waits() {
    let mut h = Harness::reconnecting(Options::default());
    let calls = [h.send("a"), h.call(Client::get_twin)];
    h.hub.script.connack = Some(ConnectReturnCode::NotAuthorized);
    h.advance_secs(20);
    assert!(calls.iter().all(|&call| h.result(call) == Err(ErrorKind::Credential)));
    assert_eq!(h.client.connection_state(), ConnectionState::Disconnected);
    assert_eq!(h.background(), [ErrorKind::ConnectionDropped, ErrorKind::Credential]);
    assert_eq!(h.next_timeout(), None);
    h.hub.script.connack = None;
    let next = h.send("b");
    h.run();
    assert_eq!(h.result(next), Ok(Reply::Done), "the next operation connects again");
    assert_eq!(h.hub.bodies_on(3), [(false, "b")]);
}

#[test]
fn every_other_failure_is_retried() {
    for code in [
        ConnectReturnCode::RefusedProtocolVersion,
        ConnectReturnCode::RefusedIdentifierRejected,
        ConnectReturnCode::ServerUnavailable,
    ] {
        let mut h = Harness::reconnecting(Options::default());
        let message = h.send("a");
        h.hub.script.connack = Some(code);
        h.advance_secs(100);
        assert!(h.urls.len() > 5, "{code:?}");
        h.hub.script.connack = None;
        h.advance_secs(20);
        assert_eq!(h.result(message), Ok(Reply::Done), "{code:?}");
    }
}

#[test]
fn an_attempt_without_connack_or_with_malformed_data_is_retried() {
    let mut h = Harness::reconnecting(Options::default());
    let message = h.send("a");
    h.hub.script.withhold_connack = true;
    next_attempt(&mut h);
    h.advance_secs(60);
    assert_eq!(h.background().last(), Some(&ErrorKind::OperationTimeout));
    next_attempt(&mut h);
    h.drop_connection();
    h.run();
    assert_eq!(h.background().last(), Some(&ErrorKind::ConnectionDropped));
    next_attempt(&mut h);
    h.receive(&[0xff]);
    assert_eq!(h.background().last(), Some(&ErrorKind::Client));
    h.hub.script.withhold_connack = false;
    next_attempt(&mut h);
    assert_eq!(h.result(message), Ok(Reply::Done));
}
