//! `connect`, and how it fails.

use std::time::Duration;

use iothub_device_client::protocol::client::{Feature, Options};
use iothub_device_client::protocol::{
    Client, ConnectionState, ErrorKind, Event, Input, OperationId, Reply,
};
use mqttrs::ConnectReturnCode;

use crate::harness::{Harness, START_UNIX};
use crate::hub::Sent;

#[test]
fn connect_settles_with_connack() {
    let mut h = Harness::new();
    assert_eq!(h.client.connection_state(), ConnectionState::Disconnected);
    let connect = h.call(Client::connect);
    assert_eq!(h.client.connection_state(), ConnectionState::Connecting);
    h.run();
    assert_eq!(h.result(connect), Ok(Reply::Done));
    assert_eq!(h.client.connection_state(), ConnectionState::Connected);
    assert_eq!(h.state_changes(), [true]);
    assert_eq!(h.urls, ["wss://hub.example/$iothub/websocket?iothub-no-client-cert=true"]);
}

#[test]
fn connect_names_the_device_the_api_version_and_the_agent() {
    let h = Harness::connected(Options::default());
    let Sent::Connect { client_id, user_name, password, keep_alive, clean_session, has_will } =
        h.hub.on_connection(1)[0]
    else {
        panic!("the first packet is CONNECT");
    };
    assert_eq!(client_id, "dev");
    assert_eq!(
        user_name,
        "hub.example/dev/?api-version=2021-04-12&DeviceClientType=agent%2F1%28test%29"
    );
    let expiry = START_UNIX + 1 + 3600;
    assert!(password.starts_with("SharedAccessSignature sr=hub.example%2Fdevices%2Fdev&sig="));
    assert!(password.ends_with(&format!("&se={expiry}")), "{password}");
    assert_eq!((*keep_alive, *clean_session, *has_will), (60, false, false));
}

#[test]
fn connect_waits_for_the_subscriptions_of_all_handlers() {
    let mut h = Harness::new();
    h.hub.script.withhold_suback = true;
    let now = h.now();
    h.client.subscribe(now, Feature::Messages);
    h.client.subscribe(now, Feature::Methods);
    let connect = h.call(Client::connect);
    h.run();
    assert!(!h.is_settled(connect));
    assert_eq!(h.client.connection_state(), ConnectionState::Connected);
    // SUBACK of packet identifiers 1 and 2.
    h.receive(&[0x90, 3, 0, 1, 1]);
    assert!(!h.is_settled(connect));
    h.receive(&[0x90, 3, 0, 2, 1]);
    assert_eq!(h.result(connect), Ok(Reply::Done));
}

#[test]
fn several_calls_in_one_turn_make_one_attempt() {
    let mut h = Harness::new();
    let calls = [h.call(Client::connect), h.call(Client::connect), h.send("a"), h.send("b")];
    h.run();
    assert_eq!(h.urls.len(), 1);
    assert!(calls.into_iter().all(|call| h.result(call) == Ok(Reply::Done)));
}

#[test]
fn a_refused_first_attempt_is_final_and_fails_every_waiting_call() {
    let mut h = Harness::new();
    h.refuse_sockets = true;
    let calls = [h.call(Client::connect), h.send("a"), h.call(Client::get_twin)];
    h.run();
    for call in calls {
        assert_eq!(h.result(call), Err(ErrorKind::ConnectionFailed));
    }
    h.advance_secs(3600);
    assert_eq!(h.urls.len(), 1);
    assert!(h.background().is_empty(), "a call was told: nobody else needs to be");
    assert_eq!(h.client.connection_state(), ConnectionState::Disconnected);
}

#[test]
fn each_connack_code_is_its_own_error() {
    for (code, kind) in [
        (ConnectReturnCode::RefusedProtocolVersion, ErrorKind::Client),
        (ConnectReturnCode::RefusedIdentifierRejected, ErrorKind::Client),
        (ConnectReturnCode::ServerUnavailable, ErrorKind::ConnectionFailed),
        (ConnectReturnCode::BadUsernamePassword, ErrorKind::Credential),
        (ConnectReturnCode::NotAuthorized, ErrorKind::Credential),
    ] {
        let mut h = Harness::new();
        h.hub.script.connack = Some(code);
        let connect = h.call(Client::connect);
        h.run();
        assert_eq!(h.result(connect), Err(kind), "{code:?}");
        assert!(!h.socket_is_open());
        h.hub.script.connack = None;
        let again = h.call(Client::connect);
        h.run();
        assert_eq!(h.result(again), Ok(Reply::Done), "the next connect connects again");
    }
}

