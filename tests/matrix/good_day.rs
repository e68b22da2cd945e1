//! After a bad day, a good day: every call ends, everything works again, and nothing is missing.

use std::collections::BTreeMap;

use iothub_device_client::protocol::client::{ConnectionRetry, Feature};
use iothub_device_client::protocol::{Client, ErrorKind, Input};

use crate::application::Kind;
use crate::hub::Push;
use crate::setting::Login;
use crate::world::{Happening, World};

impl World {
    /// From now on nothing goes wrong, and every call ends.
    pub fn calm_down(&mut self) {
        self.trace(|| "nothing goes wrong from now on".into());
        self.turn();
        self.faulty = false;
        self.lateness = 0;
        self.room = usize::MAX;
        self.skew = 0;
        self.clock_jumps();
        self.setting.latency = self.setting.latency.min(200);
        self.calm = true;
        if self.application.token_asked && matches!(self.setting.login, Login::Function { .. }) {
            self.later(0, Happening::GivesToken);
        }
        // The client only notices that a response is missing when the connection ends.
        if self.setting.operation_timeout.is_none() || self.rng.bool() {
            self.drop_connection();
        }
        self.settle_all();
        // By now it has noticed a dead connection.
        self.run_until(self.time + self.setting.keep_alive + 20_000, |_| false);
        // And it has requested again a token that it did not get.
        self.flawless_from = Some(self.sockets.len());
    }

    fn drop_connection(&mut self) {
        if let Some(id) = self.live_socket() {
            self.hub_closes(id);
        }
    }

    /// Lets time pass until no call is waiting, except receive calls.
    fn settle_all(&mut self) {
        // If the platform never reports that it is online again, the client retries after 60 s.
        let interval = self.setting.retry_max_interval.max(60_000);
        let attempt = 60_000 + 5_000 + interval * 12 / 10;
        // A message that the hub refuses costs three connections, one after the other.
        let attempts = 3 + 3 * self.hub.poison.len() as u64;
        let answer = self.setting.operation_timeout.unwrap_or(0) + 15_000 + self.setting.keep_alive;
        let limit = attempts * (attempt + answer) + 120_000;
        let waits = |kind: Kind| !matches!(kind, Kind::Receive { block: true, .. });
        self.run_until(self.time + limit, |world| {
            world.application.calls.values().all(|call| !waits(call.kind))
        });
        let calls = self.application.calls.values();
        let hanging: Vec<Kind> = calls.map(|call| call.kind).filter(|kind| waits(*kind)).collect();
        assert!(hanging.is_empty(), "after {limit} ms these wait still: {hanging:?}");
        // Responses of handlers, acknowledgements and duplicates in flight.
        self.run_until(self.time + 40_000, |_| false);
    }

    /// Makes a call that must succeed.
    fn must<T>(&mut self, what: &str, call: impl FnOnce(&mut Self) -> T) {
        let before = self.application.failures;
        call(self);
        self.settle_all();
        assert_eq!(self.application.failures, before, "{what} fails though nothing goes wrong");
    }

    /// After any faults, the client works as if it were new.
    pub fn everything_works(&mut self) {
        if let Login::Token { .. } = self.setting.login {
            self.must("a new token", Self::update_token);
        }
        self.must("connect", Self::connect);
        assert!(self.is_connected(), "a connect has resolved");
        self.must("a message", |world| assert!(world.send().is_some()));
        self.must("the twin", Self::get_twin);
        self.must("a report", Self::report);
        self.set_all_handlers();
        self.settle_all();
        self.drop_connection();
        self.settle_all();
        self.must("connect", Self::connect);
        self.hub_sends_messages(3);
        self.hub_changes_desired();
        self.hub_calls_method();
        self.settle_all();
    }

    /// Without a call, and on the same connection: a handler gets its events although the hub has
    /// refused the subscription a few times.
    pub fn what_is_refused_comes_later(&mut self) {
        if self.setting.by_calls
            || self.setting.retry == ConnectionRetry::Never
            || !self.is_connected()
        {
            return;
        }
        self.set_all_handlers();
        self.refusals = self.rng.u32(..6);
        let pauses = u64::from(self.refusals) + 2;
        let longest = self.setting.retry_max_interval.max(300_000) * 12 / 10;
        // A persistent session delivers without the subscription.
        self.drop_connection();
        self.hub.forget_session();
        let comes = |world: &Self| world.is_up_to_date() && world.hub.takes_methods();
        self.run_until(self.time + pauses * (longest + 60_000), comes);
        assert!(comes(self), "a handler stays deaf, or without desired properties");
        // The rest of what was refused follows.
        self.refusals = 0;
        self.run_until(self.time + longest + 60_000, |_| false);
    }

    /// What the hub has sent and the client has not acknowledged.
    fn owed(&self) -> BTreeMap<u16, Push> {
        let connection = self.hub.connection.as_ref();
        connection.map(|connection| connection.unacknowledged.clone()).unwrap_or_default()
    }

    pub fn nothing_was_missed(&mut self) {
        if self.setting.by_calls {
            self.take_all_messages();
        }
        // The client may have renewed its token in between.
        self.run_until(self.time + 60_000, |world| {
            world.hub.messages.is_empty() && world.owed().is_empty() && world.is_up_to_date()
        });
        assert!(self.hub.messages.is_empty(), "not done: {:?}", self.hub.messages);
        let swallowed = self.swallowed();
        assert!(swallowed.is_empty(), "messages that nobody got: {swallowed:?}");
        assert!(self.is_up_to_date(), "desired properties were missed");
        let owed = self.owed();
        assert!(owed.is_empty(), "never acknowledged: {owed:?}");
    }

    /// Returns whether the application knows the desired properties, if it must.
    fn is_up_to_date(&self) -> bool {
        !self.setting.ensure_desired
            || self.setting.by_calls
            || self.application.knows_desired(&self.hub)
    }

    fn take_all_messages(&mut self) {
        for _ in 0..=self.hub.messages.len() {
            let waiting = Kind::Receive { feature: Feature::Messages, block: true };
            if !self.application.calls.values().any(|call| call.kind == waiting) {
                self.receive_call(Feature::Messages, true);
            }
            self.run_until(self.time + 30_000, |_| false);
        }
    }

    /// After shutdown, the client does nothing more on any input.
    pub fn end(&mut self) {
        self.application.left += 1;
        self.application.is_away = true;
        self.application.shut_down = true;
        let _ = self.call(Kind::Leave, |client, now| Ok(client.shutdown(now)));
        self.settle_all();
        assert!(self.application.calls.is_empty(), "{:?}", self.application.calls);
        assert!(self.socket.is_none() && !self.application.connected);
        assert!(!self.client.is_active());
        assert_eq!(self.client.next_timeout(), None, "a timer is left after shutdown");
        let refused = self.call(Kind::Connect, Client::connect).map_err(|error| error.kind());
        assert_eq!(refused, Err(ErrorKind::Client));
        self.time += 100_000_000;
        for input in [Input::SocketOpened, Input::ReceivedText, Input::SocketClosed { detail: "" }]
        {
            self.input(input);
        }
        for input in [Input::Offline, Input::Online, Input::Replaced] {
            self.input(input);
        }
        let now = self.now();
        self.client.handle_timeout(now);
        let output = self.client.poll_output(now);
        assert!(output.is_none(), "{output:?} after shutdown");
        assert!(!format!("{:?}", self.client).contains("sig="), "a secret is shown");
    }
}
