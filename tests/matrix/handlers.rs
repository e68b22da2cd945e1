//! How the application reacts to events.

use iothub_device_client::protocol::client::Feature;
use iothub_device_client::protocol::mqtt::DeliveryId;
use iothub_device_client::protocol::{
    ConnectionState, Error, ErrorKind, Event, MethodRequest, Reply,
};

use crate::application::{Handling, Kind};
use crate::faults::{Fault, Step};
use crate::hub::number_in;
use crate::setting::{Login, token};
use crate::world::{Happening, World};

impl World {
    pub fn event(&mut self, event: Event) {
        self.trace(|| format!("event {event:?}"));
        match event {
            Event::Settled { operation, result } => {
                let kind = self.application.settled(self.turn, operation, &result, &self.hub);
                if let Ok(Reply::Message(message)) = &result {
                    self.call_gave_message(number_in(&message.body));
                }
                self.call_settled(kind, result.as_ref().err());
            }
            Event::ConnectionStateChanged { connected, .. } => {
                // The client also reports that it gives up reconnecting.
                let gives_up = !connected && self.application.replaced;
                let is_change = connected != self.application.connected;
                assert!(is_change || gives_up, "no change is told as one");
                self.application.connected = connected;
            }
            Event::BackgroundException(_) => {}
            Event::MessageReceived { message, delivery } => {
                self.message_received(number_in(&message.body), delivery);
            }
            Event::MethodCalled(request) => self.method_called(request),
            Event::SasTokenRequired => self.token_required(),
            Event::DesiredPropertiesReceived(json) => self.application.desired_received(&json),
            Event::CertificateIssued(_) => unreachable!("nobody asks for one"),
        }
    }

    /// As long as the client retries, a message is given up only after three connections.
    fn call_settled(&mut self, kind: Kind, error: Option<&Error>) {
        let (Kind::Send(number), Some(error)) = (kind, error) else { return };
        let retries = self.client.connection_state() == ConnectionState::Reconnecting;
        if retries && error.kind() == ErrorKind::DroppedAgain {
            let sockets = self.application.sockets_of(number);
            assert!(sockets >= 3, "message {number} was given up after {sockets} connections");
        }
    }

    fn message_received(&mut self, number: u64, delivery: Option<DeliveryId>) {
        let socket = self.socket.expect("messages come over a socket");
        assert_eq!(delivery.is_some(), self.setting.after_handler, "who acknowledges {number}?");
        self.application.message_received(socket, number, delivery.is_none());
        if self.setting.by_calls {
            self.give_to_receive_call(number);
            if let Some(delivery) = delivery {
                self.application.message_handled(socket, number, Handling::Done);
                self.command(|client, now| client.acknowledge(now, delivery));
            }
            return;
        }
        let Some(delivery) = delivery else { return };
        let abandoned = !self.calm && self.rng.u32(..4) == 0;
        let handling = if abandoned { Handling::Abandoned } else { Handling::Done };
        let happening = Happening::Handled { delivery, socket, number, handling };
        match self.rng.u32(..3) {
            0 => self.happen(happening),
            1 => self.later(0, happening),
            _ => {
                let delay = self.rng.u64(..20_000);
                self.later(delay, happening);
            }
        }
    }

    /// A non-blocking receive call has returned a message, which the client acknowledges.
    fn call_gave_message(&mut self, number: u64) {
        let socket = self.socket.expect("messages come over a socket");
        self.application.message_received(socket, number, true);
    }

    /// The first waiting receive call for messages gets it, as in the shell.
    fn give_to_receive_call(&mut self, number: u64) {
        let waiting = Kind::Receive { feature: Feature::Messages, block: true };
        let first = self.application.calls.iter().find(|(_, call)| call.kind == waiting);
        let operation = first.map(|(operation, _)| *operation);
        let operation = operation.expect("messages are handed out only to who takes them");
        self.application.calls.remove(&operation);
        self.trace(|| format!("a receive call gets message {number}"));
        self.command(|client, _| client.end_receive(operation));
    }

    fn method_called(&mut self, request: MethodRequest) {
        self.application.method_called(number_in(request.payload.as_bytes()));
        let fails = self.rng.u32(..6) == 0;
        let happening = Happening::Answers { request, fails };
        match self.rng.u32(..4) {
            0 => self.happen(happening),
            1 if !self.calm => {}
            2 => self.later(0, happening),
            _ => {
                let delay = self.rng.u64(..30_000);
                self.later(delay, happening);
            }
        }
    }

    fn token_required(&mut self) {
        self.application.token_asked = true;
        let delay = [0, 0, 3_000, 90_000][self.rng.usize(..4)];
        let delay = if self.faulty { delay } else { 0 };
        self.later(delay, Happening::GivesToken);
    }

    /// The application answers [`Event::SasTokenRequired`], well or badly.
    fn give_token(&mut self) {
        if !std::mem::take(&mut self.application.token_asked) {
            return;
        }
        let life = match self.setting.login {
            Login::Token { life } | Login::Function { life } => life,
            Login::Key { .. } | Login::Certificate => return,
        };
        let fails = self.faulty && self.rng.u32(..5) == 0;
        if fails {
            self.note(Step::Idle, Fault::NoToken);
        }
        let text = if fails {
            "SharedAccessSignature".into()
        } else {
            token(self.now().unix_secs() + life)
        };
        if let Login::Function { .. } = self.setting.login {
            self.pace.asked();
            let result = self.command(|client, now| client.provide_token(now, &text));
            assert_eq!(result.is_err(), fails);
        } else {
            let result = self.call(Kind::Token, |client, now| client.update_sas_token(now, &text));
            // The client requests a good one again.
            assert!(self.application.shut_down || result.is_err() == fails, "{result:?}");
        }
    }

    pub fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Handled { delivery, socket, number, handling } => {
                self.application.message_handled(socket, number, handling);
                self.trace(|| format!("the handler of message {number} ends: {handling:?}"));
                self.command(|client, now| match handling {
                    Handling::Abandoned => client.abandon(now, delivery),
                    Handling::Done | Handling::Open => client.acknowledge(now, delivery),
                });
            }
            Happening::Answers { request, fails } => self.answer_method(&request, fails),
            Happening::GivesToken => self.give_token(),
            Happening::TimersOnTime => self.lateness = 0,
            Happening::Around(fault) => self.happen_around(fault),
            Happening::RoomAgain => self.room = usize::MAX,
            other => self.happen_on_the_way(other),
        }
    }

    fn answer_method(&mut self, request: &MethodRequest, fails: bool) {
        let id = &request.request_id;
        if fails {
            self.trace(|| format!("the handler of method {} fails", request.payload));
            return self.command(|client, _| client.fail_method(id));
        }
        let instance = number_in(request.payload.as_bytes());
        for _ in 0..1 + self.rng.u32(..2) {
            let payload = request.payload.clone();
            let _ = self.call(Kind::Answer(instance), |client, now| {
                client.send_method_response(now, id, 200, payload)
            });
        }
    }
}
