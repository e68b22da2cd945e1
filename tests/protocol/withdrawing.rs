//! Calls that are withdrawn.

use iothub_device_client::protocol::client::{Feature, Options};
use iothub_device_client::protocol::{Client, ConnectionState, ErrorKind, OperationId, Reply};

use crate::harness::Harness;
use crate::hub::puback;

const CANCELLED: Result<Reply, ErrorKind> = Err(ErrorKind::OperationCancelled);

fn withdraw(h: &mut Harness, operation: OperationId) {
    let now = h.now();
    h.client.withdraw(now, operation);
    h.run();
}

/// The bodies of the publishes on a connection that are not twin requests.
fn bodies_on(h: &Harness, connection: usize) -> Vec<&str> {
    h.hub.bodies_on(connection).into_iter().map(|(_, body)| body).collect()
}

#[test]
fn a_message_that_waits_for_the_connection_is_never_sent() {
    let mut h = Harness::new();
    h.slow_open = true;
    let calls = ["a", "b", "c"].map(|body| h.send(body));
    h.run();
    withdraw(&mut h, calls[1]);
    assert_eq!(h.result(calls[1]), CANCELLED);
    h.open_socket();
    h.run();
    assert_eq!(bodies_on(&h, 1), ["a", "c"]);
    assert_eq!(h.result(calls[2]), Ok(Reply::Done));
}

#[test]
fn a_withdrawn_message_is_not_resent_and_its_acknowledgement_is_ignored() {
    let mut h = Harness::connected(Options::default());
    h.hub.script.withhold_puback = true;
    let calls = ["a", "b"].map(|body| h.send(body));
    h.run();
    withdraw(&mut h, calls[0]);
    assert_eq!(h.result(calls[0]), CANCELLED);
    h.receive(&puback(1));
    assert!(!h.is_settled(calls[1]));
    h.advance_secs(20);
    h.hub.script.withhold_puback = false;
    h.drop_connection();
    h.run();
    assert_eq!(bodies_on(&h, 2), ["b"]);
    assert_eq!(h.result(calls[1]), Ok(Reply::Done));
}

#[test]
fn a_withdrawn_message_makes_room_for_another() {
    let options = Options { max_pending_messages: Some(1.0), ..Options::default() };
    let mut h = Harness::connected(options);
    h.hub.script.withhold_puback = true;
    let first = h.send("a");
    h.run();
    withdraw(&mut h, first);
    h.send("b");
    h.run();
    assert_eq!(bodies_on(&h, 1), ["a", "b"]);
}

#[test]
fn settled_calls_stay_settled() {
    let mut h = Harness::connected(Options::default());
    let message = h.send("a");
    h.run();
    withdraw(&mut h, message);
    assert_eq!(h.result(message), Ok(Reply::Done));
}

#[test]
fn a_withdrawn_twin_request_is_not_resent_and_its_response_is_ignored() {
    for is_subscribed in [true, false] {
        let mut h = Harness::connected(Options::default());
        if is_subscribed {
            h.call(Client::get_twin);
            h.run();
        }
        h.hub.script.withhold_twin = true;
        h.hub.script.withhold_suback = !is_subscribed;
        let calls = [h.call(Client::get_twin), h.patch("{}")];
        let asked = h.hub.publishes().count();
        h.run();
        assert_eq!(h.hub.publishes().count() > asked, is_subscribed);
        for call in calls {
            withdraw(&mut h, call);
            assert_eq!(h.result(call), CANCELLED);
        }
        h.hub.script.withhold_twin = false;
        h.hub.script.withhold_suback = false;
        h.advance_secs(20);
        h.drop_connection();
        h.run();
        assert_eq!(h.hub.connections, 2);
        assert!(bodies_on(&h, 2).is_empty());
    }
}

