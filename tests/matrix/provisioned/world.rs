//! One client, the servers that it talks to and the time: drives the client as `protocol` says, and
//! checks what must always hold.

use std::collections::{BTreeMap, HashSet};

use iothub_device_client::protocol::client::{Config, ConnectionRetry, Options};
use iothub_device_client::protocol::hub::Credentials;
use iothub_device_client::protocol::hub::sas_token::SharedAccessKey;
use iothub_device_client::protocol::provisioning::Registrant;
use iothub_device_client::protocol::{
    Activity, Client, Event, Input, Instant, Now, OperationId, Output,
};

use super::calls::Call;
use super::registrations::Registrations;
use super::servers::{HUBS, Server};
use crate::registration::line::{Arrival, Due, Line};
use crate::registration::service::Service;

const START_UNIX: u64 = 1_700_000_000;
/// By then, a first connection has succeeded or failed: there are at most two registrations, with
/// the pause between them.
const PATIENCE: u64 = 1_200_000;

pub struct World {
    pub line: Line,
    pub registrations: Registrations,
    pub calls: u64,
    pub is_connected: bool,
    pub is_offline: bool,
    pub client: Client,
    pub retry: ConnectionRetry,
    pub service: Service,
    pub server: Server,
    /// The service has refused the login, or the device.
    pub is_unwelcome: bool,
    /// Which hub accepts the device.
    pub home: usize,
    /// The telemetry that the hubs have.
    pub messages: HashSet<Vec<u8>>,
    pub pending: BTreeMap<OperationId, (Call, u64)>,
    /// The user ends an attempt: this is not a failure.
    pub is_left: bool,
    pub clock_ahead: u64,
}

impl World {
    pub fn new(seed: u64, traced: bool) -> Self {
        let mut line = Line::new(seed, traced);
        let registrant = Registrant::new("dps.example", "0ne1", "dev").unwrap();
        let credentials = match line.rng.u32(..3) {
            0 => Credentials::TokenFunction,
            _ => Credentials::SharedAccessKey { key: key(), policy: None },
        };
        let retry = [ConnectionRetry::Never, ConnectionRetry::Lost, ConnectionRetry::Always];
        let retry = retry[line.rng.usize(..3)];
        let options = Options {
            connection_retry: Some(retry),
            connection_retry_interval: Some(f64::from(line.rng.u32(5..40))),
            // Hours pass.
            keep_alive: Some(1_000.0),
            ..Options::default()
        };
        let config = Config::provisioned(registrant, credentials, "agent", &options, None).unwrap();
        line.fault_rate = [0, 30, 100, 300][line.rng.usize(..4)];
        Self {
            line,
            registrations: Registrations::default(),
            calls: 0,
            is_connected: false,
            is_offline: false,
            client: Client::new(config, seed),
            retry,
            service: Service::new(HUBS[0]),
            server: Server::Service,
            is_unwelcome: false,
            home: 0,
            messages: HashSet::new(),
            pending: BTreeMap::new(),
            is_left: false,
            clock_ahead: 0,
        }
    }

    pub fn set_offline(&mut self, is_offline: bool) {
        self.is_offline = is_offline;
        self.line.trace(|| format!("offline: {is_offline}"));
        self.registrations.nudged();
        self.input(if is_offline { Input::Offline } else { Input::Online });
        self.turn();
    }

    /// From now on, the device belongs to the other hub.
    pub fn move_device(&mut self) {
        self.home = 1 - self.home;
        self.service.home = HUBS[self.home];
        self.line.trace(|| format!("moved to {:?}", self.service.home));
        if self.server != Server::Service {
            self.line.later(Arrival::Ended);
        }
    }

    /// No timer fires for a while.
    pub fn sleep(&mut self) {
        self.line.time += self.line.rng.u64(..200_000);
        self.line.trace(|| "awake".into());
        let now = self.now();
        self.client.handle_timeout(now);
        self.turn();
    }

    /// The clock of the machine is set, by hours.
    pub fn set_clock(&mut self) {
        self.clock_ahead = self.line.rng.u64(..10) * 3_000_000;
        self.turn();
    }

    /// Lets time pass.
    pub fn run(&mut self, millis: u64) {
        self.turn();
        let end = self.line.time + millis;
        while let Some(due) = self.line.pass(self.client.next_timeout(), end) {
            match due {
                Due::Arrival => self.arrive(),
                Due::Timeout => {
                    let now = self.now();
                    self.client.handle_timeout(now);
                }
            }
            self.turn();
        }
    }

    pub fn now(&self) -> Now {
        let unix_millis = START_UNIX * 1000 + self.clock_ahead + self.line.time;
        Now { monotonic: Instant::from_millis(self.line.time), unix_millis }
    }

    fn input(&mut self, input: Input<'_>) {
        let now = self.now();
        self.client.handle_input(now, input);
    }

    /// Executes the client's actions until there are none.
    pub fn turn(&mut self) {
        for outputs in 0.. {
            assert!(outputs < 10_000, "the client asks for ever");
            let now = self.now();
            let Some(output) = self.client.poll_output(now) else { break };
            self.line.trace(|| format!("{output:?}"));
            assert!(!format!("{output:?}").contains("sig="), "a secret is shown");
            self.perform(output);
        }
        self.is_left = false;
        if self.client.activity() != Some(Activity::Registering) {
            self.registrations.ended();
        }
        let overdue = |(call, since): &(Call, u64)| {
            *call == Call::Connect && self.line.time > since + PATIENCE
        };
        if self.retry != ConnectionRetry::Always {
            assert!(!self.pending.values().any(overdue), "{:?} do not settle", self.pending);
        }
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::OpenSocket { url } => self.dialled(&url),
            Output::Transmit(bytes) => {
                for packet in self.line.write(&bytes) {
                    self.sent(&packet);
                }
            }
            Output::CloseSocket => self.line.close(),
            Output::AbortSocket => {
                self.line.abort();
                self.connection_ended();
            }
            Output::Event(event) => self.event(event),
        }
    }

    /// Passes input to the client.
    fn arrive(&mut self) {
        let Some(arrival) = self.line.take() else { return };
        match arrival {
            Arrival::Opened => {
                if let Server::Hub { is_handshaking, .. } = &mut self.server {
                    *is_handshaking = true;
                }
                self.input(Input::SocketOpened);
            }
            Arrival::Bytes(bytes) => {
                self.read(&bytes);
                self.input(Input::Received(&bytes));
            }
            Arrival::Half(bytes) => self.input(Input::Received(&bytes)),
            Arrival::Text => self.input(Input::ReceivedText),
            Arrival::Ended => {
                self.connection_ended();
                self.input(Input::SocketClosed { detail: "gone" });
            }
            Arrival::Token(given) => {
                let now = self.now();
                // A pending attempt to connect starts again with it.
                self.is_left = true;
                self.registrations.nudged();
                if given {
                    let expiry = now.unix_secs() + 3_600;
                    let token = key().sign(&self.client.token_resource(), expiry, None);
                    self.client.provide_token(now, token.expose()).expect("a good token");
                } else {
                    self.client.token_unavailable(now);
                }
            }
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Settled { operation, result } => self.settled(operation, &result),
            Event::ConnectionStateChanged { connected, .. } => self.is_connected = connected,
            Event::SasTokenRequired => self.line.ask_for_token(),
            Event::BackgroundException(_) => {}
            other => panic!("nobody asks for {other:?}"),
        }
    }
}

fn key() -> SharedAccessKey {
    SharedAccessKey::from_base64("c2VjcmV0IG9mIGEgdGVzdCE=").expect("a valid key")
}