#[test]
fn a_login_refusal_says_what_to_check() {
    let mut h = Harness::new();
    h.hub.script.connack = Some(ConnectReturnCode::NotAuthorized);
    let connect = h.call(Client::connect);
    h.run();
    let message = h.error(connect).message();
    for hint in ["key", "enabled", "clock"] {
        assert!(message.contains(hint), "{message}");
    }
}

#[test]
fn a_missing_connack_is_a_timeout_after_sixty_seconds() {
    let mut h = Harness::new();
    h.hub.script.withhold_connack = true;
    let connect = h.call(Client::connect);
    h.advance(Duration::from_millis(59_999));
    assert!(!h.is_settled(connect));
    h.advance(Duration::from_millis(1));
    assert_eq!(h.result(connect), Err(ErrorKind::OperationTimeout));
    assert!(!h.socket_is_open());
}

#[test]
fn a_close_before_connack_is_a_dropped_connection() {
    let mut h = Harness::new();
    h.hub.script.withhold_connack = true;
    let connect = h.call(Client::connect);
    h.run();
    h.drop_connection();
    h.run();
    assert_eq!(h.result(connect), Err(ErrorKind::ConnectionDropped));
}

#[test]
fn a_failure_that_no_call_waits_for_is_a_background_exception() {
    let mut h = Harness::new();
    h.refuse_sockets = true;
    let now = h.now();
    h.client.subscribe(now, Feature::Messages);
    h.run();
    assert_eq!(h.background(), [ErrorKind::ConnectionFailed]);
}

#[test]
fn a_failure_that_a_call_reports_is_not_a_background_exception() {
    let calls: [fn(&mut Harness) -> OperationId; 4] = [
        |h| h.call(Client::connect),
        |h| h.receive_call(Feature::Messages, true),
        |h| h.send("a"),
        |h| h.call(Client::get_twin),
    ];
    for (index, call) in calls.into_iter().enumerate() {
        let mut h = Harness::new();
        h.refuse_sockets = true;
        let call = call(&mut h);
        h.run();
        assert_eq!(h.result(call), Err(ErrorKind::ConnectionFailed));
        assert_eq!(h.background(), [], "call {index}");
    }
}

#[test]
fn a_failure_ends_with_what_the_platform_says_of_it_if_anything() {
    for (detail, end) in [("refused", " (refused)"), ("", "certificate")] {
        let mut h = Harness::new();
        h.slow_open = true;
        let connect = h.call(Client::connect);
        h.run();
        h.input(Input::SocketClosed { detail });
        h.run();
        let message = h.error(connect).message();
        assert!(message.starts_with("the WebSocket could not be opened"), "{message}");
        assert!(message.ends_with(end), "{message}");
    }
}

#[test]
fn without_auto_connect_only_connect_connects() {
    let mut h = Harness::with(Options { auto_connect: Some(false), ..Options::default() });
    let now = h.now();
    h.client.subscribe(now, Feature::Messages);
    h.run();
    assert!(h.urls.is_empty());
    let refused = h.try_call(Client::get_twin).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NoConnection);
    let connect = h.call(Client::connect);
    let twin = h.call(Client::get_twin);
    h.run();
    assert_eq!(h.result(connect), Ok(Reply::Done));
    assert!(matches!(h.result(twin), Ok(Reply::Twin(_))), "a connection on its way is enough");
}

#[test]
fn without_auto_connect_a_call_while_disconnecting_is_refused() {
    let mut h = Harness::connected(Options { auto_connect: Some(false), ..Options::default() });
    h.slow_close = true;
    h.disconnect();
    h.run();
    assert_eq!(h.try_call(Client::get_twin).unwrap_err().kind(), ErrorKind::NoConnection);
    let connect = h.call(Client::connect);
    h.advance_secs(5);
    assert_eq!(h.result(connect), Ok(Reply::Done));
}

