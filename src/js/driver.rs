//! Drives the core: what it asks for is done, what it tells goes to the shell.

use std::cell::RefCell;

use wasm_bindgen::JsCast;

use super::clock;
use super::host::{Host, Shell};
use super::message;
use super::socket::Socket;
use super::timer::Timer;
use crate::protocol::client::{Client, Event, Output, Reply};
use crate::protocol::{Input, Now};

/// What [`Driver::pump`] gives: the sum of these.
mod status {
    /// The shell has something for a handler, and calls again when that has returned.
    pub const HANDLER: u8 = 1;
    /// There is a connection to care for.
    pub const ACTIVE: u8 = 2;
}

/// The core of one client, and what it holds of the platform.
pub struct Driver {
    pub host: Host,
    pub core: RefCell<Client>,
    pub timer: Timer,
    socket: RefCell<Socket>,
    /// Operations that have succeeded and are not told of yet: many are told of in one call.
    settled: RefCell<Vec<u32>>,
}

impl Driver {
    pub fn new(host: Host, core: Client) -> Self {
        Self {
            host,
            core: RefCell::new(core),
            timer: Timer::default(),
            socket: RefCell::default(),
            settled: RefCell::default(),
        }
    }

    /// The socket has closed: there is nothing to write to.
    pub fn socket_closed(&self) {
        self.socket.borrow_mut().end();
    }

    /// Does all that the core asks for, up to the next thing that a handler may want to know: what
    /// that handler does comes before what follows.
    pub fn pump(&self, shell: &Shell) -> u8 {
        let now = clock::now();
        // What is acknowledged has left the socket, so that this is looked at when there is room.
        let room = self.socket.borrow().room();
        self.core.borrow_mut().set_room(room);
        loop {
            let output = self.core.borrow_mut().poll_output(now);
            let Some(output) = output else {
                // Whoever is told of an operation may ask for more.
                if self.tell_settled(shell) {
                    continue;
                }
                break;
            };
            if self.perform(shell, output, now) {
                return status::HANDLER;
            }
        }
        self.socket.borrow_mut().flush();
        let mut core = self.core.borrow_mut();
        self.timer.arm(shell, now.monotonic, core.next_timeout());
        if core.is_active() { status::ACTIVE } else { 0 }
    }

    /// Gives whether there was any.
    fn tell_settled(&self, shell: &Shell) -> bool {
        let settled = self.settled.take();
        if !settled.is_empty() {
            shell.settled(&settled);
        }
        !settled.is_empty()
    }

    /// Gives whether a handler may want to know.
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
            Output::Event(event) => return self.tell(shell, event),
        }
        false
    }

    /// Gives whether a handler may want to know.
    fn tell(&self, shell: &Shell, event: Event) -> bool {
        if !matches!(event, Event::Settled { result: Ok(Reply::Done), .. }) {
            self.tell_settled(shell);
        }
        match event {
            Event::Settled { operation, result } => match result {
                Ok(Reply::Done) => {
                    self.settled.borrow_mut().push(operation.into());
                    return false;
                }
                Ok(Reply::Twin(json)) => shell.twin_received(operation.into(), &json),
                Ok(Reply::Message(message)) => {
                    message::tell(shell, &message, None);
                    self.settled.borrow_mut().push(operation.into());
                    return false;
                }
                Err(error) => shell.failed(operation.into(), self.host.error(&error)),
            },
            Event::ConnectionStateChanged { connected, cause } => {
                let cause = cause.map(|cause| self.host.error(&cause)).unwrap_or_default();
                shell.connection_state_changed(connected, cause);
            }
            Event::BackgroundException(error) => shell.report(self.host.error(&error)),
            Event::MessageReceived { message, delivery } => {
                message::tell(shell, &message, delivery.map(u32::from));
            }
            Event::MethodCalled(request) => {
                shell.method_called(&request.request_id, &request.name, &request.payload);
            }
            Event::DesiredPropertiesReceived(json) => shell.desired_properties_received(&json),
            Event::SasTokenRequired => shell.token_required(),
        }
        true
    }
}
