//! One registrar, one network, one service and the time: drives the registrar as `protocol` says,
//! and checks what must always hold.

use std::time::Duration;

use iothub_device_client::protocol::client::Options;
use iothub_device_client::protocol::hub::Credentials;
use iothub_device_client::protocol::hub::sas_token::SharedAccessKey;
use iothub_device_client::protocol::provisioning::{Config, Registrant};
use iothub_device_client::protocol::{
    Error, ErrorKind, Event, Input, Instant, Now, OperationId, Output, Registrar, Reply,
};

use super::faults::{Fault, Step};
use super::line::{Arrival, Due, Line};
use super::requests::Requests;
use super::service::Service;
use crate::packets::Sent;

const START_UNIX: u64 = 1_700_000_000;
const RESOURCE: &str = "0ne1/registrations/dev";
/// A socket that does not close is dropped after this many milliseconds.
const CLOSING: u64 = 5_000;

/// A running call.
struct Call {
    operation: OperationId,
    /// When it must have settled.
    deadline: Option<u64>,
    /// Faults after which it may fail for good.
    final_faults: Vec<Fault>,
    /// Whether the socket was opened for it.
    reached: bool,
    requests: Requests,
    withdrawn: bool,
}

pub struct World {
    pub line: Line,
    pub calls: u64,
    pub assigned: u64,
    registrar: Registrar,
    service: Service,
    call: Option<Call>,
}

impl World {
    pub fn new(seed: u64, traced: bool) -> Self {
        let mut line = Line::new(seed, traced);
        let registrant = Registrant::new("dps.example", "0ne1", "dev").unwrap();
        let credentials = if line.rng.bool() {
            Credentials::TokenFunction
        } else {
            Credentials::SharedAccessKey { key: key(), policy: None }
        };
        let keep_alive = Some(f64::from(line.rng.u32(5..60)));
        let options = Options { keep_alive, ..Options::default() };
        let config = Config::new(registrant, credentials, "agent", &options).unwrap();
        line.fault_rate = [0, 100, 300, 600][line.rng.usize(..4)];
        Self {
            line,
            calls: 0,
            assigned: 0,
            registrar: Registrar::new(config, seed),
            service: Service::new(("h", "dev")),
            call: None,
        }
    }

    fn now(&self) -> Now {
        let unix_millis = START_UNIX * 1000 + self.line.time;
        Now { monotonic: Instant::from_millis(self.line.time), unix_millis }
    }

    pub fn is_running(&self) -> bool {
        self.call.is_some()
    }

