//! The packets in flight between the client and the hub, and their faults.

use std::collections::BTreeSet;

use iothub_device_client::protocol::Input;

use crate::faults::{Fault, Step};
use crate::hub::{Reply, SocketId, number_in};
use crate::packets::{Sent, puback, take_packet};
use crate::world::{Happening, World};

/// None of these may come from a hub after CONNACK, and none before it.
const MALFORMED: [&[u8]; 6] =
    [&[0x40, 3, 0, 7, 0], &[0x00, 0], &[0xf0, 0], &[0x50, 2, 0, 1], &[0xc0, 0], &[0xd0, 1, 0]];

impl World {
    pub fn happen_on_the_way(&mut self, happening: Happening) {
        match happening {
            Happening::Opens(id) => self.socket_opens(id),
            Happening::CannotOpen(id) if self.socket == Some(id) => {
                self.socket_ended(id, "refused");
            }
            Happening::AtHub(id, bytes) => self.at_hub(id, &bytes),
            Happening::HubSeesEnd(id) => self.hub_sees_end(id),
            Happening::HubWatches(id) => self.hub_watches(id),
            Happening::HubSends(id, reply) if self.hub.is_live(id) => self.hub_sends(id, &reply),
            Happening::AtClient(id) => self.read(id),
            Happening::TextAtClient(id) if self.socket == Some(id) && self.sockets[id].is_open => {
                self.input(Input::ReceivedText);
                self.turn();
                assert_ne!(self.socket, Some(id), "the client goes on after a text frame");
            }
            Happening::ClosedAtClient(id) => self.closed_at_client(id),
            _ => {}
        }
    }

    fn socket_opens(&mut self, id: SocketId) {
        if self.socket != Some(id) {
            return;
        }
        self.sockets[id].is_open = true;
        let earlier = self.hub.opened(id, self.time);
        if let Some(earlier) = earlier {
            self.hub_closes(earlier);
        }
        self.input(Input::SocketOpened);
    }

    fn closed_at_client(&mut self, id: SocketId) {
        if self.socket == Some(id) {
            self.socket_ended(id, "close code 1000");
        } else if self.faulty {
            self.note(Step::Socket, Fault::StaleEvent);
        }
    }

    fn at_hub(&mut self, id: SocketId, bytes: &[u8]) {
        if self.sockets[id].is_silent || !self.hub.is_live(id) {
            return;
        }
        let connection = self.hub.connection.as_mut().expect("it is live");
        connection.last_heard = self.time;
        connection.unread.extend_from_slice(bytes);
        loop {
            let Some(connection) = self.hub.connection.as_mut() else { return };
            let Some(sent) = take_packet(&mut connection.unread) else { return };
            self.packet_at_hub(id, &sent);
            if self.sockets[id].is_silent || !self.hub.is_live(id) {
                return;
            }
        }
    }

    fn packet_at_hub(&mut self, id: SocketId, sent: &Sent) {
        let step = Step::of(sent);
        let fault = self.fault(step);
        match fault {
            Some(Fault::CloseBefore) => return self.hub_closes(id),
            Some(Fault::SilenceBefore) => return self.fall_silent(id),
            Some(Fault::CloseStuck) => self.sockets[id].is_stuck = true,
            Some(Fault::SessionLost) => self.hub.forget_session(),
            Some(Fault::Poison) => self.poison(sent),
            _ => {}
        }
        let refuses = fault == Some(Fault::Refused) || self.is_refused(sent);
        let replies = self.hub_takes(id, sent, refuses);
        if !self.hub.is_live(id) {
            return;
        }
        for reply in replies {
            self.answer(id, reply, fault);
        }
        match fault {
            Some(Fault::CloseAfter) => self.hub_closes(id),
            Some(Fault::SilenceAfter) => self.fall_silent(id),
            Some(Fault::Text) => self.travel(id, 1, Happening::TextAtClient(id)),
            _ => {}
        }
        self.push_messages(id);
    }

    fn answer(&mut self, id: SocketId, reply: Reply, fault: Option<Fault>) {
        match fault {
            Some(Fault::CloseAfter | Fault::SilenceAfter | Fault::Withheld | Fault::Text) => {}
            Some(Fault::Late) => {
                let delay = [50, 1_000, 9_000, 40_000, 90_000][self.rng.usize(..5)];
                self.later(delay, Happening::HubSends(id, reply));
            }
            Some(Fault::Twice) => {
                self.hub_sends(id, &reply);
                let again = Reply { bytes: reply.again.clone(), ..reply };
                self.hub_sends(id, &again);
            }
            _ => self.hub_sends(id, &reply),
        }
    }

    fn poison(&mut self, sent: &Sent) {
        if let Sent::Publish { payload, .. } = sent
            && !self.hub.telemetry_set.contains(&number_in(payload))
        {
            self.hub.poison.insert(number_in(payload));
        }
    }

    fn is_refused(&mut self, sent: &Sent) -> bool {
        let is_refused = self.refusals > 0
            && matches!(Step::of(sent), Step::Subscribe | Step::TwinGet)
            && self.rng.bool();
        self.refusals -= u32::from(is_refused);
        is_refused
    }

