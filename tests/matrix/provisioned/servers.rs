//! The provisioning service and the hubs: requests, responses, and what the client knows from them.

use mqttrs::Packet;

use super::world::World;
use crate::packets::{Sent, encode, puback};
use crate::registration::faults::{Fault, Step};
use crate::registration::service::connack;

/// The hubs, and the device's name at each.
pub const HUBS: [(&str, &str); 2] = [("hub-0.example", "dev-0"), ("hub-1.example", "dev-1")];

/// A server, at the other end of the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    Service,
    Hub { index: usize, is_handshaking: bool },
}

impl World {
    pub fn dialled(&mut self, url: &str) {
        let time = self.line.time;
        let step = if url.starts_with("wss://dps.example/") {
            assert!(!self.is_connected, "it registers while it is connected");
            self.registrations.dialled(time);
            self.server = Server::Service;
            Step::Socket
        } else {
            let index = HUBS.iter().position(|(hub, _)| url.contains(hub)).expect("a hub");
            self.registrations.dialled_hub(time, index);
            self.server = Server::Hub { index, is_handshaking: false };
            Step::HubSocket
        };
        let fault = self.line.fault(step);
        self.line.open(if self.is_offline { Some(Fault::SocketRefused) } else { fault });
    }

    /// What the client has learned from it.
    pub fn read(&mut self, bytes: &[u8]) {
        let time = self.line.time;
        match (&mut self.server, bytes) {
            (Server::Service, _) => self.registrations.read(time, bytes, &HUBS),
            (Server::Hub { is_handshaking, .. }, [0x20, _, _, code]) if *is_handshaking => {
                *is_handshaking = *code == 3;
                match code {
                    0 => self.registrations.connected(),
                    5 => self.registrations.refused(time),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    pub fn connection_ended(&mut self) {
        match self.server {
            Server::Service => self.registrations.connection_ended(self.line.time),
            Server::Hub { is_handshaking: true, .. } if !self.is_left => {
                self.registrations.failed();
            }
            Server::Hub { .. } => {}
        }
        self.server = Server::Service;
    }

    /// A packet arrives at its server, unless something goes wrong.
    pub fn sent(&mut self, sent: &Sent) {
        let step = match (self.server, sent) {
            (Server::Service, Sent::Connect { .. }) => Some(Step::Connect),
            (Server::Service, Sent::Subscribe { .. }) => Some(Step::Subscribe),
            (Server::Service, Sent::Publish { topic, .. }) => {
                Some(self.registrations.asked(self.line.time, topic))
            }
            (Server::Hub { .. }, Sent::Connect { .. }) => Some(Step::HubConnect),
            (Server::Hub { .. }, Sent::Publish { .. }) => Some(Step::HubSend),
            _ => None,
        };
        if self.line.is_silent() {
            return;
        }
        let fault = step.and_then(|step| self.line.fault(step));
        let bytes = match (fault, self.server) {
            // The packet does not arrive.
            (Some(Fault::CloseBefore), _) => Vec::new(),
            (_, Server::Service) => {
                use Fault::{Disabled, Failed, LoginRefused, NoHub, Unknown};
                let is_final = [LoginRefused, Unknown, Failed, Disabled, NoHub];
                self.is_unwelcome |= fault.is_some_and(|fault| is_final.contains(&fault));
                self.service.answer(&mut self.line.rng, sent, fault)
            }
            (_, Server::Hub { index, .. }) => self.hub_answers(index, sent, fault),
        };
        if step.is_some() || !bytes.is_empty() {
            self.line.answer(bytes, fault);
        }
    }

    fn hub_answers(&mut self, index: usize, sent: &Sent, fault: Option<Fault>) -> Vec<u8> {
        let (hub, device) = HUBS[index];
        match sent {
            Sent::Connect { client_id, user_name, .. } => {
                assert_eq!(client_id, device);
                assert!(user_name.starts_with(&format!("{hub}/{device}/?")), "{user_name}");
                connack(if index == self.home { fault } else { Some(Fault::LoginRefused) })
            }
            Sent::Publish { packet_id, topic, payload, .. } => {
                assert_eq!(*topic, format!("devices/{device}/messages/events/"));
                self.messages.insert(payload.clone());
                puback(*packet_id)
            }
            Sent::Pingreq => encode(&Packet::Pingresp),
            _ => Vec::new(),
        }
    }
}
