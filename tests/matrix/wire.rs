//! The packets of one socket, as the client writes and reads them, and what must be true of them.

use std::collections::BTreeMap;

use crate::application::Application;
use crate::hub::{SocketId, number_in};
use crate::packets::{Sent, packet_length, take_packet};

#[derive(Debug, Default)]
pub struct Wire {
    socket: SocketId,
    unread_of_client: Vec<u8>,
    unread_of_hub: Vec<u8>,
    connect_written: bool,
    disconnect_written: bool,
    /// When CONNACK with code 0 was read, on the monotonic clock as all here.
    pub accepted_at: Option<u64>,
    /// The client read malformed data and must end the connection.
    pub is_broken: bool,
    /// Written and not acknowledged: the message, if it is one, and since when.
    in_flight: BTreeMap<u16, (Option<u64>, u64)>,
    /// Read with QoS 1: the cloud-to-device message, if it is one.
    arrived: BTreeMap<u16, Option<u64>>,
    last_telemetry: u64,
    last_written: u64,
    ping_written: bool,
    /// When the client gives up the connection unless it has read something.
    sign_due: Option<u64>,
}

impl Wire {
    pub fn new(socket: SocketId) -> Self {
        Self { socket, ..Self::default() }
    }

    /// The client writes. Returns the packets.
    pub fn written(
        &mut self,
        now: u64,
        turn: u64,
        bytes: &[u8],
        application: &mut Application,
    ) -> Vec<Sent> {
        self.unread_of_client.extend_from_slice(bytes);
        let mut packets = Vec::new();
        while let Some(packet) = take_packet(&mut self.unread_of_client) {
            self.packet_written(now, turn, &packet, application);
            packets.push(packet);
        }
        assert!(self.unread_of_client.is_empty(), "a frame ends within a packet");
        packets
    }

    fn packet_written(&mut self, now: u64, turn: u64, packet: &Sent, app: &mut Application) {
        assert!(!self.disconnect_written, "{packet:?} follows DISCONNECT");
        let is_connect = matches!(packet, Sent::Connect { .. });
        assert_eq!(is_connect, !self.connect_written, "{packet:?} at the wrong time");
        assert!(is_connect || self.accepted_at.is_some(), "{packet:?} comes before CONNACK");
        self.last_written = now;
        match packet {
            Sent::Connect { .. } => self.connect_written = true,
            Sent::Disconnect => self.disconnect_written = true,
            Sent::Pingreq => self.ping_written = true,
            Sent::Subscribe { packet_id, .. } | Sent::Unsubscribe { packet_id, .. } => {
                self.take_off(*packet_id, None, now);
            }
            Sent::Publish { dup, packet_id, topic, payload } => {
                let is_telemetry = topic.starts_with("devices/");
                let number = is_telemetry.then(|| number_in(payload));
                self.take_off(*packet_id, number, now);
                if let Some(number) = number {
                    let last = self.last_telemetry;
                    assert!(number > last, "message {number} was written after {last}");
                    self.last_telemetry = number;
                    app.telemetry_written(turn, number, *dup, *packet_id, self.socket);
                }
            }
            Sent::Puback(packet_id) => match self.arrived.get(packet_id) {
                Some(Some(message)) => app.check_acknowledged(self.socket, *message),
                Some(None) => {}
                None => panic!("PUBACK {packet_id} acknowledges nothing"),
            },
        }
    }

    fn take_off(&mut self, packet_id: u16, message: Option<u64>, now: u64) {
        let earlier = self.in_flight.insert(packet_id, (message, now));
        assert!(earlier.is_none(), "packet identifier {packet_id} is in flight already");
    }

    /// The client reads.
    pub fn read(&mut self, bytes: &[u8], now: u64) {
        self.unread_of_hub.extend_from_slice(bytes);
        while !self.is_broken
            && let Some(length) = packet_length(&self.unread_of_hub)
        {
            let packet: Vec<u8> = self.unread_of_hub.drain(..length).collect();
            self.packet_read(&packet, now);
        }
        let kind = self.unread_of_hub.first().map(|byte| byte >> 4);
        self.is_broken |= matches!(kind, Some(0 | 1 | 5..=8 | 10 | 12 | 14 | 15));
    }

    fn packet_read(&mut self, packet: &[u8], now: u64) {
        let kind = packet[0] >> 4;
        let body = &packet[packet.iter().skip(1).position(|byte| byte & 0x80 == 0).unwrap() + 2..];
        let length_is_right = match kind {
            2 | 4 | 11 => body.len() == 2,
            9 => body.len() >= 3,
            13 => body.is_empty(),
            _ => kind == 3,
        };
        if length_is_right {
            self.ping_written = false;
            self.sign_due = None;
        }
        if !length_is_right || (kind == 2) != self.accepted_at.is_none() {
            self.is_broken = true;
            return;
        }
        match kind {
            2 if body[1] == 0 => self.accepted_at = Some(now),
            2 => self.is_broken = true,
            3 if packet[0] & 0x06 != 0 => {
                let topic_length = usize::from(u16::from_be_bytes([body[0], body[1]]));
                let (topic, rest) = body[2..].split_at(topic_length);
                let packet_id = u16::from_be_bytes([rest[0], rest[1]]);
                let message = topic.starts_with(b"devices/dev/").then(|| number_in(&rest[2..]));
                self.arrived.insert(packet_id, message);
            }
            4 | 9 | 11 => {
                self.in_flight.remove(&u16::from_be_bytes([body[0], body[1]]));
            }
            _ => {}
        }
    }

    /// The connection may be dead: the client sends a ping.
    pub fn doubted(&mut self, now: u64) {
        if self.is_up() {
            let earlier = self.sign_due.filter(|due| *due >= now);
            self.sign_due = earlier.or(Some(now + 5_000));
        }
    }

    /// The client may retry on its own, and wait longer.
    pub fn clock_jumped(&mut self) {
        self.sign_due = None;
    }

    /// Whether the response to the ping is missing.
    pub fn is_in_doubt(&self) -> bool {
        self.sign_due.is_some()
    }

    /// Whether the client regards the connection as open.
    pub fn is_up(&self) -> bool {
        self.accepted_at.is_some() && !self.disconnect_written && !self.is_broken
    }

    /// The latest moment at which the client must act if nothing else happens.
    pub fn deadline(
        &self,
        keep_alive: u64,
        operation_timeout: Option<u64>,
        application: &Application,
    ) -> Option<u64> {
        if !self.is_up() {
            return None;
        }
        // MQTT requires 1.5 times the interval; the client has its own limit.
        let idle = if self.ping_written { 15_000 } else { keep_alive * 3 / 4 };
        let oldest = self.in_flight.values().filter_map(|(message, since)| {
            message.filter(|number| application.is_open(*number)).map(|_| *since)
        });
        let overdue = oldest.min().zip(operation_timeout).map(|(since, limit)| since + limit);
        [Some(self.last_written + idle), overdue, self.sign_due].into_iter().flatten().min()
    }
}
