//! The whole client, under any sequence of calls, events of its socket, bytes and time.

use std::time::Duration;

use arbitrary::Unstructured;
use iothub_device_client::protocol::client::{ConnectionRetry, Options};
use iothub_device_client::protocol::hub::sas_token::{SasToken, SharedAccessKey};
use iothub_device_client::protocol::hub::{Credentials, Message};
use iothub_device_client::protocol::{Client, Error, Event, Input, Now, OperationId, Reply};

use super::steps::{Packet, Script, Socket, Step, Token, waiting_for_everything};
use crate::harness::{Harness, KEY, START_UNIX};
use crate::hub::{Hub, Sent, connack, puback, suback};

/// Longer sequences find nothing more.
const MAX_STEPS: usize = 100;

/// For any events in any order: no panic, at most one socket, every call settles exactly once,
/// nothing is left after shutdown, and no secret is shown.
pub fn machine(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut fuzzed = Fuzzed::new(&mut input).unwrap_or_else(|_| Fuzzed::of(Harness::new()));
    let in_use =
        if input.ratio(3, 4).unwrap_or_default() { waiting_for_everything() } else { vec![] };
    let steps = input.arbitrary_iter::<Step>().expect("an iterator").map_while(Result::ok);
    for step in in_use.into_iter().chain(steps.take(MAX_STEPS)) {
        fuzzed.perform(step);
        fuzzed.harness.run();
        fuzzed.note_tokens();
    }
    fuzzed.end();
}

struct Fuzzed {
    harness: Harness,
    calls: Vec<OperationId>,
    receives: Vec<OperationId>,
    tokens: Vec<String>,
}

impl Fuzzed {
    fn new(input: &mut Unstructured<'_>) -> arbitrary::Result<Self> {
        let options = Options {
            acknowledge_messages: input.arbitrary::<bool>()?.then(|| "after-handler".into()),
            connection_retry: [None, Some(ConnectionRetry::Never), Some(ConnectionRetry::Always)]
                [input.int_in_range(0..=2)?],
            auto_connect: input.arbitrary()?,
            ensure_desired_properties: input.arbitrary()?,
            operation_timeout: input.arbitrary::<Option<u8>>()?.map(Into::into),
            connection_retry_max_interval: input.arbitrary::<bool>()?.then_some(60.0),
            max_pending_messages: input.arbitrary::<bool>()?.then_some(3.0),
            sas_token_ttl: input.arbitrary::<Option<u8>>()?.map(|ttl| f64::from(ttl) + 1.0),
            ..Options::default()
        };
        let text = token("hub.example/devices/dev", START_UNIX + 600);
        let credentials = match input.int_in_range(0..=3)? {
            0 => return Ok(Self::of(Harness::with(options))),
            1 => Credentials::SasToken(SasToken::parse(&text).expect("a token").0),
            2 => Credentials::TokenFunction,
            _ => Credentials::X509,
        };
        Ok(Self::of(Harness::with_credentials(credentials, options)))
    }

    fn of(harness: Harness) -> Self {
        Self { harness, calls: Vec::new(), receives: Vec::new(), tokens: Vec::new() }
    }