#[test]
fn connect_succeeds_although_the_hub_never_grants_twin_responses() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_suback = true;
    let twin = h.call(Client::get_twin);
    let connect = h.call(Client::connect);
    h.advance_secs(60);
    assert_eq!(h.result(twin), Err(ErrorKind::OperationTimeout));
    assert_eq!(h.result(connect), Ok(Reply::Done));
}

#[test]
fn a_refused_subscription_fails_the_connect_that_waits_for_it() {
    let mut h = Harness::new();
    h.hub.script.refuse_subscriptions = true;
    let now = h.now();
    h.client.subscribe(now, Feature::Methods);
    let connect = h.call(Client::connect);
    h.run();
    assert_eq!(h.result(connect), Err(ErrorKind::Client));
    assert!(h.error(connect).message().contains("direct methods"));
    h.hub.script.refuse_subscriptions = false;
    let again = h.call(Client::connect);
    h.run();
    assert_eq!(h.result(again), Ok(Reply::Done));
    let asked = |sent: &&Sent| matches!(sent, Sent::Subscribe { .. });
    let count = h.hub.on_connection(1).into_iter().filter(asked).count();
    assert_eq!(count, 2, "the next connect asks again, on the same connection");
}

#[test]
fn disconnect_is_sent_and_cancels_waiting_calls() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    let message = h.send("a");
    let disconnect = h.disconnect();
    assert_eq!(h.client.connection_state(), ConnectionState::Disconnected);
    h.run();
    assert_eq!(h.result(message), Err(ErrorKind::OperationCancelled));
    assert_eq!(h.result(disconnect), Ok(Reply::Done));
    let packets = h.hub.on_connection(1);
    assert!(matches!(packets[1], Sent::Publish { .. }), "what was queued is written first");
    assert_eq!(packets.last(), Some(&&Sent::Disconnect));
    assert_eq!(h.state_changes(), [true, false]);
    h.advance_secs(3600);
    assert_eq!(h.urls.len(), 1, "no reconnect follows");
    assert!(h.background().is_empty());
}

#[test]
fn disconnect_ends_although_the_socket_never_closes() {
    let mut h = Harness::connected(Options::default());
    h.slow_close = true;
    let disconnect = h.disconnect();
    h.run();
    assert!(!h.is_settled(disconnect));
    h.advance_secs(10);
    assert_eq!(h.result(disconnect), Ok(Reply::Done));
    assert_eq!(h.client.next_timeout(), None, "no timer is left");
}

#[test]
fn a_call_while_disconnecting_connects_again() {
    let mut h = Harness::connected(Options::default());
    let disconnect = h.disconnect();
    let message = h.send("after");
    h.run();
    assert_eq!(h.result(disconnect), Ok(Reply::Done));
    assert_eq!(h.result(message), Ok(Reply::Done));
    assert_eq!(h.urls.len(), 2);
}

#[test]
fn a_handler_that_is_set_after_disconnect_connects_again() {
    let mut h = Harness::connected(Options::default());
    for connections in 2..=3 {
        h.disconnect();
        h.run();
        h.subscribe(Feature::Messages);
        h.run();
        assert_eq!(h.hub.connections, connections);
    }
}

#[test]
fn shutdown_is_for_good() {
    let mut h = Harness::connected(Options::default());
    let shutdown = h.call(|client, now| Ok(client.shutdown(now)));
    h.run();
    assert_eq!(h.result(shutdown), Ok(Reply::Done));
    assert_eq!(h.try_call(Client::connect).unwrap_err().kind(), ErrorKind::Client);
    assert_eq!(h.try_call(Client::get_twin).unwrap_err().kind(), ErrorKind::Client);
    let again = h.call(|client, now| Ok(client.shutdown(now)));
    let disconnect = h.disconnect();
    h.run();
    assert_eq!(h.result(again), Ok(Reply::Done));
    assert_eq!(h.result(disconnect), Ok(Reply::Done));
    assert_eq!(h.client.next_timeout(), None);
}

#[test]
fn nothing_received_is_delivered_after_disconnect() {
    let mut h = Harness::connected(Options::default());
    let now = h.now();
    h.client.subscribe(now, Feature::Methods);
    h.run();
    let call = h.hub.publish("$iothub/methods/POST/m/?$rid=1", b"");
    h.input(Input::Received(&call));
    h.disconnect();
    h.run();
    assert!(!h.events.iter().any(|event| matches!(event, Event::MethodCalled(_))));
}
