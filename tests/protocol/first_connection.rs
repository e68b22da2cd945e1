//! A first connection that is retried until it succeeds: `connectionRetry: 'always'`.

use iothub_device_client::protocol::client::{ConnectionRetry, Feature, Options};
use iothub_device_client::protocol::hub::Credentials;
use iothub_device_client::protocol::{
    Client, ConnectionState, ErrorKind, Input, OperationId, Reply,
};
use mqttrs::ConnectReturnCode;

use crate::harness::Harness;

fn patient() -> Options {
    Options { connection_retry: Some(ConnectionRetry::Always), ..Options::default() }
}

/// Not connected, and no socket opens.
fn without_network() -> Harness {
    let mut h = Harness::with(patient());
    h.refuse_sockets = true;
    h
}

fn withdraw(h: &mut Harness, operation: OperationId) {
    let now = h.now();
    h.client.withdraw(now, operation);
}

#[test]
fn it_is_retried_until_it_succeeds_and_calls_wait_for_it() {
    let mut h = without_network();
    let calls = [h.call(Client::connect), h.send("a"), h.call(Client::get_twin)];
    h.advance_secs(100);
    assert!((8..=13).contains(&h.urls.len()), "every ten seconds, not {}", h.urls.len());
    assert_eq!(h.client.connection_state(), ConnectionState::Connecting);
    assert!(h.background().iter().all(|kind| *kind == ErrorKind::ConnectionFailed));
    assert_eq!(h.background().len(), h.urls.len(), "each failed attempt is told");
    assert!(calls.into_iter().all(|call| !h.is_settled(call)));
    h.refuse_sockets = false;
    h.advance_secs(12);
    assert!(calls.into_iter().all(|call| h.result(call).is_ok()));
    assert_eq!(h.state_changes(), [true]);
}

#[test]
fn a_handler_alone_causes_retries() {
    let mut h = without_network();
    h.subscribe(Feature::Messages);
    h.advance_secs(60);
    h.refuse_sockets = false;
    h.advance_secs(12);
    assert_eq!(h.client.connection_state(), ConnectionState::Connected);
}

#[test]
fn a_connect_during_the_wait_retries_immediately_and_keeps_waiting() {
    let mut h = without_network();
    let first = h.call(Client::connect);
    h.run();
    let second = h.call(Client::connect);
    h.run();
    assert_eq!(h.urls.len(), 2);
    assert!(!h.is_settled(first) && !h.is_settled(second));
    h.refuse_sockets = false;
    h.input(Input::Online);
    h.run();
    assert_eq!([h.result(first), h.result(second)], [Ok(Reply::Done), Ok(Reply::Done)]);
}

#[test]
fn a_refused_login_ends_it() {
    let mut h = without_network();
    let calls = [h.call(Client::connect), h.send("a")];
    h.run();
    h.refuse_sockets = false;
    h.hub.script.connack = Some(ConnectReturnCode::NotAuthorized);
    h.advance_secs(100);
    assert!(calls.into_iter().all(|call| h.result(call) == Err(ErrorKind::Credential)));
    assert_eq!(h.urls.len(), 2);
    assert_eq!(h.client.connection_state(), ConnectionState::Disconnected);
}

#[test]
fn a_disconnect_ends_it() {
    let mut h = without_network();
    let connect = h.call(Client::connect);
    h.run();
    let disconnect = h.disconnect();
    h.advance_secs(100);
    assert_eq!(h.result(connect), Err(ErrorKind::OperationCancelled));
    assert_eq!((h.result(disconnect), h.urls.len()), (Ok(Reply::Done), 1));
}

#[test]
fn a_withdrawn_connect_ends_it_unless_another_call_waits() {
    let mut h = without_network();
    let connect = h.call(Client::connect);
    let message = h.send("a");
    h.run();
    withdraw(&mut h, connect);
    h.advance_secs(20);
    assert_eq!(h.client.connection_state(), ConnectionState::Connecting);
    withdraw(&mut h, message);
    let connect = h.call(Client::connect);
    h.run();
    withdraw(&mut h, connect);
    h.run();
    assert_eq!(h.client.connection_state(), ConnectionState::Disconnected);
    assert_eq!(h.next_timeout(), None);
}

#[test]
fn a_function_that_returns_no_token_is_called_again() {
    let mut h = Harness::with_credentials(Credentials::TokenFunction, patient());
    let connect = h.call(Client::connect);
    h.run();
    let now = h.now();
    h.client.token_unavailable(now);
    h.run();
    assert!(!h.is_settled(connect));
    assert_eq!(h.background(), [ErrorKind::NoToken]);
    let events = h.events.len();
    h.advance_secs(12);
    assert_eq!(h.events.len(), events + 1, "the function is asked again");
}

#[test]
fn a_connect_waits_across_a_connection_that_is_lost_before_it_is_ready() {
    let mut h = Harness::with(patient());
    h.hub.script.withhold_suback = true;
    h.subscribe(Feature::Messages);
    let connect = h.call(Client::connect);
    h.run();
    h.drop_connection();
    h.run();
    assert_eq!(h.client.connection_state(), ConnectionState::Reconnecting);
    h.hub.script.withhold_suback = false;
    h.advance_secs(12);
    assert_eq!(h.result(connect), Ok(Reply::Done));
}

#[test]
fn without_a_network_it_waits_until_there_is_one() {
    let mut h = without_network();
    let connect = h.call(Client::connect);
    h.run();
    h.input(Input::Offline);
    h.advance_secs(40);
    assert_eq!(h.urls.len(), 1);
    h.refuse_sockets = false;
    h.input(Input::Online);
    h.run();
    assert_eq!(h.result(connect), Ok(Reply::Done));
}
