//! `cargo bench --package core-benchmarks`: measures encoding and decoding in the core, without sockets
//! and JavaScript.

#![cfg_attr(target_arch = "wasm32", no_main)]
#![cfg(not(target_arch = "wasm32"))]

use std::hint::black_box;
use std::time::Duration;

use bytes::BytesMut;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use iothub_device_client::protocol::hub::sas_token::{SasToken, SharedAccessKey};
use iothub_device_client::protocol::hub::topic::{self, Route};
use iothub_device_client::protocol::hub::{Identity, Message, MessageProperties, properties, twin};
use iothub_device_client::protocol::mqtt::{Resend, Session};
use iothub_device_client::protocol::{Instant, json};
use mqttbytes::QoS;
use mqttbytes::v4::{ConnAck, Connect, ConnectReturnCode, PubAck, Publish};

/// How many packets are encoded or decoded together.
const PACKETS: u16 = 100;
/// The size of the pieces of a stream that was not cut between packets.
const PIECE: usize = 64;

fn now() -> Instant {
    Instant::from_millis(0)
}

fn identity() -> Identity {
    Identity::new("hub.azure-devices.net", "device-1", None).expect("a valid identity")
}

fn four_properties() -> MessageProperties<'static> {
    let mut properties = MessageProperties {
        message_id: Some("message-1".into()),
        content_type: Some("application/json".into()),
        content_encoding: Some("utf-8".into()),
        ..MessageProperties::default()
    };
    properties.set_custom("temperatureAlert".into(), Some("room 7: 22 °C".into()));
    properties
}

fn message(bytes: usize, properties: MessageProperties<'static>) -> Message<'static> {
    Message { body: vec![b'x'; bytes].into(), properties }
}

/// A session with an accepted connection, and nothing left to write or report.
fn session() -> Session<u16> {
    let filters = vec![topic::messages_filter(&identity())];
    let mut session = Session::new(Duration::from_secs(60), filters);
    session.start(now(), &Connect::new("device-1"));
    let mut connack = BytesMut::new();
    let accepted = ConnAck { session_present: false, code: ConnectReturnCode::Success };
    accepted.write(&mut connack).expect("a CONNACK");
    assert_eq!(receive(&mut session, [&connack[..]].into_iter()), 1);
    while session.poll_transmit().is_some() {}
    session
}

/// Returns the bytes for the socket.
fn send(session: &mut Session<u16>, identity: &Identity, message: &Message<'_>) -> usize {
    for tag in 0..PACKETS {
        let topic = topic::telemetry(identity, message).expect("a message that is not too large");
        session.publish(topic, message.body.clone(), Resend::UntilAcknowledged, tag);
    }
    session.write_all(now());
    std::iter::from_fn(|| session.poll_transmit()).map(|bytes| black_box(bytes).len()).sum()
}

/// Returns the number of events in the pieces of a stream.
fn receive<'a>(session: &mut Session<u16>, pieces: impl Iterator<Item = &'a [u8]>) -> usize {
    let mut events = 0;
    for piece in pieces {
        session.receive(piece);
        while let Some(event) = session.poll_event(now()).expect("what a hub may send") {
            black_box(event);
            events += 1;
        }
    }
    events
}

