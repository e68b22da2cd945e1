//! One client, one hub, and the time between them.

use std::collections::HashMap;
use std::time::Duration;

use iothub_device_client::protocol::client::{Config, Feature, Options};
use iothub_device_client::protocol::hub::connection_string::ConnectionString;
use iothub_device_client::protocol::hub::{Credentials, Identity, Message};
use iothub_device_client::protocol::{
    Client, Error, ErrorKind, Event, Input, Instant, MethodRequest, Now, OperationId, Output, Reply,
};

use crate::hub::Hub;
use crate::provisioning::service::Service;

pub const KEY: &str = "c2VjcmV0IG9mIGEgdGVzdCE=";
pub const START_UNIX: u64 = 1_700_000_000;

/// More actions than this in one turn are an endless loop.
const MAX_OUTPUTS: usize = 1_000_000;
/// More timers than this while a test lets time pass are an endless loop.
const MAX_TIMERS: usize = 100_000;

pub fn connection_string() -> String {
    format!("HostName=hub.example;DeviceId=dev;SharedAccessKey={KEY}")
}

pub fn config(connection_string: &str, options: Options) -> Result<Config, Error> {
    let parsed = ConnectionString::parse(connection_string)?;
    let gateway_hostname = parsed.gateway_hostname.or(options.gateway_hostname);
    let options = Options { gateway_hostname, ..options };
    Config::new(parsed.identity, parsed.credentials, "agent/1(test)", &options)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Socket {
    None,
    /// OpenSocket was requested and is pending, because of [`Harness::slow_open`].
    Opening,
    Open,
    /// CloseSocket was requested and is pending, because of [`Harness::slow_close`].
    Closing,
}

/// Drives a client as `protocol`'s documentation says, and checks what must always hold.
pub struct Harness {
    pub client: Client,
    pub hub: Hub,
    /// Dialled as "dps.example".
    pub service: Service,
    /// The socket leads to it, not to the hub.
    at_service: bool,
    /// The events for the user, other than settled calls, in order.
    pub events: Vec<Event>,
    pub urls: Vec<String>,
    /// How many pieces of bytes were written.
    pub writes: usize,
    /// The next sockets fail to open.
    pub refuse_sockets: bool,
    /// The next sockets neither open nor fail.
    pub slow_open: bool,
    /// Nothing that is written arrives, without a close.
    pub half_open: bool,
    /// The socket stays in its closing handshake.
    pub slow_close: bool,
    socket: Socket,
    settled: HashMap<OperationId, Result<Reply, Error>>,
    now_ms: u64,
    unix_offset: i64,
}

impl Harness {
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    pub fn with(options: Options) -> Self {
        Self::from(&connection_string(), options)
    }

    pub fn from(connection_string: &str, options: Options) -> Self {
        Self::of(config(connection_string, options).expect("valid options"))
    }

    /// A device "dev" that authenticates in another way than with its key.
    pub fn with_credentials(credentials: Credentials, options: Options) -> Self {
        let identity = Identity::new("hub.example", "dev", None).expect("a valid identity");
        Self::of(
            Config::new(identity, credentials, "agent/1(test)", &options).expect("valid options"),
        )
    }

    pub fn of(config: Config) -> Self {
        Self {
            client: Client::new(config, 1),
            hub: Hub::new(),
            service: Service::new(),
            at_service: false,
            events: Vec::new(),
            urls: Vec::new(),
            writes: 0,
            refuse_sockets: false,
            slow_open: false,
            half_open: false,
            slow_close: false,
            socket: Socket::None,
            settled: HashMap::new(),
            now_ms: 1_000,
            unix_offset: 0,
        }
    }

    /// A harness whose client is connected.
    pub fn connected(options: Options) -> Self {
        let mut harness = Self::with(options);
        let connect = harness.call(Client::connect);
        harness.run();
        assert_eq!(harness.result(connect), Ok(Reply::Done));
        harness
    }

    /// A harness whose client lost its connection immediately, so that it waits for the interval.
    pub fn reconnecting(options: Options) -> Self {
        let mut harness = Self::connected(options);
        harness.drop_connection();
        harness.run();
        assert_eq!(harness.hub.connections, 1);
        harness
    }

    pub fn now(&self) -> Now {
        Now {
            monotonic: Instant::from_millis(self.now_ms),
            unix_millis: (START_UNIX * 1000 + self.now_ms)
                .saturating_add_signed(self.unix_offset * 1000),
        }
    }

    /// The wall clock is set; the monotonic one does not notice.
    pub fn set_wall_clock(&mut self, by_secs: i64) {
        self.unix_offset += by_secs;
    }

    /// Passes a command that may be refused immediately.
    pub fn try_call(
        &mut self,
        command: impl FnOnce(&mut Client, Now) -> Result<OperationId, Error>,
    ) -> Result<OperationId, Error> {
        let now = self.now();
        command(&mut self.client, now)
    }

    /// Passes a command that must be accepted.
    pub fn call(
        &mut self,
        command: impl FnOnce(&mut Client, Now) -> Result<OperationId, Error>,
    ) -> OperationId {
        self.try_call(command).expect("the command is accepted")
    }

    pub fn send(&mut self, body: &str) -> OperationId {
        let message = Message { body: body.to_owned().into(), ..Message::default() };
        self.call(|client, now| client.send_message(now, message))
    }

    pub fn patch(&mut self, patch: &str) -> OperationId {
        self.call(|client, now| client.patch_reported_properties(now, patch.into()))
    }

    pub fn subscribe(&mut self, feature: Feature) {
        let now = self.now();
        self.client.subscribe(now, feature);
    }

    /// A receive call.
    pub fn receive_call(&mut self, feature: Feature, block: bool) -> OperationId {
        self.call(|client, now| client.begin_receive(now, feature, block))
    }

    pub fn disconnect(&mut self) -> OperationId {
        self.call(|client, now| Ok(client.disconnect(now)))
    }

    pub fn shutdown(&mut self) -> OperationId {
        self.call(|client, now| Ok(client.shutdown(now)))
    }

    /// Executes the client's actions until there are none.
    pub fn run(&mut self) {
        for _ in 0..MAX_OUTPUTS {
            let now = self.now();
            let Some(output) = self.client.poll_output(now) else { return };
            self.perform(output);
        }
        panic!("the client asks for ever");
    }

    /// A requested socket is open. Does not run the actions that follow.
    pub fn open_socket(&mut self) {
        self.socket = Socket::Open;
        if self.at_service {
            self.service.connection_opened();
        } else {
            self.hub.connection_opened();
        }
        self.input(Input::SocketOpened);
    }

    /// Passes bytes of the hub to the client, then runs.
    pub fn receive(&mut self, bytes: &[u8]) {
        assert!(self.can_receive(), "the hub can write only to an open socket");
        self.input(Input::Received(bytes));
        self.run();
    }

    /// A publish of the hub, then runs.
    pub fn deliver(&mut self, topic: &str, payload: &str) {
        let bytes = self.hub.publish(topic, payload.as_bytes());
        self.receive(&bytes);
    }

    pub fn input(&mut self, input: Input<'_>) {
        let now = self.now();
        self.client.handle_input(now, input);
    }

    /// The connection breaks. Does not run the actions that follow.
    pub fn drop_connection(&mut self) {
        assert_ne!(self.socket, Socket::None, "there is a connection to drop");
        self.socket = Socket::None;
        self.input(Input::SocketClosed { detail: "close code 1006" });
    }

    /// The machine sleeps: no timer fires until it wakes.
    pub fn sleep(&mut self, duration: Duration) {
        self.next_timeout();
        self.now_ms += u64::try_from(duration.as_millis()).unwrap();
        let now = self.now();
        self.client.handle_timeout(now);
        self.run();
    }

    /// Lets time pass; every timer fires when it is due.
    pub fn advance(&mut self, duration: Duration) {
        let end = self.now_ms + u64::try_from(duration.as_millis()).unwrap();
        self.run();
        for fired in 0.. {
            let due = self.client.next_timeout();
            let wait = due.map_or(u64::MAX, |at| self.now().monotonic.millis_until(at));
            if wait > end - self.now_ms {
                break;
            }
            assert!(fired < MAX_TIMERS, "the client's timers never rest");
            self.now_ms += wait;
            let now = self.now();
            self.client.handle_timeout(now);
            self.run();
        }
        self.now_ms = end;
        self.run();
    }

    pub fn advance_secs(&mut self, seconds: u64) {
        self.advance(Duration::from_secs(seconds));
    }

    /// The time until the client's next timer.
    pub fn next_timeout(&mut self) -> Option<Duration> {
        let now = self.now();
        self.client.next_timeout().map(|at| at - now.monotonic)
    }

    /// How a call has settled.
    pub fn result(&self, operation: OperationId) -> Result<Reply, ErrorKind> {
        let result = self.settled.get(&operation).expect("the call has settled");
        result.clone().map_err(|error| error.kind())
    }

    pub fn error(&self, operation: OperationId) -> &Error {
        self.settled[&operation].as_ref().expect_err("the call has failed")
    }

    pub fn is_settled(&self, operation: OperationId) -> bool {
        self.settled.contains_key(&operation)
    }

    pub fn has_socket(&self) -> bool {
        self.socket != Socket::None
    }

    pub fn socket_is_open(&self) -> bool {
        self.socket == Socket::Open
    }

    /// Whether the hub can still write: also while the socket is closing.
    pub fn can_receive(&self) -> bool {
        matches!(self.socket, Socket::Open | Socket::Closing)
    }

    /// The kinds of the errors that belonged to no call.
    pub fn background(&self) -> Vec<ErrorKind> {
        let kind = |event: &Event| match event {
            Event::BackgroundException(error) => Some(error.kind()),
            _ => None,
        };
        self.events.iter().filter_map(kind).collect()
    }

    /// Each change of the connection that the user was notified of.
    pub fn state_changes(&self) -> Vec<bool> {
        let change = |event: &Event| match event {
            Event::ConnectionStateChanged { connected, .. } => Some(*connected),
            _ => None,
        };
        self.events.iter().filter_map(change).collect()
    }

    /// The bodies of the delivered cloud-to-device messages.
    pub fn messages(&self) -> Vec<&str> {
        let bodies = self.events.iter().filter_map(|event| match event {
            Event::MessageReceived { message, .. } => Some(&message.body),
            _ => None,
        });
        bodies.map(|body| std::str::from_utf8(body).unwrap()).collect()
    }

    /// The delivered desired properties.
    pub fn desired_properties(&self) -> Vec<&str> {
        let texts = self.events.iter().filter_map(|event| match event {
            Event::DesiredPropertiesReceived(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// The delivered calls of direct methods.
    pub fn method_calls(&self) -> Vec<&MethodRequest> {
        let calls = self.events.iter().filter_map(|event| match event {
            Event::MethodCalled(request) => Some(request),
            _ => None,
        });
        calls.collect()
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::OpenSocket { url } => {
                assert_eq!(self.socket, Socket::None, "at most one socket is open");
                self.at_service = url.contains("//dps.example/");
                self.urls.push(url);
                if self.refuse_sockets {
                    self.input(Input::SocketClosed { detail: "refused" });
                } else if self.slow_open {
                    self.socket = Socket::Opening;
                } else {
                    self.open_socket();
                }
            }
            Output::Transmit(bytes) => {
                assert_eq!(self.socket, Socket::Open, "bytes need an open socket");
                assert!(!bytes.is_empty(), "a frame is never empty");
                self.writes += 1;
                if !self.half_open {
                    let answers = if self.at_service {
                        self.service.receive(&bytes)
                    } else {
                        self.hub.receive(&bytes)
                    };
                    if !answers.is_empty() {
                        self.input(Input::Received(&answers));
                    }
                }
            }
            Output::CloseSocket => {
                assert_eq!(self.socket, Socket::Open, "only an open socket can be closed");
                if self.slow_close {
                    self.socket = Socket::Closing;
                } else {
                    self.socket = Socket::None;
                    self.input(Input::SocketClosed { detail: "close code 1000" });
                }
            }
            Output::AbortSocket => {
                assert_ne!(self.socket, Socket::None, "there is a socket to abort");
                self.socket = Socket::None;
            }
            Output::Event(Event::Settled { operation, result }) => {
                let earlier = self.settled.insert(operation, result);
                assert_eq!(earlier, None, "{operation:?} settles once");
            }
            Output::Event(event) => self.events.push(event),
        }
    }
}