    /// Registers; while another call is running, this is refused.
    pub fn register(&mut self, timeout: Option<u64>) {
        let now = self.now();
        let payload = self.line.rng.bool().then_some(r#"{"a":1}"#);
        let result = self.registrar.register(now, payload, timeout.map(Duration::from_millis));
        self.line.trace(|| format!("register within {timeout:?}: {result:?}"));
        if self.call.is_some() {
            assert!(result.is_err_and(|error| error.kind() == ErrorKind::Client));
            return;
        }
        self.calls += 1;
        self.call = Some(Call {
            operation: result.expect("nothing else runs"),
            deadline: timeout.map(|timeout| self.line.time + timeout),
            final_faults: Vec::new(),
            reached: false,
            requests: Requests::default(),
            withdrawn: false,
        });
        self.turn();
    }

    pub fn withdraw(&mut self) {
        let Some(call) = &mut self.call else { return };
        call.withdrawn = true;
        self.line.trace(|| "withdraw".into());
        self.registrar.withdraw();
        self.turn();
        assert!(self.call.is_none(), "it ends at once");
    }

    pub fn online(&mut self) {
        self.input(Input::Online);
        self.turn();
    }

    /// Lets time pass; with `until_rest`, until no call is running at the latest.
    pub fn run(&mut self, end: u64, until_rest: bool) {
        while !(until_rest && self.call.is_none()) {
            match self.line.pass(self.registrar.next_timeout(), end) {
                None => break,
                Some(Due::Arrival) => self.arrive(),
                Some(Due::Timeout) => {
                    let now = self.now();
                    self.registrar.handle_timeout(now);
                }
            }
            self.turn();
        }
    }

    /// The machine sleeps: no timer fires until it wakes.
    pub fn sleep(&mut self, millis: u64) {
        self.line.time += millis;
        let now = self.now();
        self.registrar.handle_timeout(now);
        // It was asleep until now.
        if let Some(Call { deadline: Some(deadline), .. }) = &mut self.call {
            *deadline = (*deadline).max(self.line.time);
        }
        self.turn();
    }

    /// Executes the registrar's actions until there are none.
    pub fn turn(&mut self) {
        for outputs in 0.. {
            assert!(outputs < 10_000, "the registrar asks for ever");
            let now = self.now();
            let Some(output) = self.registrar.poll_output(now) else { break };
            self.perform(output);
        }
        assert_eq!(self.call.is_some(), self.registrar.next_timeout().is_some(), "a timer");
        match &self.call {
            None => assert!(!self.line.has_socket(), "a socket is left"),
            Some(Call { deadline: Some(deadline), .. }) => {
                assert!(self.line.time <= deadline + CLOSING, "a call does not settle");
            }
            Some(_) => {}
        }
    }

    fn input(&mut self, input: Input<'_>) {
        let now = self.now();
        self.registrar.handle_input(now, input);
    }

    /// Passes input to the registrar.
    fn arrive(&mut self) {
        let Some(arrival) = self.line.take() else { return };
        let call = self.call.as_mut();
        match arrival {
            Arrival::Opened => {
                call.expect("a call").reached = true;
                self.input(Input::SocketOpened);
            }
            Arrival::Bytes(bytes) => {
                if let Some(call) = call {
                    call.requests.read(self.line.time, &bytes);
                }
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
                if given {
                    let expiry = now.unix_secs() + self.line.rng.u64(20..3600);
                    let token = key().sign(RESOURCE, expiry, None);
                    self.registrar.provide_token(now, token.expose()).expect("a good token");
                } else {
                    self.registrar.token_unavailable(now);
                }
            }
        }
    }

    fn connection_ended(&mut self) {
        if let Some(call) = &mut self.call {
            call.requests.connection_ended();
        }
    }

    fn perform(&mut self, output: Output) {
        self.line.trace(|| format!("{output:?}"));
        assert!(!format!("{output:?}").contains("sig="), "a secret is shown");
        match output {
            Output::OpenSocket { .. } => {
                assert!(self.call.is_some(), "a socket is for a call");
                let fault = self.line.fault(Step::Socket);
                self.line.open(fault);
            }
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
            Output::Event(Event::SasTokenRequired) => self.line.ask_for_token(),
            Output::Event(Event::Settled { operation, result }) => self.settled(operation, &result),
            Output::Event(other) => panic!("a registrar never tells {other:?}"),
        }
    }

    fn settled(&mut self, operation: OperationId, result: &Result<Reply, Error>) {
        let call = self.call.take().expect("a call that runs");
        assert_eq!(call.operation, operation, "another call settles");
        let met = |faults: &[Fault]| faults.iter().any(|it| call.final_faults.contains(it));
        use Fault::*;
        match result {
            Ok(Reply::Registration(result)) => {
                assert!(self.service.has_assigned(result), "{result} is no result of the service");
                self.assigned += 1;
            }
            Ok(other) => panic!("{other:?} is no result"),
            Err(error) => {
                let expected = match error.kind() {
                    ErrorKind::OperationCancelled => call.withdrawn,
                    ErrorKind::Credential => met(&[LoginRefused]),
                    ErrorKind::Service => met(&[Unknown, Failed, Disabled, NoHub]),
                    ErrorKind::Client => met(&[SubscriptionRefused, NotJson]),
                    ErrorKind::OperationTimeout => {
                        let deadline = call.deadline.is_some_and(|it| it <= self.line.time);
                        deadline || !call.reached
                    }
                    // Only the first connection, and its token, may fail.
                    ErrorKind::ConnectionFailed | ErrorKind::NoToken => !call.reached,
                    _ => false,
                };
                assert!(expected, "{error} after {:?}", call.final_faults);
            }
        }
    }

    /// A packet of the registrar: the service responds, or something goes wrong.
    fn sent(&mut self, sent: &Sent) {
        let call = self.call.as_mut();
        let step = match sent {
            Sent::Connect { .. } => Some(Step::Connect),
            Sent::Subscribe { .. } => Some(Step::Subscribe),
            Sent::Publish { topic, .. } => {
                let requests = &mut call.expect("a request is for a call").requests;
                Some(requests.ask(self.line.time, topic))
            }
            _ => None,
        };
        if self.line.is_silent() {
            return;
        }
        let fault = step.and_then(|step| self.line.fault(step));
        if let (Some(fault), Some(call)) = (fault, &mut self.call) {
            call.final_faults.push(fault);
        }
        let bytes = match fault {
            // The packet does not arrive.
            Some(Fault::CloseBefore) => Vec::new(),
            _ => self.service.answer(&mut self.line.rng, sent, fault),
        };
        if step.is_some() || !bytes.is_empty() {
            self.line.answer(bytes, fault);
        }
    }
}

fn key() -> SharedAccessKey {
    SharedAccessKey::from_base64("c2VjcmV0IG9mIGEgdGVzdCE=").expect("a valid key")
}
