//! One schedule: random calls on a bad day, then a good day, after which everything must be right.

use iothub_device_client::protocol::client::Feature;
use iothub_device_client::protocol::hub::Message;
use iothub_device_client::protocol::{Client, ErrorKind, OperationId};

use crate::application::{Kind, Telemetry};
use crate::faults::{Step, Tally};
use crate::setting::{Login, token};
use crate::world::World;

/// What a schedule has done.
#[derive(Debug, Default)]
pub struct Played {
    pub tally: Tally,
    pub messages: u64,
    pub duplicates: u64,
    pub connections: u64,
}

/// Plays the schedule of a seed.
///
/// # Panics
///
/// When an invariant is broken.
pub fn play(seed: u64, traced: bool) -> Played {
    let mut world = World::new(seed, traced);
    world.command(|client, now| client.can_ask_for_token(now, true));
    if world.rng.bool() {
        world.connect();
        world.set_all_handlers();
    }
    for _ in 0..world.setting.steps {
        world.step();
    }
    world.calm_down();
    if !world.application.shut_down {
        world.what_is_refused_comes_later();
        world.everything_works();
        world.nothing_was_missed();
    }
    world.end();
    Played {
        messages: world.hub.telemetry.len() as u64,
        duplicates: world.hub.duplicates,
        connections: world.sockets.len() as u64,
        tally: world.tally,
    }
}

impl World {
    fn step(&mut self) {
        match self.rng.u32(..100) {
            0..8 => self.connect(),
            8..11 => self.leave(),
            11..34 => {
                for _ in 0..=self.rng.u32(..4) {
                    self.send();
                }
            }
            34..40 => self.get_twin(),
            40..46 => self.report(),
            46..56 => self.receive(),
            56..58 => self.update_token(),
            58..64 => self.hub_sends_messages(1),
            64..69 => self.hub_changes_desired(),
            69..74 => self.hub_calls_method(),
            74..80 => self.bad_luck(),
            _ => self.pass_time(),
        }
        // Several calls may be made before the client acts on them.
        if self.rng.bool() {
            self.run_until(self.time, |_| false);
        }
    }

    fn pass_time(&mut self) {
        let longest = [1, 100, 5_000, 70_000, 1_000_000][self.rng.usize(..5)];
        let wait = self.rng.u64(..longest);
        self.run_until(self.time + wait, |_| false);
    }

    pub fn connect(&mut self) {
        self.application.replaced = false;
        let _ = self.call(Kind::Connect, Client::connect);
    }

    fn leave(&mut self) {
        let shuts_down = self.rng.u32(..10) == 0;
        self.application.left += 1;
        self.application.is_away = true;
        self.application.shut_down |= shuts_down;
        self.application.token_asked = false;
        let _ = self.call(Kind::Leave, |client, now| {
            Ok(if shuts_down { client.shutdown(now) } else { client.disconnect(now) })
        });
    }

    pub fn send(&mut self) -> Option<OperationId> {
        let size = if self.rng.u32(..200) == 0 { 40_000 } else { 0 };
        self.application.telemetry.push(Telemetry::default());
        let number = self.application.telemetry.len() as u64;
        let body = format!("{number}{}", " ".repeat(size));
        let message = Message { body: body.into(), ..Message::default() };
        let begun = self.call(Kind::Send(number), |client, now| client.send_message(now, message));
        if let Err(error) = &begun {
            let unsettled = self.application.calls.values();
            let pending = unsettled.filter(|call| matches!(call.kind, Kind::Send(_))).count();
            let fits = match error.kind() {
                ErrorKind::NoConnection => !self.setting.auto_connect || self.application.replaced,
                ErrorKind::Client => {
                    self.application.shut_down || pending >= self.setting.max_pending
                }
                _ => false,
            };
            assert!(fits, "a message was refused with {error:?}");
            self.application.refused(number);
        }
        begun.ok()
    }

    pub fn get_twin(&mut self) {
        let _ = self.call(Kind::Twin, Client::get_twin);
    }

    pub fn report(&mut self) {
        self.application.reports += 1;
        let number = self.application.reports;
        let patch = format!(r#"{{"n":{number}}}"#);
        let _ = self
            .call(Kind::Report(number), |client, now| client.patch_reported_properties(now, patch));
    }

    /// Sets or clears a handler, or begins or ends a receive call.
    fn receive(&mut self) {
        let features = [Feature::Messages, Feature::Methods, Feature::DesiredProperties];
        let feature = features[self.rng.usize(..3)];
        if self.setting.by_calls {
            let block = self.rng.bool();
            self.receive_call(feature, block);
            return;
        }
        match self.rng.u32(..4) {
            0 => self.set_handler(feature, false, false),
            // A Promise of a handler: subscribed, but not available yet.
            1 => self.set_handler(feature, true, false),
            _ => self.set_handler(feature, true, true),
        }
    }

    pub fn set_all_handlers(&mut self) {
        if !self.setting.by_calls {
            for feature in [Feature::Messages, Feature::Methods, Feature::DesiredProperties] {
                self.set_handler(feature, true, true);
            }
        }
    }

    fn set_handler(&mut self, feature: Feature, wanted: bool, ready: bool) {
        self.trace(|| format!("handler of {feature:?}: wanted {wanted}, ready {ready}"));
        self.command(|client, now| {
            if feature == Feature::Messages {
                client.take_messages(wanted && ready);
            }
            if wanted {
                client.subscribe(now, feature);
            } else {
                client.unsubscribe(feature);
            }
        });
    }

    pub fn receive_call(&mut self, feature: Feature, block: bool) {
        self.turn();
        let waiting = Kind::Receive { feature, block: true };
        let waiting = self.application.calls.iter().find(|(_, call)| call.kind == waiting);
        if let Some((&operation, _)) = waiting {
            // Its time is over.
            self.application.calls.remove(&operation);
            return self.command(|client, _| client.end_receive(operation));
        }
        let _ = self.call(Kind::Receive { feature, block }, |client, now| {
            client.begin_receive(now, feature, block)
        });
    }

    pub fn update_token(&mut self) {
        let Login::Token { life } = self.setting.login else { return };
        let text = token(self.now().unix_secs() + life);
        let _ = self.call(Kind::Token, |client, now| client.update_sas_token(now, &text));
        self.application.token_asked = false;
    }

    pub fn hub_sends_messages(&mut self, count: u64) {
        for _ in 0..count {
            self.hub.send_message();
        }
        if let Some(id) = self.live_socket() {
            self.push_messages(id);
        }
    }

    pub fn hub_changes_desired(&mut self) {
        let patch = self.hub.change_desired();
        if let (Some(patch), Some(id)) = (patch, self.live_socket()) {
            self.hub_sends(id, &patch);
        }
    }

    pub fn hub_calls_method(&mut self) {
        if let (true, Some(id)) = (self.hub.takes_methods(), self.live_socket()) {
            let not_json = self.not_json(Step::MethodCall);
            let call = self.hub.call_method(not_json);
            self.hub_sends(id, &call);
        }
    }

    /// The sockets that the hub can write to.
    pub fn live_socket(&self) -> Option<usize> {
        self.hub.connection.as_ref().map(|connection| connection.socket)
    }
}