    fn perform(&mut self, step: Step) {
        let now = self.harness.now();
        let client = &mut self.harness.client;
        match step {
            Step::Connect => self.call(Client::connect),
            Step::Disconnect => self.call(|client, now| Ok(client.disconnect(now))),
            Step::Shutdown(0) => self.call(|client, now| Ok(client.shutdown(now))),
            Step::Shutdown(_) => {}
            Step::Send { kilobytes } => {
                let body = vec![b'x'; usize::from(kilobytes % 16) * 1024].into();
                let message = Message { body, ..Message::default() };
                self.call(|client, now| client.send_message(now, message));
            }
            Step::GetTwin => self.call(Client::get_twin),
            Step::Patch => {
                self.call(|client, now| client.patch_reported_properties(now, "{}".into()));
            }
            Step::Take(taken) => client.take_messages(taken),
            Step::Want(topic, true) => client.subscribe(now, topic.into()),
            Step::Want(topic, false) => client.unsubscribe(topic.into()),
            Step::Receive(topic, block) => {
                self.call(|client, now| client.begin_receive(now, topic.into(), block));
                self.receives.extend(self.calls.last());
            }
            Step::EndReceive(index) => self.end_receive(index),
            Step::Withdraw(index) => {
                if let Some(&operation) = pick(&self.calls, index) {
                    client.withdraw(now, operation);
                }
            }
            Step::Respond(index) => self.respond(index),
            Step::FailMethod(index) => {
                if let Some(request_id) = self.request_id(index) {
                    self.harness.client.fail_method(&request_id);
                }
            }
            Step::Conclude { index, handled } => self.conclude(index, handled),
            Step::Token(token) => self.token(&token),
            Step::CanAsk(can_ask) => client.can_ask_for_token(now, can_ask),
            Step::Authorization => drop(client.authorization(now)),
            Step::Upload => drop(client.storage_info_request(now, "a blob")),
            Step::Script(script) => self.script(script),
            Step::Socket(socket) => self.socket(&socket),
            Step::Packets(packets, cuts) => {
                let bytes: Vec<u8> =
                    packets.iter().flat_map(|packet| self.encoded(packet)).collect();
                self.receive(&bytes, &cuts);
            }
            Step::Bytes(bytes) => self.receive(&bytes, &[]),
            Step::Advance { centiseconds } => {
                self.harness.advance(Duration::from_millis(u64::from(centiseconds) * 10));
            }
            Step::Sleep { millis } => self.harness.sleep(Duration::from_millis(millis.into())),
            Step::SetWallClock { secs } => self.harness.set_wall_clock(secs.into()),
        }
    }

    fn call(&mut self, command: impl FnOnce(&mut Client, Now) -> Result<OperationId, Error>) {
        match self.harness.try_call(command) {
            Ok(operation) => self.calls.push(operation),
            Err(error) => self.hides_secrets(&format!("{error} {error:?}")),
        }
    }

    /// The caller that ends a receive call also settles it.
    fn end_receive(&mut self, index: u8) {
        if let Some(&operation) = pick(&self.receives, index)
            && !self.harness.is_settled(operation)
        {
            self.calls.retain(|&call| call != operation);
            self.receives.retain(|&call| call != operation);
            self.harness.client.end_receive(operation);
        }
    }

    fn request_id(&self, index: u8) -> Option<String> {
        pick(&self.harness.method_calls(), index).map(|request| request.request_id.clone())
    }

    fn respond(&mut self, index: u8) {
        if let Some(id) = self.request_id(index) {
            self.call(|client, now| client.send_method_response(now, &id, 200, "1".into()));
        }
    }

    fn conclude(&mut self, index: u8, handled: bool) {
        let deliveries = self.harness.events.iter().filter_map(|event| match event {
            Event::MessageReceived { delivery, .. } => *delivery,
            _ => None,
        });
        let deliveries: Vec<_> = deliveries.collect();
        let now = self.harness.now();
        match pick(&deliveries, index) {
            Some(&delivery) if handled => self.harness.client.acknowledge(now, delivery),
            Some(&delivery) => self.harness.client.abandon(now, delivery),
            None => {}
        }
    }

    fn token(&mut self, step: &Token) {
        let now = self.harness.now();
        let own = "hub.example/devices/dev";
        let text = match step {
            Token::Lasts(secs) => token(own, now.unix_secs() + u64::from(*secs)),
            Token::HasExpired => token(own, now.unix_secs().saturating_sub(1)),
            Token::OfAnother => token("hub.example/devices/other", now.unix_secs() + 60),
            Token::IsNone => "SharedAccessSignature sr=a&se=1".into(),
            Token::Unavailable => return self.harness.client.token_unavailable(now),
        };
        self.tokens.push(text.clone());
        self.call(|client, now| client.update_sas_token(now, &text));
        if let Err(error) = self.harness.client.provide_token(now, &text) {
            self.hides_secrets(&format!("{error} {error:?}"));
        }
    }

    fn script(&mut self, script: Script) {
        let hub = &mut self.harness.hub.script;
        [
            hub.withhold_connack,
            hub.withhold_suback,
            hub.withhold_puback,
            hub.withhold_pingresp,
            hub.withhold_twin,
        ] = script.withhold;
        hub.connack = script.refuse.then_some(mqttrs::ConnectReturnCode::NotAuthorized);
        hub.refuse_subscriptions = script.refuse_subscriptions;
        let twin = script.twin.map(|(status, body)| (status, body.bytes()));
        hub.twin_status =
            twin.map(|(status, body)| (status, String::from_utf8_lossy(&body).into()));
    }

