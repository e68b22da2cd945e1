//! From WebSocket frames to MQTT packets.
//!
//! mqttbytes decodes the packets. This file handles what it leaves open: a frame may contain part
//! of a packet or several packets (section 6), reserved flags and lengths (section 2.2), topics
//! (section 4.7), and which side may send what.

use std::fmt;

use bytes::Bytes;
use mqttbytes::QoS;
use mqttbytes::v4::{ConnAck, PubAck, Publish, SubAck, UnsubAck};

/// The longest packet that is accepted, in bytes. IoT Hub sends nothing above 256 KB.
pub const MAX_INCOMING_PACKET: usize = 1024 * 1024;

/// The server sent something that MQTT does not allow; the connection must be closed (section 4.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtocolViolation(pub(crate) String);

impl fmt::Display for ProtocolViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A packet that a server sends; mqttbytes' own enum also has those of clients.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Received {
    ConnAck(ConnAck),
    Publish(Publish),
    PubAck(PubAck),
    SubAck(SubAck),
    UnsubAck(UnsubAck),
    PingResp,
}

/// Gathers the bytes of one connection and returns the packets in them.
#[derive(Debug, Default)]
pub(super) struct PacketReader {
    buffer: Bytes,
}

impl PacketReader {
    /// Takes the bytes of one frame.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.buffer.is_empty() {
            self.buffer = Bytes::copy_from_slice(bytes);
        } else {
            let mut buffer = Vec::from(std::mem::take(&mut self.buffer));
            buffer.extend_from_slice(bytes);
            self.buffer = buffer.into();
        }
    }

    /// The next whole packet, or `None` until more bytes come.
    pub fn next(&mut self) -> Result<Option<Received>, ProtocolViolation> {
        check_header(&self.buffer)?;
        let header = match mqttbytes::check(self.buffer.iter(), MAX_INCOMING_PACKET) {
            Ok(header) => header,
            Err(mqttbytes::Error::InsufficientBytes(_)) => return Ok(None),
            Err(error) => return Err(malformed(error)),
        };
        let bytes = self.buffer.split_to(header.frame_length());
        let packet = match bytes[0] >> 4 {
            CONNACK => ConnAck::read(header, bytes).map(Received::ConnAck),
            PUBACK => PubAck::read(header, bytes).map(Received::PubAck),
            SUBACK => SubAck::read(header, bytes).map(Received::SubAck),
            UNSUBACK => UnsubAck::read(header, bytes).map(Received::UnsubAck),
            PINGRESP => Ok(Received::PingResp),
            _ => {
                let publish = Publish::read(header, bytes).map_err(malformed)?;
                check_publish(&publish)?;
                Ok(Received::Publish(publish))
            }
        };
        packet.map(Some).map_err(malformed)
    }
}

fn malformed(_: mqttbytes::Error) -> ProtocolViolation {
    ProtocolViolation("the server sent a malformed MQTT packet".into())
}

const CONNACK: u8 = 2;
const PUBLISH: u8 = 3;
const PUBACK: u8 = 4;
const SUBACK: u8 = 9;
const UNSUBACK: u8 = 11;
const PINGRESP: u8 = 13;

/// Checks the first two bytes as soon as they arrive, so as not to wait for the rest of an invalid
/// packet.
fn check_header(bytes: &[u8]) -> Result<(), ProtocolViolation> {
    let Some(&first) = bytes.first() else {
        return Ok(());
    };
    let (kind, length_allowed): (_, fn(u8) -> bool) = match first >> 4 {
        CONNACK => ("CONNACK", |length| length == 2),
        PUBLISH => return Ok(()),
        PUBACK => ("PUBACK", |length| length == 2),
        SUBACK => ("SUBACK", |length| length >= 3),
        UNSUBACK => ("UNSUBACK", |length| length == 2),
        PINGRESP => ("PINGRESP", |length| length == 0),
        other => {
            return Err(ProtocolViolation(format!(
                "the server sent an MQTT packet of type {other}, which it must not send to this client"
            )));
        }
    };
    if first & 0x0f != 0 || bytes.get(1).is_some_and(|&length| !length_allowed(length)) {
        return Err(ProtocolViolation(format!(
            "the server sent a {kind} packet with reserved flags or a wrong length"
        )));
    }
    Ok(())
}

fn check_publish(publish: &Publish) -> Result<(), ProtocolViolation> {
    let problem = if publish.qos == QoS::ExactlyOnce {
        "with QoS 2, which was never granted"
    } else if publish.dup && publish.qos == QoS::AtMostOnce {
        "with QoS 0 and the DUP flag"
    } else if publish.topic.is_empty() {
        "without a topic"
    } else {
        return Ok(());
    };
    Err(ProtocolViolation(format!("the server sent a PUBLISH packet {problem}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(frames: &[&[u8]]) -> Result<Vec<Received>, ProtocolViolation> {
        let mut reader = PacketReader::default();
        let mut packets = Vec::new();
        for frame in frames {
            reader.push(frame);
            while let Some(packet) = reader.next()? {
                packets.push(packet);
            }
        }
        Ok(packets)
    }

    const A_PUBLISH: &[u8] = &[0x32, 8, 0, 1, b'a', 0, 9, b'x', b'y', b'z'];
    const A_PUBACK: &[u8] = &[0x40, 2, 0, 7];

    #[test]
    fn a_packet_split_into_single_bytes_is_one_packet() {
        let frames: Vec<&[u8]> = A_PUBLISH.chunks(1).collect();
        let packets = read_all(&frames).unwrap();
        assert!(matches!(&packets[..], [Received::Publish(p)] if p.topic == "a" && p.pkid == 9));
    }

    #[test]
    fn packets_merged_in_one_frame_come_in_order() {
        let packets = read_all(&[&[A_PUBACK, A_PUBLISH, A_PUBACK].concat()]).unwrap();
        assert!(matches!(
            &packets[..],
            [Received::PubAck(_), Received::Publish(_), Received::PubAck(_)]
        ));
    }

    #[test]
    fn a_packet_that_only_a_client_sends_is_a_violation() {
        for packet in
            [&[0xc0, 0][..], &[0xe0, 0], &[0x82, 6, 0, 1, 0, 1, b'a', 0], &[0x50, 2, 0, 1]]
        {
            assert!(read_all(&[packet]).is_err(), "{packet:?}");
        }
    }

    #[test]
    fn reserved_flags_and_wrong_lengths_are_violations() {
        for packet in
            [&[0x41, 2, 0, 7][..], &[0x40, 3, 0, 7, 0], &[0xd0, 1, 0], &[0x20, 1, 0], &[0xf0, 0]]
        {
            assert!(read_all(&[packet]).is_err(), "{packet:?}");
        }
    }

    #[test]
    fn a_publish_with_qos_2_or_no_topic_is_a_violation() {
        assert!(read_all(&[&[0x34, 5, 0, 1, b'a', 0, 1]]).is_err());
        assert!(read_all(&[&[0x30, 2, 0, 0]]).is_err());
        assert!(read_all(&[&[0x38, 3, 0, 1, b'a']]).is_err());
    }

    #[test]
    fn a_packet_above_the_limit_is_refused_by_its_header_alone() {
        assert!(read_all(&[&[0x30, 0x81, 0x80, 0x40]]).is_err());
    }
}
