//! Bytes of the hub, and the packets in them.

use std::time::Duration;

use arbitrary::Unstructured;
use bytes::Bytes;
use iothub_device_client::protocol::Instant;
use iothub_device_client::protocol::mqtt::{Event, ProtocolViolation, Resend, Session};
use mqttbytes::v4::Connect;

use crate::hub::{Hub, connack};

/// However the bytes of a connection are cut into frames, the client finds the same packets and
/// responds alike; and it finds a packet that another implementation re-encodes.
pub fn frames(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let accepted = input.arbitrary().unwrap_or(true);
    let cuts: [u8; 8] = input.arbitrary().unwrap_or_default();
    let stream = input.take_rest();
    let whole = read(accepted, &[stream]);
    assert_eq!(whole, read(accepted, &pieces(stream, &cuts)), "cut at {cuts:?}");
    let single_bytes: Vec<_> = stream.chunks(1).collect();
    assert_eq!(whole, read(accepted, &single_bytes), "cut into single bytes");
    for delivery in whole.deliveries {
        let (topic, payload) = (&delivery.0, &delivery.1);
        let again = read(true, &[&Hub::publish_at_most_once(topic, payload)]);
        assert_eq!(again.deliveries, [delivery]);
    }
}

/// What a session returns for what it reads.
#[derive(Debug, PartialEq)]
struct Read {
    events: Vec<String>,
    deliveries: Vec<(String, Bytes)>,
    written: Vec<u8>,
    violation: Option<ProtocolViolation>,
}

fn read(accepted: bool, frames: &[&[u8]]) -> Read {
    let now = Instant::from_millis(0);
    let mut session = session(accepted);
    let (mut events, mut deliveries) = (Vec::new(), Vec::new());
    let outcome = frames.iter().try_for_each(|frame| {
        session.receive(frame);
        while let Some(event) = session.poll_event(now)? {
            events.push(format!("{event:?}"));
            if let Event::Delivered(delivery) = event {
                deliveries.push((delivery.topic, delivery.payload));
            }
        }
        Ok(())
    });
    let mut written = Vec::new();
    while let Some(bytes) = session.poll_transmit() {
        written.extend(bytes);
    }
    Read { events, deliveries, written, violation: outcome.err() }
}

/// A session that waits for CONNACK, or for the responses to two publishes and a SUBSCRIBE.
fn session(accepted: bool) -> Session<u8> {
    let now = Instant::from_millis(0);
    let mut session = Session::new(Duration::from_secs(60), vec!["a/#".into()]);
    session.start(now, &Connect::new("d"));
    if accepted {
        session.receive(&connack(false));
        assert!(matches!(session.poll_event(now), Ok(Some(Event::Accepted))));
    }
    session.subscriptions.want(0, true);
    session.publish("t".into(), Bytes::from_static(b"1"), Resend::UntilAcknowledged, 1);
    session.publish("t".into(), Bytes::from_static(b"2"), Resend::UntilRemoved, 2);
    session.write(now);
    session
}

/// Cuts at distances given by the bytes.
fn pieces<'a>(stream: &'a [u8], cuts: &[u8]) -> Vec<&'a [u8]> {
    let mut rest = stream;
    let mut pieces = Vec::new();
    for &cut in cuts {
        let (piece, after) = rest.split_at(usize::from(cut).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}
