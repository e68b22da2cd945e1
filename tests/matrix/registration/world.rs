//! One registrar, one network, one service and the time: drives the registrar as `protocol` says,
//! and checks what must always hold.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;
use iothub_device_client::protocol::client::Options;
use iothub_device_client::protocol::hub::Credentials;
use iothub_device_client::protocol::hub::sas_token::SharedAccessKey;
use iothub_device_client::protocol::provisioning::{Config, Registrant};
use iothub_device_client::protocol::{
    Error, ErrorKind, Event, Input, Instant, Now, OperationId, Output, Registrar, Reply,
};
use mqttrs::{ConnectReturnCode, Packet};

use super::faults::{Fault, Step, Tally};
use super::service::{Answer, Service, connack};
use crate::packets::{Sent, encode, puback, suback, take_packet};

const START_UNIX: u64 = 1_700_000_000;
const RESOURCE: &str = "0ne1/registrations/dev";
/// A socket that does not close is dropped after this many milliseconds.
const CLOSING: u64 = 5_000;

type SocketId = usize;

enum Happening {
    Opens(SocketId),
    CannotOpen(SocketId),
    Arrives(SocketId, Vec<u8>),
    HalfArrives(SocketId, Vec<u8>),
    TextArrives(SocketId),
    Ends(SocketId),
    Closed(SocketId),
    GivesToken(bool),
}

/// A call that runs.
struct Call {
    operation: OperationId,
    /// When it has to have settled.
    deadline: Option<u64>,
    /// Faults after which it may fail for good.
    final_faults: Vec<Fault>,
    /// Whether the socket was opened for it.
    reached: bool,
    /// Whether the service has told by what it knows the registration.
    is_known: bool,
    withdrawn: bool,
}

pub struct World {
    pub rng: Rng,
    pub registrar: Registrar,
    service: Service,
    pub tally: Tally,
    /// In thousandths.
    pub fault_rate: u32,
    pub time: u64,
    pub calls: u64,
    pub assigned: u64,
    call: Option<Call>,
    queue: BTreeMap<(u64, u64), Happening>,
    queued: u64,
    sockets: usize,
    socket: Option<SocketId>,
    is_open: bool,
    is_silent: bool,
    is_closing: bool,
    unread: Vec<u8>,
    /// The service wants no request before.
    not_before: u64,
    /// A request waits for its answer on this connection.
    asked: bool,
    traced: bool,
}

impl World {
    pub fn new(seed: u64, traced: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let registrant = Registrant::new("dps.example", "0ne1", "dev").unwrap();
        let credentials = if rng.bool() {
            Credentials::TokenFunction
        } else {
            Credentials::SharedAccessKey { key: key(), policy: None }
        };
        let keep_alive = Some(f64::from(rng.u32(5..60)));
        let options = Options { keep_alive, ..Options::default() };
        let config = Config::new(registrant, credentials, "agent", &options).unwrap();
        Self {
            fault_rate: [0, 100, 300, 600][rng.usize(..4)],
            rng,
            registrar: Registrar::new(config, seed),
            service: Service::default(),
            tally: Tally::default(),
            time: 1_000,
            calls: 0,
            assigned: 0,
            call: None,
            queue: BTreeMap::new(),
            queued: 0,
            sockets: 0,
            socket: None,
            is_open: false,
            is_silent: false,
            is_closing: false,
            unread: Vec::new(),
            not_before: 0,
            asked: false,
            traced,
        }
    }

    fn trace(&self, text: impl FnOnce() -> String) {
        if self.traced {
            println!("{:>9} ms  {}", self.time, text());
        }
    }

    fn now(&self) -> Now {
        let unix_millis = START_UNIX * 1000 + self.time;
        Now { monotonic: Instant::from_millis(self.time), unix_millis }
    }

    pub fn is_running(&self) -> bool {
        self.call.is_some()
    }