    /// The hub handles a packet. Returns its responses.
    fn hub_takes(&mut self, id: SocketId, sent: &Sent, refuses: bool) -> Vec<Reply> {
        match sent {
            Sent::Connect { .. } => {
                let refusal = refuses.then(|| self.rng.u8(1..=5));
                let (reply, accepted) = self.hub.connect(sent, self.unix(), refusal);
                if accepted {
                    self.later(0, Happening::HubWatches(id));
                } else {
                    self.hub_sends(id, &reply);
                    self.hub_closes(id);
                    return Vec::new();
                }
                vec![reply]
            }
            Sent::Subscribe { packet_id, filters } => {
                vec![self.hub.subscribe(*packet_id, filters, !refuses)]
            }
            Sent::Unsubscribe { packet_id, filters } => {
                vec![self.hub.unsubscribe(*packet_id, filters)]
            }
            Sent::Publish { topic, payload, .. } => {
                if topic.starts_with("devices/") && self.hub.poison.contains(&number_in(payload)) {
                    self.hub_closes(id);
                    return Vec::new();
                }
                let acknowledgement = self.hub.publish(sent);
                if !topic.starts_with("$iothub/twin/") {
                    return vec![acknowledgement];
                }
                let status = refuses.then(|| [400, 404, 429, 500][self.rng.usize(..4)]);
                let not_json = self.not_json(Step::TwinAnswer);
                let answer = self.hub.twin_answer(topic, payload, status, not_json);
                // Either may come first.
                if self.rng.bool() {
                    vec![acknowledgement, answer]
                } else {
                    vec![answer, acknowledgement]
                }
            }
            Sent::Puback(packet_id) => {
                self.hub.acknowledged(*packet_id);
                Vec::new()
            }
            Sent::Pingreq => vec![Reply::same(Step::Pingresp, vec![0xd0, 0])],
            Sent::Disconnect => Vec::new(),
        }
    }

    /// Whether the body of a publish of the hub must not be JSON.
    pub fn not_json(&mut self, step: Step) -> bool {
        let not_json = self.faulty && self.rng.u32(..1000) < self.setting.fault_rate / 5;
        if not_json {
            self.note(step, Fault::NotJson);
        }
        not_json
    }

    /// The hub sends the messages that wait for the device.
    pub fn push_messages(&mut self, id: SocketId) {
        while self.hub.is_live(id)
            && !self.sockets[id].is_silent
            && let Some(reply) = self.hub.next_message()
        {
            self.hub_sends(id, &reply);
        }
    }

    /// Sends a packet of the hub.
    pub fn hub_sends(&mut self, id: SocketId, reply: &Reply) {
        let fault = self.fault(reply.step);
        match fault {
            Some(Fault::CloseBefore) => return self.hub_closes(id),
            Some(Fault::SilenceBefore) => return self.fall_silent(id),
            Some(Fault::Malformed) => {
                let bytes = MALFORMED[self.rng.usize(..MALFORMED.len())];
                self.hub_writes(id, bytes);
                return self.hub_closes(id);
            }
            Some(Fault::Truncated) => {
                self.hub_writes(id, &reply.bytes[..reply.bytes.len() / 2]);
                return self.hub_closes(id);
            }
            Some(Fault::Stray) => {
                let strays: [&[u8]; 4] = [
                    &puback(60_000),
                    &[0xd0, 0],
                    &[0x90, 3, 0xea, 0x60, 1],
                    &[0x30, 4, 0, 1, b'x', b'y'],
                ];
                let stray = strays[self.rng.usize(..4)].to_vec();
                self.hub_writes(id, &stray);
            }
            _ => {}
        }
        self.hub_writes(id, &reply.bytes);
        if reply.step == Step::Connack && reply.bytes[3] == 0 {
            self.hub.connection.as_mut().expect("it is live").accepted = true;
            self.push_messages(id);
        }
        match fault {
            Some(Fault::CloseAfter) => self.hub_closes(id),
            Some(Fault::SilenceAfter) => self.fall_silent(id),
            // With QoS 0 a second delivery cannot be distinguished from another message.
            Some(Fault::Twice) if reply.bytes[0] & 0x36 != 0x30 => {
                self.hub_writes(id, &reply.again);
            }
            _ => {}
        }
    }

    fn fall_silent(&mut self, id: SocketId) {
        self.sockets[id].is_silent = true;
    }

    fn hub_sees_end(&mut self, id: SocketId) {
        if self.sockets[id].is_silent {
            return;
        }
        if self.hub.is_live(id) {
            self.hub.connection = None;
        }
        if !self.sockets[id].is_stuck {
            self.travel(id, 1, Happening::ClosedAtClient(id));
        }
    }

    /// The hub checks whether a connection is alive, and may stay open.
    fn hub_watches(&mut self, id: SocketId) {
        let Some(connection) = self.hub.connection.as_ref().filter(|c| c.socket == id) else {
            return;
        };
        let silent_at = connection.last_heard + connection.keep_alive_ms * 3 / 2;
        let unix = self.unix();
        let expired = connection.expiry.is_some_and(|expiry| expiry <= unix);
        let fault = match (expired, silent_at <= self.time) {
            (true, _) => Fault::TokenExpired,
            (_, true) => Fault::KeepAliveLapsed,
            _ => {
                let left = connection.expiry.map_or(u64::MAX, |expiry| (expiry - unix) * 1000);
                let wait = left.min(silent_at - self.time);
                return self.later(wait, Happening::HubWatches(id));
            }
        };
        let is_flawless = self.flawless_from.is_some_and(|first| id >= first);
        assert!(!is_flawless, "{fault:?} though nothing goes wrong");
        self.note(Step::Idle, fault);
        self.hub_closes(id);
    }

    /// The numbers of messages that no handler ever got although the hub regards them as completed.
    pub fn swallowed(&self) -> BTreeSet<u64> {
        self.hub.completed.difference(&self.application.handed).copied().collect()
    }
}
