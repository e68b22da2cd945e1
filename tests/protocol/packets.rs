//! The packets of a device as a hub reads them, and those of a hub, with `mqttrs`.

use mqttrs::{Packet, Pid, Suback, SubscribeReturnCodes, decode_slice, encode_slice};

/// A packet that the client sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Sent {
    Connect {
        client_id: String,
        user_name: String,
        password: String,
        keep_alive: u16,
        clean_session: bool,
        has_will: bool,
    },
    Publish {
        dup: bool,
        packet_id: u16,
        topic: String,
        payload: Vec<u8>,
    },
    Puback(u16),
    Subscribe {
        packet_id: u16,
        filters: Vec<String>,
    },
    Unsubscribe {
        packet_id: u16,
        filters: Vec<String>,
    },
    Pingreq,
    Disconnect,
}

pub fn puback(packet_id: u16) -> Vec<u8> {
    encode(&Packet::Puback(pid(packet_id)))
}

pub fn suback(packet_id: u16, granted: bool) -> Vec<u8> {
    let code = if granted {
        SubscribeReturnCodes::Success(mqttrs::QoS::AtLeastOnce)
    } else {
        SubscribeReturnCodes::Failure
    };
    encode(&Suback::new(pid(packet_id), vec![code]).into())
}

pub fn pid(packet_id: u16) -> Pid {
    packet_id.try_into().expect("not 0")
}

pub fn encode(packet: &Packet<'_>) -> Vec<u8> {
    let publish = match packet {
        Packet::Publish(publish) => publish.topic_name.len() + publish.payload.len(),
        _ => 0,
    };
    let mut bytes = vec![0; publish + 64];
    let length = encode_slice(packet, &mut bytes).expect("encodes");
    bytes.truncate(length);
    bytes
}

/// Removes the packet at the beginning of a client's bytes, if it is complete.
pub fn take_packet(unread: &mut Vec<u8>) -> Option<Sent> {
    let length = packet_length(unread)?;
    let packet: Vec<u8> = unread.drain(..length).collect();
    Some(to_owned(&decode_slice(&packet).expect("well-formed").expect("whole")))
}

/// The length of the packet at the beginning of `bytes`, if it is complete.
pub fn packet_length(bytes: &[u8]) -> Option<usize> {
    let mut remaining = 0;
    for (index, byte) in bytes.iter().skip(1).take(4).enumerate() {
        remaining |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let length = index + 2 + remaining;
            return (bytes.len() >= length).then_some(length);
        }
    }
    None
}

fn to_owned(packet: &Packet<'_>) -> Sent {
    match packet {
        Packet::Connect(connect) => Sent::Connect {
            client_id: connect.client_id.into(),
            user_name: connect.username.unwrap_or_default().into(),
            password: String::from_utf8(connect.password.unwrap_or_default().into()).unwrap(),
            keep_alive: connect.keep_alive,
            clean_session: connect.clean_session,
            has_will: connect.last_will.is_some(),
        },
        Packet::Publish(publish) => Sent::Publish {
            dup: publish.dup,
            packet_id: publish.qospid.pid().expect("QoS 1").get(),
            topic: publish.topic_name.into(),
            payload: publish.payload.into(),
        },
        Packet::Puback(packet_id) => Sent::Puback(packet_id.get()),
        Packet::Subscribe(subscribe) => Sent::Subscribe {
            packet_id: subscribe.pid.get(),
            filters: subscribe.topics.iter().map(|topic| topic.topic_path.to_string()).collect(),
        },
        Packet::Unsubscribe(unsubscribe) => Sent::Unsubscribe {
            packet_id: unsubscribe.pid.get(),
            filters: unsubscribe.topics.iter().map(ToString::to_string).collect(),
        },
        Packet::Pingreq => Sent::Pingreq,
        Packet::Disconnect => Sent::Disconnect,
        other => panic!("a client never sends {other:?}"),
    }
}
