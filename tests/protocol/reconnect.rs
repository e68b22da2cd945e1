//! A lost connection: made again, and what becomes of the calls.

use std::time::Duration;

use iothub_device_client::protocol::client::{Feature, Options};
use iothub_device_client::protocol::{
    Client, ConnectionState, ErrorKind, Event, Input, OperationId, Reply,
};
use mqttrs::ConnectReturnCode;

use crate::harness::Harness;
use crate::hub::{Sent, connack, puback};

const METHODS: &str = "$iothub/methods/POST/#";

/// Lost the moment it stood, so that the client waits for the interval.
fn waiting(options: Options) -> Harness {
    let mut h = Harness::connected(options);
    h.drop_connection();
    h.run();
    assert_eq!(h.hub.connections, 1);
    h
}

/// Waiting, and every socket from now on fails to open.
fn offline(options: Options) -> Harness {
    let mut h = waiting(options);
    h.refuse_sockets = true;
    h
}

fn bodies_on(h: &Harness, connection: usize) -> Vec<(bool, &str)> {
    h.hub.published_on(connection).into_iter().map(|(dup, _, _, body)| (dup, body)).collect()
}

/// Advances to the next attempt; gives how long it was waited for.
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
fn a_connection_that_had_stood_is_made_again_at_once() {
    let mut h = Harness::connected(Options::default());
    h.advance(Duration::from_millis(10_001));
    h.drop_connection();
    h.run();
    assert_eq!(h.hub.connections, 2);
    assert_eq!(h.state_changes(), [true, false, true]);
    assert_eq!(h.background(), [ErrorKind::ConnectionDropped]);
}