#[test]
fn a_method_response_that_was_not_sent_is_never_sent_and_its_request_stays_answered() {
    let mut h = Harness::connected(Options::default());
    h.subscribe(Feature::Methods);
    h.run();
    h.deliver("$iothub/methods/POST/reboot/?$rid=1", "1");
    let respond = |client: &mut Client, now| client.send_method_response(now, "1", 200, "2".into());
    let response = h.call(respond);
    let now = h.now();
    h.client.withdraw(now, response);
    h.run();
    assert_eq!(h.result(response), CANCELLED);
    assert_eq!(h.hub.publishes().count(), 0);
    assert_eq!(h.try_call(respond).unwrap_err().kind(), ErrorKind::Client);
}

#[test]
fn a_withdrawn_receive_call_ends_and_takes_no_message() {
    for feature in [Feature::Messages, Feature::Methods, Feature::DesiredProperties] {
        let mut h = Harness::connected(Options::default());
        let call = h.receive_call(feature, true);
        h.run();
        withdraw(&mut h, call);
        assert_eq!(h.result(call), CANCELLED, "{feature:?}");
        h.deliver("devices/dev/messages/devicebound/", "kept");
        assert!(h.messages().is_empty());
    }
}

#[test]
fn a_first_connection_ends_with_its_connect() {
    for is_open in [false, true] {
        let options = Options { auto_connect: Some(false), ..Options::default() };
        let mut h = Harness::with(options);
        h.slow_open = !is_open;
        h.hub.script.withhold_connack = true;
        h.subscribe(Feature::Methods);
        let connect = h.call(Client::connect);
        h.run();
        withdraw(&mut h, connect);
        assert_eq!(h.result(connect), CANCELLED);
        assert!(!h.has_socket());
        assert_eq!(h.client.connection_state(), ConnectionState::Disconnected);
        assert_eq!(h.next_timeout(), None);
        assert!(h.events.is_empty(), "{:?}", h.events);
        h.slow_open = false;
        h.hub.script.withhold_connack = false;
        let again = h.call(Client::connect);
        h.run();
        assert_eq!(h.result(again), Ok(Reply::Done));
    }
}

#[test]
fn a_first_connection_continues_for_another_call() {
    let others: [fn(&mut Harness) -> OperationId; 4] = [
        |h| h.call(Client::connect),
        |h| h.send("a"),
        |h| h.call(Client::get_twin),
        |h| h.receive_call(Feature::Messages, false),
    ];
    for other in others {
        let mut h = Harness::new();
        h.slow_open = true;
        let connect = h.call(Client::connect);
        let other = other(&mut h);
        h.run();
        withdraw(&mut h, connect);
        assert_eq!(h.result(connect), CANCELLED);
        h.open_socket();
        h.run();
        assert!(h.result(other).is_ok());
    }
}

#[test]
fn a_first_connection_continues_for_a_subscription() {
    for feature in [Feature::Messages, Feature::Methods, Feature::DesiredProperties] {
        let mut h = Harness::new();
        h.slow_open = true;
        h.subscribe(feature);
        let connect = h.call(Client::connect);
        h.run();
        withdraw(&mut h, connect);
        assert_eq!(h.result(connect), CANCELLED);
        h.open_socket();
        h.run();
        assert_eq!(h.client.connection_state(), ConnectionState::Connected, "{feature:?}");
    }
}

#[test]
fn a_first_connection_ends_after_a_twin_request_was_withdrawn() {
    let mut h = Harness::new();
    h.slow_open = true;
    let twin = h.call(Client::get_twin);
    let connect = h.call(Client::connect);
    h.run();
    withdraw(&mut h, twin);
    withdraw(&mut h, connect);
    assert_eq!(h.client.connection_state(), ConnectionState::Disconnected);
}

#[test]
fn an_open_or_restored_connection_outlives_a_withdrawn_connect() {
    let mut h = Harness::reconnecting(Options::default());
    h.slow_open = true;
    let connect = h.call(Client::connect);
    h.run();
    withdraw(&mut h, connect);
    assert_eq!(h.client.connection_state(), ConnectionState::Reconnecting);
    h.open_socket();
    h.run();
    h.hub.script.withhold_suback = true;
    h.subscribe(Feature::Methods);
    let connect = h.call(Client::connect);
    h.run();
    withdraw(&mut h, connect);
    assert_eq!(h.result(connect), CANCELLED);
    assert_eq!(h.client.connection_state(), ConnectionState::Connected);
}
