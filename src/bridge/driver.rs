//! Drives the core: performs its outputs, and passes its events to the shell.

use std::cell::{Cell, RefCell};

use wasm_bindgen::{JsCast, JsValue};

use super::clock;
use super::host::{Host, Shell};
use super::message;
use super::names::Pumped;
use super::socket::Socket;
use super::timer::Timer;
use crate::protocol::{Client, Error, ErrorKind, Event, Input, Now, Output, Reply};

/// The core of one client, and the platform objects that it uses.
pub struct Driver {
    pub host: Host,
    pub core: RefCell<Client>,
    pub timer: Timer,
    pub socket: RefCell<Socket>,
    /// Successful operations that the shell has not been notified of yet: it gets many in one call.
    settled: RefCell<Vec<u32>>,
    turn: Cell<Option<Now>>,
    /// The last error of the user's token function.
    pub token_failure: RefCell<JsValue>,
}

impl Driver {
    pub fn new(host: Host, core: Client) -> Self {
        Self {
            host,
            core: RefCell::new(core),
            timer: Timer::default(),
            socket: RefCell::default(),
            settled: RefCell::default(),
            turn: Cell::default(),
            token_failure: RefCell::default(),
        }
    }

    /// The time of the current turn: what it begins leaves when it ends, in [`Self::pump`]. Reading
    /// both clocks for each message would take a twentieth of the time to send one.
    pub fn now(&self) -> Now {
        let now = self.turn.get().unwrap_or_else(clock::now);
        self.turn.set(Some(now));
        now
    }

    /// Performs the core's outputs up to the next event that may be for a handler: what that
    /// handler does must come before the rest.
    pub fn pump(&self, shell: &Shell) -> Pumped {
        self.turn.take();
        let now = clock::now();
        // Acknowledged data has left the socket, so this is a good time to check how much room it
        // has.
        let room = self.socket.borrow().room();
        self.core.borrow_mut().set_room(room);
        loop {
            let output = self.core.borrow_mut().poll_output(now);
            let Some(output) = output else { break };
            if self.perform(shell, output, now) {
                return Pumped::Handlers;
            }
        }
        self.report_settled(shell);
        self.socket.borrow_mut().flush();
        let mut core = self.core.borrow_mut();
        self.timer.arm(shell, now.monotonic, core.next_timeout());
        if core.is_active() { Pumped::Active } else { Pumped::Idle }
    }

    fn report_settled(&self, shell: &Shell) {
        let settled = self.settled.take();
        if !settled.is_empty() {
            shell.settled(&settled);
        }
    }

    /// Returns whether the event may be for a handler.
    fn perform(&self, shell: &Shell, output: Output, now: Now) -> bool {
        match output {
            Output::OpenSocket { url } => {
                let socket = shell.open_socket(&url);
                if let Some(detail) = socket.as_string() {
                    let input = Input::SocketClosed { detail: &detail };
                    self.core.borrow_mut().handle_input(now, input);
                } else {
                    self.socket.borrow_mut().socket = Some(socket.unchecked_into());
                }
            }
            Output::Transmit(bytes) => self.socket.borrow_mut().write(bytes),
            Output::CloseSocket => self.socket.borrow_mut().close(),
            Output::AbortSocket => {
                self.socket.borrow_mut().end();
                shell.drop_socket();
            }
            Output::Event(event) => return self.report(shell, event),
        }
        false
    }

    /// Returns whether the event may be for a handler.
    fn report(&self, shell: &Shell, event: Event) -> bool {
        let is_done = matches!(event, Event::Settled { result: Ok(Reply::Done), .. });
        if !is_done {
            self.report_settled(shell);
        }
        match event {
            Event::Settled { operation, result } => self.settle(shell, operation.into(), result),
            Event::ConnectionStateChanged { connected, cause } => {
                let cause = cause.map(|cause| self.error(&cause)).unwrap_or_default();
                shell.connection_state_changed(connected, cause);
            }
            Event::BackgroundException(error) => shell.report(self.error(&error)),
            Event::MessageReceived { message, delivery } => {
                let (system, custom) = message::to_json(&message.properties);
                let delivery = delivery.map(u32::from);
                shell.message_received(&message.body, &system, &custom, delivery);
            }
            Event::MethodCalled(request) => {
                shell.method_called(&request.request_id, &request.name, &request.payload);
            }
            Event::DesiredPropertiesReceived(json) => shell.desired_properties_received(&json),
            Event::SasTokenRequired => shell.token_required(),
            Event::CertificateIssued(result) => shell.certificate_issued(&result),
        }
        !is_done
    }

    fn settle(&self, shell: &Shell, operation: u32, result: Result<Reply, Error>) {
        match result {
            Ok(Reply::Done) => self.settled.borrow_mut().push(operation),
            Ok(Reply::Twin(json) | Reply::Registration(json)) => {
                shell.json_received(operation, &json);
            }
            Ok(Reply::Message(message)) => {
                let (system, custom) = message::to_json(&message.properties);
                shell.message_taken(operation, &message.body, &system, &custom);
            }
            Err(error) => {
                let has_ended_connections = error.kind() == ErrorKind::DroppedAgain;
                shell.failed(operation, self.error(&error), has_ended_connections);
            }
        }
    }

    fn error(&self, error: &Error) -> JsValue {
        match error.kind() {
            ErrorKind::NoToken => self.host.error_caused_by(error, &self.token_failure.borrow()),
            _ => self.host.error(error),
        }
    }
}