#[test]
fn a_connection_that_had_not_stood_is_made_again_after_the_interval() {
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
    let mut h = waiting(options);
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
fn unacknowledged_messages_are_sent_again_in_order_before_newer_ones() {
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
        bodies_on(&h, 2),
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
    assert_eq!(h.result(calls[0]), Err(ErrorKind::ConnectionDropped));
    let last = h.hub.connections;
    let expected = (0..2).flat_map(|round| (0..100).map(move |n| format!("{round} {n}"))).skip(1);
    assert!(bodies_on(&h, last).into_iter().map(|(_, body)| body.to_owned()).eq(expected));
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
    assert!(bodies_on(&h, 2).is_empty());
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
    assert_eq!(h.result(calls[0]), Err(ErrorKind::ConnectionDropped));
    assert!(h.error(calls[0]).message().contains("three times"));
    assert_eq!(bodies_on(&h, 4), [(true, "good"), (true, "better")]);
    h.hub.script.withhold_puback = false;
    h.drop_connection();
    h.advance_secs(20);
    assert!(calls[1..].iter().all(|&call| h.result(call) == Ok(Reply::Done)));
}

#[test]
fn attempts_without_a_connection_are_no_ends_of_one() {
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
    let mut h = offline(Options { auto_connect: Some(false), ..Options::default() });
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
fn connect_while_waiting_dials_at_once_and_is_fulfilled_by_that_attempt() {
    let mut h = waiting(Options::default());
    let connect = h.call(Client::connect);
    h.run();
    assert_eq!(h.hub.connections, 2);
    assert_eq!(h.result(connect), Ok(Reply::Done));
    h.advance_secs(60);
    assert_eq!(h.hub.connections, 2, "the retry that was planned is not made");
}

#[test]
fn connect_while_waiting_fails_with_that_attempt_and_retrying_goes_on() {
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
    let mut h = waiting(Options::default());
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
fn a_loss_before_the_subscriptions_stand_fails_connect() {
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
    let mut h = waiting(Options::default());
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
    assert_eq!(h.result(next), Ok(Reply::Done), "the next operation dials anew");
    assert_eq!(bodies_on(&h, 3), [(false, "b")]);
}

#[test]
fn every_other_failure_is_tried_again() {
    for code in [
        ConnectReturnCode::RefusedProtocolVersion,
        ConnectReturnCode::RefusedIdentifierRejected,
        ConnectReturnCode::ServerUnavailable,
    ] {
        let mut h = waiting(Options::default());
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
fn an_attempt_without_connack_or_with_nonsense_is_tried_again() {
    let mut h = waiting(Options::default());
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

#[test]
fn without_retry_a_loss_fails_everything_for_good() {
    for loss in [&[][..], &[0xff, 0]] {
        let options = Options { connection_retry: Some(false), ..Options::default() };
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
        assert!(bodies_on(&h, 2).is_empty(), "what has failed is not sent again");
    }
}

#[test]
fn what_is_unsubscribed_while_offline_is_unsubscribed_on_the_next_connection() {
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
fn what_is_unsubscribed_and_wanted_again_while_offline_is_subscribed() {
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

/// Where a client can be when its user wants to leave. Each has calls that wait.
fn every_state() -> Vec<(&'static str, Harness, Vec<OperationId>)> {
    let mut states = Vec::new();
    let mut add = |name, mut h: Harness, mut calls: Vec<OperationId>| {
        calls.extend([h.send("late"), h.call(Client::get_twin)]);
        h.run();
        assert!(calls.iter().all(|&call| !h.is_settled(call)), "{name}");
        states.push((name, h, calls));
    };

    let mut h = Harness::new();
    h.slow_open = true;
    let calls = vec![h.call(Client::connect)];
    add("opening", h, calls);

    let mut h = Harness::new();
    h.hub.script.withhold_connack = true;
    let calls = vec![h.call(Client::connect)];
    add("handshaking", h, calls);

    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    h.hub.script.withhold_twin = true;
    let calls = vec![h.send("a")];
    add("connected", h, calls);

    let h = waiting(Options::default());
    add("waiting", h, Vec::new());

    let mut h = waiting(Options::default());
    h.hub.script.withhold_connack = true;
    h.advance_secs(20);
    let calls = vec![h.call(Client::connect)];
    add("handshaking again", h, calls);

    let mut h = Harness::connected(Options::default());
    h.slow_close = true;
    h.disconnect();
    h.run();
    let calls = vec![h.call(Client::connect)];
    add("closing, to connect again", h, calls);

    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    h.hub.script.withhold_twin = true;
    let calls = vec![h.send("a")];
    h.advance_secs(3480 - 59);
    let calls = [calls, vec![h.send("b")]].concat();
    h.advance_secs(59);
    assert_eq!(h.hub.connections, 1);
    add("draining", h, calls[1..].into());

    let mut h = Harness::connected(Options::default());
    h.slow_close = true;
    h.advance_secs(3480);
    add("closing, to renew", h, Vec::new());
    states
}

#[test]
fn disconnect_ends_every_state() {
    for (name, mut h, calls) in every_state() {
        let disconnect = h.disconnect();
        assert_eq!(h.client.connection_state(), ConnectionState::Disconnected, "{name}");
        h.run();
        for call in calls {
            assert_eq!(h.result(call), Err(ErrorKind::OperationCancelled), "{name}");
        }
        h.advance_secs(5);
        assert_eq!(h.result(disconnect), Ok(Reply::Done), "{name}");
        assert!(!h.socket_is_open(), "{name}");
        assert_eq!(h.next_timeout(), None, "{name}");
        h.slow_open = false;
        h.hub.script.withhold_connack = false;
        let before = h.urls.len();
        let connect = h.call(Client::connect);
        h.run();
        assert_eq!(h.result(connect), Ok(Reply::Done), "{name}");
        assert_eq!(h.urls.len(), before + 1, "{name}");
        assert!(bodies_on(&h, h.hub.connections).is_empty(), "{name}: cancelled is cancelled");
    }
}

#[test]
fn shutdown_ends_every_state() {
    for (name, mut h, calls) in every_state() {
        let shutdown = h.shutdown();
        h.run();
        for call in calls {
            assert_eq!(h.result(call), Err(ErrorKind::OperationCancelled), "{name}");
        }
        h.advance_secs(5);
        assert_eq!(h.result(shutdown), Ok(Reply::Done), "{name}");
        assert!(!h.socket_is_open(), "{name}");
        assert_eq!(h.next_timeout(), None, "{name}");
        assert_eq!(h.try_call(Client::connect).unwrap_err().kind(), ErrorKind::Client, "{name}");
    }
}

#[test]
fn disconnect_while_draining_writes_what_was_queued() {
    let states = every_state();
    let (_, mut h, _) = states.into_iter().find(|(name, ..)| *name == "draining").unwrap();
    h.disconnect();
    h.run();
    assert_eq!(bodies_on(&h, 1).last().map(|publish| publish.1), Some("late"));
    assert_eq!(h.hub.on_connection(1).last(), Some(&&Sent::Disconnect));
}

#[test]
fn disconnect_right_after_connect_and_connect_again_leaves_one_connection() {
    let mut h = Harness::new();
    let first = h.call(Client::connect);
    let disconnect = h.disconnect();
    let second = h.call(Client::connect);
    h.run();
    assert_eq!(h.result(first), Err(ErrorKind::OperationCancelled));
    assert_eq!(h.result(disconnect), Ok(Reply::Done));
    assert_eq!(h.result(second), Ok(Reply::Done));
}
