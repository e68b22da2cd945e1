//! Malformed MQTT ends the connection, and nothing else. For random bytes see `generated_input`.

use iothub_device_client::protocol::client::{Feature, Options};
use iothub_device_client::protocol::{Client, ErrorKind, Event, Input, OperationId};

use crate::harness::Harness;
use crate::hub::puback;

/// Connected, with calls of every kind in flight.
fn waiting_for_everything(h: &mut Harness, calls: &mut Vec<OperationId>) {
    h.subscribe(Feature::Methods);
    h.hub.script.withhold_twin = true;
    calls.push(h.call(Client::get_twin));
    h.run();
    h.deliver("$iothub/methods/POST/m/?$rid=1", "");
    h.hub.script.withhold_puback = true;
    let respond = |client: &mut Client, now| client.send_method_response(now, "1", 200, "1".into());
    calls.extend([h.call(respond), h.call(Client::get_twin), h.patch("{}"), h.send("a")]);
    h.subscribe(Feature::DesiredProperties);
    h.run();
    h.hub.script.withhold_suback = true;
    h.subscribe(Feature::Messages);
    calls.push(h.call(Client::connect));
    h.run();
}

/// Each in a client that waits for responses of every kind.
#[test]
fn a_violation_ends_the_connection_and_the_next_one_continues() {
    let violations: [(&str, &[u8]); 12] = [
        ("reserved type 0", &[0x00, 0]),
        ("reserved type 15", &[0xf0, 0]),
        ("a packet of clients", &[0xc0, 0]),
        ("reserved flags", &[0x41, 2, 0, 1]),
        ("a wrong length", &[0x40, 3, 0, 1, 0]),
        ("an endless length", &[0x30, 0xff, 0xff, 0xff, 0xff]),
        ("QoS 2", &[0x34, 5, 0, 1, b'x', 0, 1]),
        ("QoS 3", &[0x36, 5, 0, 1, b'x', 0, 1]),
        ("packet identifier 0", &[0x32, 5, 0, 1, b'x', 0, 0]),
        ("no topic", &[0x30, 2, 0, 0]),
        ("a topic that is no UTF-8", &[0x30, 4, 0, 2, 0xff, 0xfe]),
        ("a second CONNACK", &[0x20, 2, 0, 0]),
    ];
    for (name, bytes) in violations {
        let mut h = Harness::connected(Options::default());
        let mut calls = Vec::new();
        waiting_for_everything(&mut h, &mut calls);
        h.receive(bytes);
        assert_eq!(h.background(), [ErrorKind::Client], "{name}");
        assert_eq!(h.state_changes(), [true, false], "{name}");
        h.hub.script.withhold_puback = false;
        h.hub.script.withhold_suback = false;
        h.hub.script.withhold_twin = false;
        h.advance_secs(15);
        assert_eq!(h.state_changes(), [true, false, true], "{name}");
        assert!(calls.iter().all(|&call| h.is_settled(call)), "{name}");
    }
}

#[test]
fn a_text_frame_ends_the_connection() {
    let mut h = Harness::connected(Options::default());
    h.input(Input::ReceivedText);
    h.run();
    assert_eq!(h.background(), [ErrorKind::Client]);
    assert!(!h.socket_is_open());
}

#[test]
fn an_error_says_what_the_hub_did_wrong() {
    let mut h = Harness::connected(Options::default());
    h.receive(&[0x34, 5, 0, 1, b'x', 0, 1]);
    let said = |event: &Event| match event {
        Event::BackgroundException(error) => error.message().contains("QoS 2"),
        _ => false,
    };
    assert!(h.events.iter().any(said), "{:?}", h.events);
}

#[test]
fn a_packet_before_connack_fails_the_attempt() {
    for bytes in [&puback(1)[..], &[0xd0, 0], &[0x20, 2, 0, 9], &[0xff]] {
        let mut h = Harness::new();
        h.hub.script.withhold_connack = true;
        let connect = h.call(Client::connect);
        h.run();
        h.receive(bytes);
        assert_eq!(h.result(connect), Err(ErrorKind::Client), "{bytes:?}");
        assert!(!h.socket_is_open());
    }
}

#[test]
fn half_a_packet_is_waited_for() {
    let mut h = Harness::connected(Options::default());
    h.client.take_messages(true);
    let bytes = h.hub.publish("devices/dev/messages/devicebound/", b"in pieces");
    for byte in &bytes[..bytes.len() - 1] {
        h.receive(&[*byte]);
        assert!(h.messages().is_empty());
    }
    h.receive(&bytes[bytes.len() - 1..]);
    assert_eq!(h.messages(), ["in pieces"]);
}

#[test]
fn half_a_packet_does_not_reach_the_next_connection() {
    let mut h = Harness::connected(Options::default());
    h.receive(&[0x30, 100, 0, 1]);
    h.drop_connection();
    h.advance_secs(15);
    assert_eq!(h.state_changes(), [true, false, true]);
}
