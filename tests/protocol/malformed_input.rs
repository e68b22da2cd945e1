//! Whatever comes from the network: no panic, no hang, and every call settles exactly once (which
//! the harness checks).

use iothub_device_client::protocol::client::{Feature, Options};
use iothub_device_client::protocol::{Client, ErrorKind, Input, OperationId, Reply};

use crate::harness::Harness;
use crate::hub::{Hub, connack, puback, suback};

const CASES: u64 = 20_000;

/// splitmix64: a case is told by its seed alone.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn bytes(&mut self, limit: usize) -> Vec<u8> {
        (0..self.below(limit)).map(|_| self.byte()).collect()
    }

    /// Of the identifiers that are in use, most of them.
    fn packet_id(&mut self) -> u16 {
        u16::try_from(1 + self.below(12)).unwrap()
    }
}

/// Names the case that fails.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the seed of this case is {}", self.0);
        }
    }
}

/// A client somewhere in its life, and the calls that wait there.
fn client(random: &mut Random) -> (Harness, Vec<OperationId>) {
    let acknowledge_messages = random.one_in(2).then(|| "after-handler".into());
    let connection_retry = Some(!random.one_in(4));
    let sas_token_ttl = Some(10.0);
    let options =
        Options { acknowledge_messages, connection_retry, sas_token_ttl, ..Options::default() };
    let mut h = Harness::with(options);
    h.client.take_messages(random.one_in(2));
    let mut calls = vec![h.call(Client::connect)];
    match random.below(6) {
        0 => handshaking(&mut h, &mut calls),
        1 => h.run(),
        2 => waiting_for_everything(&mut h, &mut calls),
        3 => {
            waiting_for_everything(&mut h, &mut calls);
            h.advance_secs(8);
            calls.push(h.send("behind the renewal"));
        }
        4 => {
            waiting_for_everything(&mut h, &mut calls);
            h.drop_connection();
            h.advance_secs(13);
        }
        _ => {
            h.run();
            h.slow_close = true;
            if random.one_in(2) {
                calls.push(h.disconnect());
                h.run();
            } else {
                h.advance_secs(8);
            }
        }
    }
    (h, calls)
}

fn handshaking(h: &mut Harness, calls: &mut Vec<OperationId>) {
    h.hub.script.withhold_connack = true;
    h.subscribe(Feature::Messages);
    h.subscribe(Feature::DesiredProperties);
    calls.extend([h.send("early"), h.call(Client::get_twin), h.patch("{}")]);
    h.run();
}

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

/// A packet that a hub may send.
fn packet(h: &mut Harness, random: &mut Random) -> Vec<u8> {
    let topics = [
        "devices/dev/messages/devicebound/%24.mid=1&a=%zz&b",
        "devices/dev/messages/devicebound",
        "$iothub/methods/POST/m/?$rid=2",
        "$iothub/methods/POST//?$rid=",
        "$iothub/twin/PATCH/properties/desired/?$version=3",
        "$iothub/twin/res/200/?$rid=0000000000000001-1",
        "$iothub/twin/res/500/?$rid=0000000000000001-2",
        "$iothub/twin/res/204/?$rid=0000000000000001-3&$version=2",
        "$iothub/twin/res/65536/?$rid=0000000000000001-+4",
        "x",
    ];
    let payloads: [&[u8]; 5] =
        [b"", b"{", b"\xff", br#"{"$version":3}"#, br#"{"desired":{"$version":2}}"#];
    let topic = topics[random.below(topics.len())];
    let payload = payloads[random.below(payloads.len())];
    match random.below(8) {
        0 => connack(random.one_in(2)),
        1 => puback(random.packet_id()),
        2 => suback(random.packet_id(), random.one_in(2)),
        3 => vec![0xb0, 2, 0, random.byte()],
        4 => vec![0xd0, 0],
        5 => Hub::publish_at_most_once(topic, payload),
        _ => h.hub.publish_as(random.packet_id(), random.one_in(3), topic, payload),
    }
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    if bytes.is_empty() {
        return;
    }
    let at = random.below(bytes.len());
    match random.below(6) {
        0 => bytes[at] = random.byte(),
        1 => bytes[at] ^= 1 << random.below(8),
        2 => bytes.truncate(at),
        3 => bytes.insert(at, random.byte()),
        4 => drop(bytes.remove(at)),
        _ => bytes.truncate(2),
    }
}

/// What the hub sends in one case.
fn stream(h: &mut Harness, random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A handshake must succeed for the rest to be looked at.
    if random.one_in(2) {
        bytes.extend(connack(true));
    }
    for _ in 0..random.below(6) {
        let mut packet = packet(h, random);
        if random.one_in(3) {
            mutate(&mut packet, random);
        }
        bytes.extend(packet);
    }
    if random.one_in(4) {
        bytes.extend(random.bytes(40));
    }
    bytes
}

/// Feeds the stream in frames of any size, as long as the client listens.
fn feed(h: &mut Harness, random: &mut Random, stream: &[u8]) {
    let mut rest = stream;
    while h.can_receive() && !rest.is_empty() {
        let (frame, after) = rest.split_at(1 + random.below(rest.len()));
        h.receive(frame);
        rest = after;
    }
    if h.can_receive() && random.one_in(20) {
        h.input(Input::ReceivedText);
        h.run();
    }
}

fn case(seed: u64) {
    let _seed = Seed(seed);
    let mut random = Random(seed);
    let (mut h, mut calls) = client(&mut random);
    let stream = stream(&mut h, &mut random);
    feed(&mut h, &mut random, &stream);
    if random.one_in(2) {
        h.advance_secs(15);
        if let Ok(late) = h.try_call(Client::get_twin) {
            calls.push(late);
        }
    }
    let shutdown = h.shutdown();
    h.run();
    h.advance_secs(5);
    assert_eq!(h.result(shutdown), Ok(Reply::Done));
    assert!(calls.iter().all(|&call| h.is_settled(call)), "every call has settled");
    assert!(!h.can_receive(), "the socket is closed");
    assert_eq!(h.next_timeout(), None);
}

#[test]
fn no_input_makes_the_client_panic_hang_or_lose_a_call() {
    (0..CASES).for_each(case);
}

/// Deterministic, one violation each, in a client that waits for answers of every kind.
#[test]
fn a_violation_ends_the_connection_and_the_next_one_goes_on() {
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
