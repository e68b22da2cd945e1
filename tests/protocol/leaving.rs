//! disconnect and shutdown, in every state of the client.

use iothub_device_client::protocol::client::{Feature, Options};
use iothub_device_client::protocol::{Client, ConnectionState, ErrorKind, OperationId, Reply};

use crate::harness::Harness;
use crate::hub::Sent;

/// The states in which a user may leave. Each has waiting calls.
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

    let h = Harness::reconnecting(Options::default());
    add("waiting", h, Vec::new());

    let mut h = Harness::reconnecting(Options::default());
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
        assert!(h.hub.bodies_on(h.hub.connections).is_empty(), "{name}: cancelled is cancelled");
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
    assert_eq!(h.hub.bodies_on(1).last().map(|publish| publish.1), Some("late"));
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

#[test]
fn a_subscription_that_times_out_while_the_socket_closes_is_not_reported() {
    let mut h = Harness::connected(Options { operation_timeout: Some(2.0), ..Options::default() });
    h.hub.script.withhold_suback = true;
    h.slow_close = true;
    h.subscribe(Feature::Methods);
    h.run();
    h.disconnect();
    h.advance_secs(4);
    assert!(h.background().is_empty());
}

#[test]
fn the_driver_can_see_when_the_client_needs_nothing_more() {
    let mut h = Harness::new();
    assert!(!h.client.is_active(), "before the first call");
    h.call(Client::connect);
    assert!(h.client.is_active(), "on its way");
    h.run();
    assert!(h.client.is_active(), "connected");
    h.disconnect();
    h.run();
    assert!(!h.client.is_active(), "disconnected");
}
