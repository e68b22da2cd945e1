//! The connection of a registration: refused, lost, silent.

use std::time::Duration;

use iothub_device_client::protocol::client::Options;
use iothub_device_client::protocol::{ErrorKind, Input};
use mqttrs::ConnectReturnCode;

use super::harness::{Harness, key};
use super::service::Answer;

#[test]
fn a_service_that_cannot_be_reached_fails_the_call() {
    let mut harness = Harness::new();
    harness.refuse_sockets = true;
    let operation = harness.register();
    harness.assert_failed(operation, ErrorKind::ConnectionFailed, "could not be opened");

    let mut harness = Harness::new();
    harness.slow_open = true;
    let operation = harness.register();
    harness.advance_secs(60);
    harness.assert_failed(operation, ErrorKind::OperationTimeout, "within 60 seconds");
}

#[test]
fn after_a_lost_connection_the_registration_continues_on_the_next() {
    let mut harness = Harness::new();
    harness.service.script = vec![Answer::assigning(5); 2].into();
    let operation = harness.register();
    harness.drop_connection();
    harness.refuse_sockets = true;
    harness.advance_secs(4);
    assert!(harness.urls.len() > 1, "it was tried again");
    harness.refuse_sockets = false;
    harness.advance_secs(20);
    harness.assert_assigned(operation);
    // The state is requested, not a new registration: registrations cost money.
    assert_eq!(harness.service.registrations(), 1);
}

#[test]
fn a_connection_that_is_lost_before_an_answer_registers_again() {
    let mut harness = Harness::new();
    harness.service.script = [Answer::Withheld].into();
    let operation = harness.register();
    harness.drop_connection();
    harness.advance_secs(6);
    harness.assert_assigned(operation);
    assert_eq!(harness.service.registrations(), 2);
}

#[test]
fn a_network_that_is_back_ends_the_wait() {
    let mut harness = Harness::new();
    harness.register();
    harness.drop_connection();
    assert_eq!(harness.service.connections, 1);
    harness.input(Input::Online);
    assert_eq!(harness.service.connections, 2);
}

#[test]
fn a_service_that_is_not_available_is_retried() {
    let mut harness = Harness::new();
    harness.service.connack = ConnectReturnCode::ServerUnavailable;
    let operation = harness.register();
    harness.advance_secs(10);
    assert!(!harness.is_settled(operation));
    harness.service.connack = ConnectReturnCode::Accepted;
    harness.advance_secs(30);
    harness.assert_assigned(operation);
}

#[test]
fn a_permanent_refusal_fails_the_call() {
    for (code, part) in [
        (ConnectReturnCode::RefusedIdentifierRejected, "CONNACK 2"),
        (ConnectReturnCode::RefusedProtocolVersion, "CONNACK 1"),
    ] {
        let mut harness = Harness::new();
        harness.service.connack = code;
        let operation = harness.register();
        harness.assert_failed(operation, ErrorKind::Client, part);
    }
    let mut harness = Harness::new();
    harness.service.refuse_subscriptions = true;
    let operation = harness.register();
    harness.assert_failed(operation, ErrorKind::Client, "refused the subscription");
}

#[test]
fn a_service_that_does_not_respond_is_retried_on_another_connection() {
    let mut harness = Harness::new();
    harness.service.withhold_connack = true;
    let operation = harness.register_with(None, None);
    harness.advance_secs(61);
    harness.service.withhold_connack = false;
    harness.service.withhold_suback = true;
    harness.advance_secs(30);
    harness.service.withhold_suback = false;
    harness.advance_secs(40);
    harness.assert_assigned(operation);
    assert_eq!(harness.service.connections, 3);
}

#[test]
fn bytes_that_are_no_packets_end_the_connection_and_not_the_call() {
    let mut harness = Harness::new();
    harness.service.script = vec![Answer::assigning(5); 2].into();
    let operation = harness.register();
    harness.receive(b"\xf0\x00");
    harness.advance_secs(4);
    harness.input(Input::ReceivedText);
    harness.advance_secs(10);
    harness.assert_assigned(operation);
    assert_eq!(harness.service.connections, 3);
}

#[test]
fn a_connection_that_is_dead_is_noticed_while_the_service_is_waited_for() {
    let options = Options { keep_alive: Some(20.0), ..Options::default() };
    let mut harness = Harness::with(key(), &options);
    harness.service.script = [Answer::assigning(100)].into();
    harness.service.withhold_pingresp = true;
    let operation = harness.register();
    harness.advance_secs(15 + 15);
    assert!(!harness.has_socket());
    harness.service.withhold_pingresp = false;
    harness.advance_secs(100 - 30);
    harness.assert_assigned(operation);
    assert_eq!(harness.service.connections, 2);
}

#[test]
fn a_socket_that_does_not_close_keeps_the_result_for_five_seconds_only() {
    let mut harness = Harness::new();
    harness.slow_close = true;
    let operation = harness.register_with(None, Some(4));
    harness.advance_secs(3);
    assert!(!harness.is_settled(operation));
    // Later events of the socket change nothing.
    harness.receive(b"\xf0\x00");
    harness.advance(Duration::from_secs(5));
    harness.assert_assigned(operation);
}

#[test]
fn events_of_a_closed_socket_change_nothing() {
    let mut harness = Harness::new();
    let operation = harness.register();
    harness.advance_secs(3);
    for input in [
        Input::SocketOpened,
        Input::Received(b"\x20\x02\x00\x00"),
        Input::ReceivedText,
        Input::SocketClosed { detail: "" },
        Input::Online,
        Input::Offline,
        Input::Replaced,
    ] {
        harness.input(input);
    }
    harness.assert_assigned(operation);
}