    fn socket(&mut self, step: &Socket) {
        let harness = &mut self.harness;
        match step {
            Socket::Refuse(refuse) => harness.refuse_sockets = *refuse,
            Socket::OpenSlowly(slow) => harness.slow_open = *slow,
            Socket::LoseWrites(lose) => harness.half_open = *lose,
            Socket::CloseSlowly(slow) => harness.slow_close = *slow,
            Socket::Open if harness.has_socket() && !harness.can_receive() => harness.open_socket(),
            Socket::Break if harness.has_socket() => harness.drop_connection(),
            Socket::Text if harness.can_receive() => harness.input(Input::ReceivedText),
            Socket::Open | Socket::Break | Socket::Text => {}
        }
    }

    /// Passes the bytes to the client, cut into frames, while it listens.
    fn receive(&mut self, bytes: &[u8], cuts: &[u8]) {
        let mut rest = bytes;
        for cut in cuts.iter().map(|&cut| usize::from(cut)).chain([usize::MAX]) {
            let (frame, after) = rest.split_at(cut.min(rest.len()));
            if self.harness.can_receive() {
                self.harness.receive(frame);
            }
            rest = after;
        }
    }

    fn encoded(&self, packet: &Packet) -> Vec<u8> {
        let packet_id = |id: &u8| u16::from(*id % 16) + 1;
        match packet {
            Packet::ConnAck(session_present) => connack(*session_present),
            Packet::PubAck(id) => puback(packet_id(id)),
            Packet::SubAck(id, granted) => suback(packet_id(id), *granted),
            Packet::PingResp => vec![0xd0, 0],
            Packet::AtMostOnce(name, body) => {
                Hub::publish_at_most_once(&name.topic(), &body.bytes())
            }
            Packet::AtLeastOnce { packet_id: id, dup, name, body } => {
                self.harness.hub.publish_as(packet_id(id), *dup, &name.topic(), &body.bytes())
            }
        }
    }

    /// The user shuts down; no response is needed.
    fn end(mut self) {
        self.call(|client, now| Ok(client.shutdown(now)));
        self.harness.run();
        self.harness.advance_secs(5);
        assert!(!self.harness.has_socket(), "the socket is closed");
        assert_eq!(self.harness.next_timeout(), None, "no timer is left");
        assert!(!self.harness.client.is_active());
        assert!(self.calls.iter().all(|&call| self.harness.is_settled(call)), "every call settles");
        assert_eq!(self.harness.result(self.calls[self.calls.len() - 1]), Ok(Reply::Done));
        for &call in self.calls.iter().filter(|&&call| self.harness.result(call).is_err()) {
            self.hides_secrets(&format!("{:?}", self.harness.error(call)));
        }
        self.hides_secrets(&format!("{:?} {:?}", self.harness.events, self.harness.client));
    }

    /// Keeps only the secrets of what the hub has seen, because the rest may be large.
    fn note_tokens(&mut self) {
        let passwords = self.harness.hub.log.drain(..).filter_map(|(_, sent)| match sent {
            Sent::Connect { password, .. } => Some(password),
            _ => None,
        });
        self.tokens.extend(passwords);
    }

    /// No key, and no signature of a token that the user gave or the hub saw.
    fn hides_secrets(&self, shown: &str) {
        assert!(!shown.contains(KEY), "{shown}");
        for (at, _) in shown.match_indices("sig=") {
            let fields = self.tokens.iter().flat_map(|token| token.split('&'));
            let mut signatures = fields.filter(|field| field.starts_with("sig="));
            assert!(!signatures.any(|signature| shown[at..].starts_with(signature)), "{shown}");
        }
    }
}

fn token(resource: &str, expiry_unix_secs: u64) -> String {
    let key = SharedAccessKey::from_base64(KEY).expect("base64");
    key.sign(resource, expiry_unix_secs, None).expose().into()
}

fn pick<T>(items: &[T], index: u8) -> Option<&T> {
    items.get(usize::from(index).checked_rem(items.len())?)
}