fn encode_publishes(criterion: &mut Criterion) {
    let identity = identity();
    let mut group = criterion.benchmark_group("encode telemetry");
    group.throughput(Throughput::Elements(PACKETS.into()));
    for (name, message) in [
        ("110 bytes", message(110, MessageProperties::default())),
        ("4 KB", message(4096, MessageProperties::default())),
        ("110 bytes, four properties", message(110, four_properties())),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched_ref(
                session,
                |session| send(session, &identity, &message),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn decode_pubacks(criterion: &mut Criterion) {
    let message = message(110, MessageProperties::default());
    let mut stream = BytesMut::new();
    for packet_id in 1..=PACKETS {
        PubAck::new(packet_id).write(&mut stream).expect("a PUBACK");
    }
    let mut group = criterion.benchmark_group("decode PUBACKs");
    group.throughput(Throughput::Elements(PACKETS.into()));
    for (name, piece) in [("one frame", stream.len()), ("a frame for each", 4)] {
        group.bench_function(name, |bencher| {
            let setup = || {
                let mut session = session();
                send(&mut session, &identity(), &message);
                session
            };
            let decode = |session: &mut _| {
                let acknowledged = receive(session, stream.chunks(piece));
                assert_eq!(acknowledged, usize::from(PACKETS));
            };
            bencher.iter_batched_ref(setup, decode, BatchSize::SmallInput);
        });
    }
    group.finish();
}

fn decode_publishes(criterion: &mut Criterion) {
    let topic = format!("devices/device-1/messages/devicebound/{BAG}");
    let mut stream = BytesMut::new();
    for packet_id in 1..=PACKETS {
        let mut publish = Publish::new(&topic, QoS::AtLeastOnce, vec![b'x'; 110]);
        publish.pkid = packet_id;
        publish.write(&mut stream).expect("a PUBLISH");
    }
    let packet = stream.len() / usize::from(PACKETS);
    let mut group = criterion.benchmark_group("decode cloud-to-device messages");
    group.throughput(Throughput::Elements(PACKETS.into()));
    for (name, piece) in [("one frame", stream.len()), ("a frame for each", packet), ("cut", PIECE)]
    {
        group.bench_function(name, |bencher| {
            let decode = |session: &mut _| {
                let delivered = receive(session, stream.chunks(piece));
                assert_eq!(delivered, usize::from(PACKETS));
            };
            bencher.iter_batched_ref(session, decode, BatchSize::SmallInput);
        });
    }
    group.finish();
}

/// The properties of a message as the hub writes them.
const BAG: &str = "%24.mid=message-1&%24.to=%2Fdevices%2Fdevice-1%2Fmessages%2Fdevicebound\
    &%24.ct=application%2Fjson&%24.ce=utf-8&temperatureAlert=room%207%3A%2022%20%C2%B0C";

fn topics(criterion: &mut Criterion) {
    let identity = identity();
    let message = message(0, four_properties());
    let received = format!("devices/device-1/messages/devicebound/{BAG}");
    let mut group = criterion.benchmark_group("topic and property bag");
    group.bench_function("encode", |bencher| {
        bencher.iter(|| topic::telemetry(&identity, black_box(&message)));
    });
    group.bench_function("decode", |bencher| {
        bencher.iter(|| match topic::route(&identity, black_box(&received)) {
            Some(Route::Message { bag, .. }) => properties::decode(bag),
            other => panic!("{other:?}"),
        });
    });
    group.finish();
}

fn sas_tokens(criterion: &mut Criterion) {
    let identity = identity();
    let sign = |key: &str| -> SasToken {
        let key = SharedAccessKey::from_base64(key).expect("a key in Base64");
        key.sign(identity.resource(), 1_700_000_000, None)
    };
    criterion.bench_function("sign a SAS token", |bencher| {
        bencher.iter(|| sign(black_box("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")));
    });
}

fn twins(criterion: &mut Criterion) {
    let properties: Vec<_> = (0..40)
        .map(|index| format!(r#""property{index}":{{"value":{index},"unit":"°C","on":true}}"#))
        .collect();
    let properties = properties.join(",");
    let document = format!(
        r#"{{"desired":{{{properties},"$version":7}},"reported":{{{properties},"$version":3}}}}"#
    );
    let mut group = criterion.benchmark_group("scan a twin");
    group.throughput(Throughput::Bytes(document.len() as u64));
    group.bench_function("is it JSON", |bencher| {
        bencher.iter(|| json::is_valid(black_box(&document)));
    });
    group.bench_function("desired properties and version", |bencher| {
        bencher.iter(|| twin::desired(black_box(&document)).expect("desired properties"));
    });
    group.finish();
}

criterion_group!(
    benches,
    encode_publishes,
    decode_pubacks,
    decode_publishes,
    topics,
    sas_tokens,
    twins
);
criterion_main!(benches);
