//! One registrar, one service, and the time between them.

use std::collections::HashMap;
use std::time::Duration;

use iothub_device_client::protocol::client::Options;
use iothub_device_client::protocol::hub::Credentials;
use iothub_device_client::protocol::hub::sas_token::SharedAccessKey;
use iothub_device_client::protocol::provisioning::{Config, Registrant};
use iothub_device_client::protocol::{
    Error, ErrorKind, Event, Input, Instant, Now, OperationId, Output, Registrar, Reply,
};

use super::service::{RESULT, Service};
use crate::harness::{KEY, START_UNIX};

const MAX_OUTPUTS: usize = 10_000;
const MAX_TIMERS: usize = 10_000;

pub fn registrant() -> Registrant {
    Registrant::new("dps.example", "0ne1", "dev").expect("valid names")
}

pub fn key() -> Credentials {
    let key = SharedAccessKey::from_base64(KEY).expect("a valid key");
    Credentials::SharedAccessKey { key, policy: None }
}

/// Drives a registrar as `protocol`'s documentation says, and checks what must always hold.
pub struct Harness {
    pub registrar: Registrar,
    pub service: Service,
    pub urls: Vec<String>,
    /// The next sockets fail to open.
    pub refuse_sockets: bool,
    /// The next sockets neither open nor fail.
    pub slow_open: bool,
    /// The socket stays in its closing handshake.
    pub slow_close: bool,
    /// How often a token was requested.
    pub tokens_asked: usize,
    socket: bool,
    settled: HashMap<OperationId, Result<Reply, Error>>,
    now_ms: u64,
}

impl Harness {
    pub fn new() -> Self {
        Self::with(key(), &Options::default())
    }

    pub fn with(credentials: Credentials, options: &Options) -> Self {
        let config = Config::new(registrant(), credentials, "agent/1(test)", options);
        Self {
            registrar: Registrar::new(config.expect("valid options"), 1),
            service: Service::new(),
            urls: Vec::new(),
            refuse_sockets: false,
            slow_open: false,
            slow_close: false,
            tokens_asked: 0,
            socket: false,
            settled: HashMap::new(),
            now_ms: 1_000,
        }
    }

    pub fn now(&self) -> Now {
        Now {
            monotonic: Instant::from_millis(self.now_ms),
            unix_millis: START_UNIX * 1000 + self.now_ms,
        }
    }

    /// Registers, with two minutes to do so.
    pub fn register(&mut self) -> OperationId {
        self.register_with(None, Some(120))
    }

    pub fn register_with(&mut self, payload: Option<&str>, seconds: Option<u64>) -> OperationId {
        let now = self.now();
        let timeout = seconds.map(Duration::from_secs);
        let operation = self.registrar.register(now, payload, timeout).expect("accepted");
        self.run();
        operation
    }

    /// Performs the registrar's outputs until there are none.
    pub fn run(&mut self) {
        for _ in 0..MAX_OUTPUTS {
            let now = self.now();
            let Some(output) = self.registrar.poll_output(now) else { return };
            self.perform(output);
        }
        panic!("the registrar asks for ever");
    }

    pub fn input(&mut self, input: Input<'_>) {
        let now = self.now();
        self.registrar.handle_input(now, input);
        self.run();
    }

    /// Passes bytes of the service to the registrar.
    pub fn receive(&mut self, bytes: &[u8]) {
        assert!(self.socket, "the service can write only to an open socket");
        self.input(Input::Received(bytes));
    }

    /// The connection breaks.
    pub fn drop_connection(&mut self) {
        assert!(self.socket, "there is a connection to drop");
        self.socket = false;
        self.input(Input::SocketClosed { detail: "close code 1006" });
    }

    /// Lets time pass; every timer fires when it is due.
    pub fn advance(&mut self, duration: Duration) {
        let end = self.now_ms + u64::try_from(duration.as_millis()).unwrap();
        for fired in 0.. {
            let due = self.registrar.next_timeout();
            let wait = due.map_or(u64::MAX, |at| self.now().monotonic.millis_until(at));
            if wait > end - self.now_ms {
                break;
            }
            assert!(fired < MAX_TIMERS, "the timers never rest");
            self.now_ms += wait;
            let now = self.now();
            self.registrar.handle_timeout(now);
            self.run();
        }
        self.now_ms = end;
    }

    pub fn advance_secs(&mut self, seconds: u64) {
        self.advance(Duration::from_secs(seconds));
    }

    pub fn has_socket(&self) -> bool {
        self.socket
    }

    pub fn is_settled(&self, operation: OperationId) -> bool {
        self.settled.contains_key(&operation)
    }

    /// The result of a registration that has succeeded.
    pub fn result(&self, operation: OperationId) -> &str {
        match self.settled.get(&operation).expect("the call has settled") {
            Ok(Reply::Registration(result)) => result,
            other => panic!("{other:?} is no result"),
        }
    }

    pub fn error(&self, operation: OperationId) -> &Error {
        let settled = self.settled.get(&operation).expect("the call has settled");
        settled.as_ref().expect_err("the call has failed")
    }

    pub fn assert_assigned(&self, operation: OperationId) {
        assert_eq!(self.result(operation), RESULT);
        self.assert_at_rest();
    }

    pub fn assert_failed(&self, operation: OperationId, kind: ErrorKind, part: &str) {
        let error = self.error(operation);
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(part), "{error}");
        self.assert_at_rest();
    }

    /// Nothing is left of a call that has settled.
    pub fn assert_at_rest(&self) {
        assert!(!self.socket, "no socket is left open");
        assert_eq!(self.registrar.next_timeout(), None, "no timer is left");
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::OpenSocket { url } => {
                assert!(!self.socket, "at most one socket is open");
                self.urls.push(url);
                if self.refuse_sockets {
                    let now = self.now();
                    let refused = Input::SocketClosed { detail: "refused" };
                    return self.registrar.handle_input(now, refused);
                }
                self.socket = true;
                if !self.slow_open {
                    let now = self.now();
                    self.service.connection_opened();
                    self.registrar.handle_input(now, Input::SocketOpened);
                }
            }
            Output::Transmit(bytes) => {
                assert!(self.socket, "bytes need a socket");
                let answers = self.service.receive(&bytes);
                if !answers.is_empty() {
                    let now = self.now();
                    self.registrar.handle_input(now, Input::Received(&answers));
                }
            }
            Output::CloseSocket => {
                assert!(self.socket, "only an open socket can be closed");
                if !self.slow_close {
                    self.socket = false;
                    let now = self.now();
                    let closed = Input::SocketClosed { detail: "close code 1000" };
                    self.registrar.handle_input(now, closed);
                }
            }
            Output::AbortSocket => {
                assert!(self.socket, "there is a socket to abort");
                self.socket = false;
            }
            Output::Event(Event::Settled { operation, result }) => {
                let earlier = self.settled.insert(operation, result);
                assert_eq!(earlier, None, "{operation:?} settles once");
            }
            Output::Event(Event::SasTokenRequired) => self.tokens_asked += 1,
            Output::Event(other) => panic!("a registrar never tells {other:?}"),
        }
    }
}