    /// Registers; while another call runs that is refused.
    pub fn register(&mut self, timeout: Option<u64>) {
        let now = self.now();
        let payload = self.rng.bool().then_some(r#"{"a":1}"#);
        let result = self.registrar.register(now, payload, timeout.map(Duration::from_millis));
        self.trace(|| format!("register within {timeout:?}: {result:?}"));
        if self.call.is_some() {
            assert!(result.is_err_and(|error| error.kind() == ErrorKind::Client));
            return;
        }
        self.calls += 1;
        self.call = Some(Call {
            operation: result.expect("nothing else runs"),
            deadline: timeout.map(|timeout| self.time + timeout),
            final_faults: Vec::new(),
            reached: false,
            is_known: false,
            withdrawn: false,
        });
        // Of an earlier call.
        self.not_before = 0;
        self.turn();
    }

    pub fn withdraw(&mut self) {
        let Some(call) = &mut self.call else { return };
        call.withdrawn = true;
        self.trace(|| "withdraw".into());
        self.registrar.withdraw();
        self.turn();
        assert!(self.call.is_none(), "it ends at once");
    }

    pub fn online(&mut self) {
        self.input(Input::Online);
        self.turn();
    }

    /// Lets time pass, until no call runs at the latest where `until_rest`.
    pub fn run(&mut self, end: u64, until_rest: bool) {
        loop {
            if until_rest && self.call.is_none() {
                return;
            }
            let timer = self.registrar.next_timeout().map(|at| Instant::default().millis_until(at));
            let next = self.queue.keys().next().map(|(time, _)| *time);
            let Some(time) = [timer, next].into_iter().flatten().min().filter(|it| *it <= end)
            else {
                break;
            };
            self.time = self.time.max(time);
            // Nothing is overdue that waits to be read.
            if next == Some(time) {
                let (_, happening) = self.queue.pop_first().expect("something happens");
                self.happen(happening);
            } else {
                let now = self.now();
                self.registrar.handle_timeout(now);
            }
            self.turn();
        }
        self.time = self.time.max(end);
    }

    /// The machine sleeps: no timer fires until it wakes.
    pub fn sleep(&mut self, millis: u64) {
        self.time += millis;
        let now = self.now();
        self.registrar.handle_timeout(now);
        // It was asleep until now.
        if let Some(Call { deadline: Some(deadline), .. }) = &mut self.call {
            *deadline = (*deadline).max(self.time);
        }
        self.turn();
    }

    /// Does what the registrar asks until it asks for nothing.
    pub fn turn(&mut self) {
        for outputs in 0.. {
            assert!(outputs < 10_000, "the registrar asks for ever");
            let now = self.now();
            let Some(output) = self.registrar.poll_output(now) else { break };
            self.perform(output);
        }
        assert_eq!(self.call.is_some(), self.registrar.next_timeout().is_some(), "a timer");
        match &self.call {
            None => assert!(self.socket.is_none(), "a socket is left"),
            Some(Call { deadline: Some(deadline), .. }) => {
                assert!(self.time <= deadline + CLOSING, "a call does not settle");
            }
            Some(_) => {}
        }
    }

    fn input(&mut self, input: Input<'_>) {
        let now = self.now();
        self.registrar.handle_input(now, input);
    }

    fn later(&mut self, happening: Happening) {
        let delay = self.rng.u64(..200);
        self.after(delay, happening);
    }

    fn after(&mut self, delay: u64, happening: Happening) {
        self.queued += 1;
        self.queue.insert((self.time + delay, self.queued), happening);
    }

    /// Something goes wrong here, perhaps.
    fn fault(&mut self, step: Step) -> Option<Fault> {
        if self.rng.u32(..1000) >= self.fault_rate {
            return None;
        }
        let faults = step.faults();
        let fault = faults[self.rng.usize(..faults.len())];
        self.trace(|| format!("FAULT {fault:?} at {step:?}"));
        self.tally.count(step, fault);
        Some(fault)
    }

    fn happen(&mut self, happening: Happening) {
        let is_present = |id| self.socket == Some(id);
        match happening {
            Happening::Opens(id) if is_present(id) => {
                self.is_open = true;
                self.call.as_mut().expect("a call").reached = true;
                self.input(Input::SocketOpened);
            }
            Happening::Arrives(id, bytes) if is_present(id) => {
                self.read(&bytes);
                self.input(Input::Received(&bytes));
            }
            Happening::HalfArrives(id, bytes) if is_present(id) => {
                self.input(Input::Received(&bytes));
            }
            Happening::TextArrives(id) if is_present(id) => self.input(Input::ReceivedText),
            Happening::CannotOpen(id) | Happening::Ends(id) | Happening::Closed(id)
                if is_present(id) =>
            {
                self.socket_gone();
                self.input(Input::SocketClosed { detail: "gone" });
            }
            Happening::GivesToken(true) => {
                let expiry = self.now().unix_secs() + self.rng.u64(20..3600);
                let token = key().sign(RESOURCE, expiry, None);
                let now = self.now();
                self.registrar.provide_token(now, token.expose()).expect("a good token");
            }
            Happening::GivesToken(false) => {
                let now = self.now();
                self.registrar.token_unavailable(now);
            }
            _ => {}
        }
    }

    /// What the registrar has read says when it may ask again.
    fn read(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let Some((_, query)) = text.split_once("$dps/registrations/res/") else { return };
        if !std::mem::take(&mut self.asked) {
            return;
        }
        if let Some((_, rest)) = query.split_once("retry-after=") {
            let seconds: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let seconds: u64 = seconds.parse().expect("seconds");
            self.not_before = self.time + seconds * 1000;
        }
        if query.starts_with("202") {
            self.call.as_mut().expect("a call").is_known = true;
        }
    }

    fn socket_gone(&mut self) {
        self.socket = None;
        self.is_open = false;
        self.is_silent = false;
        self.is_closing = false;
        self.asked = false;
        self.unread.clear();
    }

    fn perform(&mut self, output: Output) {
        self.trace(|| format!("{output:?}"));
        assert!(!format!("{output:?}").contains("sig="), "a secret is shown");
        match output {
            Output::OpenSocket { .. } => {
                assert!(self.socket.is_none(), "at most one socket is open");
                assert!(self.call.is_some(), "a socket is for a call");
                self.sockets += 1;
                let id = self.sockets;
                self.socket = Some(id);
                match self.fault(Step::Socket) {
                    Some(Fault::SocketRefused) => self.later(Happening::CannotOpen(id)),
                    Some(Fault::SocketStuck) => {}
                    _ => self.later(Happening::Opens(id)),
                }
            }
            Output::Transmit(bytes) => {
                assert!(self.is_open && !self.is_closing, "bytes need an open socket");
                assert!(!bytes.is_empty(), "a frame is never empty");
                self.unread.extend_from_slice(&bytes);
                while let Some(sent) = take_packet(&mut self.unread) {
                    self.sent(&sent);
                }
            }
            Output::CloseSocket => {
                assert!(self.is_open, "only an open socket can be closed");
                self.is_closing = true;
                let id = self.socket.expect("a socket");
                if self.fault(Step::Close) != Some(Fault::CloseStuck) && !self.is_silent {
                    self.later(Happening::Closed(id));
                }
            }
            Output::AbortSocket => {
                assert!(self.socket.is_some(), "there is a socket to abort");
                self.socket_gone();
            }
            Output::Event(Event::SasTokenRequired) => {
                let fails = self.fault(Step::Token).is_some();
                if !fails || self.rng.bool() {
                    self.later(Happening::GivesToken(!fails));
                }
            }
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
                    ErrorKind::Service => met(&[Unknown, Failed, Disabled]),
                    ErrorKind::Client => met(&[SubscriptionRefused, NotJson]),
                    ErrorKind::OperationTimeout => {
                        let deadline = call.deadline.is_some_and(|it| it <= self.time);
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

    /// A packet of the registrar: the service answers, or something goes wrong.
    fn sent(&mut self, sent: &Sent) {
        let step = match sent {
            Sent::Connect { .. } => Step::Connect,
            Sent::Subscribe { .. } => Step::Subscribe,
            Sent::Publish { topic, .. } => self.check_request(topic),
            Sent::Pingreq if !self.is_silent => {
                return self.answer(encode(&Packet::Pingresp));
            }
            Sent::Puback(_) | Sent::Pingreq | Sent::Disconnect => return,
            Sent::Unsubscribe { .. } => panic!("the session ends with the connection"),
        };
        if self.is_silent {
            return;
        }
        let fault = self.fault(step);
        let id = self.socket.expect("a socket");
        if fault == Some(Fault::CloseBefore) {
            return self.later(Happening::Ends(id));
        }
        if let Some(fault) = fault {
            self.call.as_mut().expect("a call").final_faults.push(fault);
        }
        let bytes = self.answer_to(sent, fault);
        match fault {
            Some(Fault::Withheld) => {}
            Some(Fault::Late) => {
                let delay = self.rng.u64(1_000..50_000);
                self.after(delay, Happening::Arrives(id, bytes));
            }
            Some(Fault::CloseAfter) => self.later(Happening::Ends(id)),
            Some(Fault::Twice) => {
                self.answer(bytes.clone());
                self.answer(bytes);
            }
            Some(Fault::Malformed) => self.answer(vec![0xf0, 0x00]),
            Some(Fault::Truncated) => {
                self.later(Happening::HalfArrives(id, bytes[..bytes.len() / 2].to_vec()));
                self.after(300, Happening::Ends(id));
            }
            Some(Fault::Text) => self.later(Happening::TextArrives(id)),
            Some(Fault::Silence) => self.is_silent = true,
            _ => self.answer(bytes),
        }
    }

    fn answer(&mut self, bytes: Vec<u8>) {
        let id = self.socket.expect("a socket");
        self.later(Happening::Arrives(id, bytes));
    }

    /// No request is made while another waits, before the service wants it, or for what it knows.
    fn check_request(&mut self, topic: &str) -> Step {
        let call = self.call.as_ref().expect("a request is for a call");
        assert!(!self.asked, "two requests at once");
        assert!(self.time >= self.not_before, "it asks before the service wants it");
        self.asked = true;
        if topic.starts_with("$dps/registrations/GET/") {
            return Step::Poll;
        }
        assert!(!call.is_known, "it registers again what the service knows");
        Step::Register
    }

    fn answer_to(&mut self, sent: &Sent, fault: Option<Fault>) -> Vec<u8> {
        match sent {
            Sent::Connect { client_id, clean_session, .. } => {
                assert!(client_id == "dev" && *clean_session);
                connack(match fault {
                    Some(Fault::Unavailable) => ConnectReturnCode::ServerUnavailable,
                    Some(Fault::LoginRefused) => ConnectReturnCode::NotAuthorized,
                    _ => ConnectReturnCode::Accepted,
                })
            }
            Sent::Subscribe { packet_id, .. } => {
                suback(*packet_id, fault != Some(Fault::SubscriptionRefused))
            }
            Sent::Publish { packet_id, topic, .. } => {
                let answer = self.answer_to_request(topic, fault);
                [puback(*packet_id), self.service.publish(topic, &answer)].concat()
            }
            other => panic!("{other:?} has no answer"),
        }
    }

    fn answer_to_request(&mut self, topic: &str, fault: Option<Fault>) -> Answer {
        let state = |word| format!(r#"{{"status":"{word}","registrationState":{{}}}}"#);
        let (status, body) = match fault {
            Some(Fault::Busy) => (429, r#"{"errorCode":429001}"#.into()),
            Some(Fault::Broken) => (503, String::new()),
            Some(Fault::LoginRefused) => (401, r#"{"errorCode":401002}"#.into()),
            Some(Fault::Unknown) => (404, r#"{"errorCode":404201}"#.into()),
            Some(Fault::Failed) => (200, state("failed")),
            Some(Fault::Disabled) => (200, state("disabled")),
            Some(Fault::NotJson) => (200, "<html>".into()),
            _ => {
                if fault == Some(Fault::Mute) {
                    self.service.go_on(topic);
                }
                let retry_after = self.rng.u64(1..10);
                return if topic.starts_with("$dps/registrations/GET/") {
                    self.service.poll(topic, retry_after)
                } else {
                    let polls = if fault == Some(Fault::Mute) { u32::MAX } else { 3 };
                    let polls = self.rng.u32(..polls);
                    self.service.register(polls, retry_after)
                };
            }
        };
        let retry_after = self.rng.bool().then(|| self.rng.u64(1..20));
        Answer { status, retry_after, body }
    }
}

fn key() -> SharedAccessKey {
    SharedAccessKey::from_base64("c2VjcmV0IG9mIGEgdGVzdCE=").expect("a valid key")
}
