//! Drives the core: socket events, the timer and calls go in; bytes, settled Promises and handler
//! calls come out. No borrow is held while JavaScript runs.
//!
//! A panic is a trap, which leaves the core borrowed for ever. It ends the one client: every way
//! to the core goes through [`Driver::guarded`].

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use bytes::BytesMut;
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use super::clock;
use super::handlers::Handlers;
use super::host::{Host, from_json};
use super::receiving::{Receiving, Wanted};
use super::socket::{Socket, SocketEvent};
use super::timer::Timer;
use super::watch::Watch;
use crate::protocol::mqtt::WRITE_SIZE;
use crate::protocol::{Client, ConnectionState, Error, Input, Now, OperationId, Output, Reply};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = queueMicrotask)]
    fn queue_microtask(task: &Closure<dyn FnMut()>);
}

struct Settler {
    resolve: Function,
    reject: Function,
    /// For a receive call.
    wanted: Option<Wanted>,
}

/// One client and what it holds of the platform.
///
/// An open socket and an armed timer own the driver, so that a client that works is not collected
/// when its last JavaScript reference goes; disconnecting ends that.
pub struct Driver {
    pub(super) host: Host,
    /// What the host makes sockets and HTTP calls with.
    pub(super) transport: JsValue,
    /// The user's function that gives SAS tokens, if the client was made with one.
    pub(super) token_function: Option<Function>,
    pub(super) handlers: RefCell<Handlers>,
    pub(super) receiving: RefCell<Receiving>,
    core: RefCell<Client>,
    socket: RefCell<Option<Socket>>,
    /// Counts the sockets, so that a late event of an earlier one is told from the present one's.
    sockets: Cell<u32>,
    timer: RefCell<Timer>,
    watch: RefCell<Option<Watch>>,
    /// In the order in which they began, which is about that in which they end.
    pending: RefCell<VecDeque<(OperationId, Settler)>>,
    /// Bytes that leave when the turn of the event loop ends.
    outgoing: RefCell<Vec<BytesMut>>,
    pumping: Cell<bool>,
    /// Runs when the present call has ended.
    on_wake: Closure<dyn FnMut()>,
    /// The driver itself, while `on_wake` is queued.
    awake: RefCell<Option<Rc<Driver>>>,
    /// The core has panicked.
    broken: Cell<bool>,
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Driver").finish_non_exhaustive()
    }
}

impl Driver {
    pub fn new(
        host: Host,
        transport: JsValue,
        token_function: Option<Function>,
        core: Client,
    ) -> Rc<Self> {
        Rc::new_cyclic(|this: &Weak<Self>| Self {
            host,
            transport,
            token_function,
            handlers: RefCell::default(),
            receiving: RefCell::default(),
            core: RefCell::new(core),
            socket: RefCell::default(),
            sockets: Cell::new(0),
            timer: RefCell::default(),
            watch: RefCell::default(),
            pending: RefCell::default(),
            outgoing: RefCell::default(),
            pumping: Cell::new(false),
            on_wake: {
                let this = this.clone();
                Closure::new(move || {
                    if let Some(driver) = this.upgrade().and_then(|driver| driver.awake.take()) {
                        driver.pump();
                        driver.flush();
                    }
                })
            },
            awake: RefCell::default(),
            broken: Cell::new(false),
        })
    }

    /// Gives a command to the core; what follows from it happens when the present call has ended.
    /// Gives `None` on a broken client.
    pub fn command<T>(self: &Rc<Self>, command: impl FnOnce(&mut Client, Now) -> T) -> Option<T> {
        let result = self.with_core(command)?;
        self.wake();
        Some(result)
    }

    /// Gives a command that may fail.
    ///
    /// # Errors
    ///
    /// What the core says, or that the client is broken.
    pub fn try_command<T>(
        self: &Rc<Self>,
        command: impl FnOnce(&mut Client, Now) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.command(command).unwrap_or_else(|| Err(broken()))
    }

    /// Gives a command that begins an operation; the Promise settles with it.
    pub fn operation(
        self: &Rc<Self>,
        command: impl FnOnce(&mut Client, Now) -> Result<OperationId, Error>,
    ) -> Promise {
        let begun = self.try_command(command);
        self.promise(begun, None)
    }

    /// The Promise of an operation; `wanted` is what a receive call receives.
    pub(super) fn promise(
        &self,
        begun: Result<OperationId, Error>,
        wanted: Option<Wanted>,
    ) -> Promise {
        match begun {
            Err(error) => Promise::reject(&self.host.error(&error)),
            Ok(operation) => Promise::new(&mut |resolve, reject| {
                let settler = Settler { resolve, reject, wanted: wanted.clone() };
                self.pending.borrow_mut().push_back((operation, settler));
            }),
        }
    }

    /// Reads something of the core, unless the client is broken.
    pub fn read<T>(&self, read: impl FnOnce(&Client) -> T) -> Option<T> {
        self.core.try_borrow().ok().map(|core| read(&core))
    }

    fn with_core<T>(self: &Rc<Self>, work: impl FnOnce(&mut Client, Now) -> T) -> Option<T> {
        let (mut work, mut result) = (Some(work), None);
        self.guarded(&mut || {
            let work = work.take();
            result = work.map(|work| work(&mut self.core.borrow_mut(), clock::now()));
        });
        result
    }

    /// Does some work, unless the client is broken. A panic breaks it, and ends here.
    fn guarded(self: &Rc<Self>, work: &mut dyn FnMut()) {
        if !self.broken.get() && !self.host.attempt(&mut || work()) {
            self.break_down();
        }
    }

    /// Lets go of the platform, and tells the user.
    fn break_down(self: &Rc<Self>) {
        if self.broken.replace(true) {
            return;
        }
        drop(self.take_socket());
        self.timer.take();
        self.watch.take();
        self.receiving.take();
        for (_, settler) in self.pending.take() {
            // The functions of a Promise never throw.
            let _ = settler.reject.call1(&JsValue::UNDEFINED, &self.host.error(&broken()));
        }
        self.report(self.host.error(&broken()));
        self.handlers.take();
    }

    /// Sees to it that all is done that is to be done when the present call has ended.
    pub(super) fn wake(self: &Rc<Self>) {
        if self.awake.replace(Some(self.clone())).is_none() {
            queue_microtask(&self.on_wake);
        }
    }

    /// Does all that the core asks for. A handler that is called here may give commands; the loop
    /// that runs already takes them up.
    fn pump(self: &Rc<Self>) {
        if !self.pumping.replace(true) {
            self.guarded(&mut || self.do_all());
        }
    }

    fn do_all(self: &Rc<Self>) {
        // What is acknowledged has left the socket, so that this is looked at when there is room.
        let room = self.socket.borrow().as_ref().map_or(0, Socket::room);
        self.core.borrow_mut().set_room(room);
        loop {
            self.call_handlers();
            // A handler may have given the command that breaks the client.
            let Ok(mut core) = self.core.try_borrow_mut() else { return };
            let output = core.poll_output(clock::now());
            drop(core);
            let Some(output) = output else { break };
            self.perform(output);
        }
        self.pumping.set(false);
        if self.core.borrow().has_shut_down() {
            // A handler often refers to its client, which would keep both for ever.
            self.handlers.take();
        }
        self.watch_while_active();
        let next = self.core.borrow_mut().next_timeout();
        let driver = self.clone();
        self.timer.borrow_mut().arm(clock::now().monotonic, next, move || driver.timer_fired());
    }

    /// Listens to the platform as long as there is a connection to care for.
    fn watch_while_active(self: &Rc<Self>) {
        let active = self.read(Client::is_active) == Some(true);
        if active == self.watch.borrow().is_some() {
            return;
        }
        let watch = active.then(|| {
            let driver = self.clone();
            let resource = self.read(Client::resource).unwrap_or_default();
            Watch::start(&self.host, &resource, move |input| {
                driver.input(input);
                driver.wake();
            })
        });
        drop(self.watch.replace(watch));
    }

    fn perform(self: &Rc<Self>, output: Output) {
        match output {
            Output::OpenSocket { url } => self.open_socket(&url),
            Output::Transmit(bytes) => {
                self.outgoing.borrow_mut().push(bytes);
                self.wake();
            }
            Output::CloseSocket => {
                self.flush();
                if let Some(socket) = &*self.socket.borrow() {
                    socket.close();
                }
            }
            Output::AbortSocket => drop(self.take_socket()),
            Output::Event(event) => self.notify(event),
        }
    }

    fn open_socket(self: &Rc<Self>, url: &str) {
        let number = self.sockets.get().wrapping_add(1);
        self.sockets.set(number);
        let driver = self.clone();
        let report = move |event| driver.socket_event(number, event);
        match Socket::open(&self.host, url, &self.transport, report) {
            Ok(socket) => *self.socket.borrow_mut() = Some(socket),
            Err(error) => {
                let detail = js_sys::Error::from(error).message();
                let detail = detail.as_string().unwrap_or_default();
                self.input(Input::SocketClosed { detail: &detail });
            }
        }
    }

    fn socket_event(self: &Rc<Self>, number: u32, event: SocketEvent) {
        if number != self.sockets.get() {
            return;
        }
        match event {
            SocketEvent::Opened => self.socket_opened(),
            SocketEvent::Received(bytes) => self.input(Input::Received(&bytes)),
            SocketEvent::ReceivedText => self.input(Input::ReceivedText),
            SocketEvent::Closed(detail) => {
                if let Some(socket) = self.take_socket() {
                    socket.ended();
                }
                self.input(Input::SocketClosed { detail: &detail });
            }
        }
        self.pump();
    }

    fn socket_opened(self: &Rc<Self>) {
        let agreed = self.socket.borrow().as_ref().is_some_and(Socket::speaks_mqtt);
        if agreed {
            // The hub is reached: it will end the connection of any other client of this identity.
            if let (Some(watch), Some(ConnectionState::Connecting)) =
                (&*self.watch.borrow(), self.read(Client::connection_state))
            {
                watch.take_over();
            }
            self.input(Input::SocketOpened);
        } else {
            drop(self.take_socket());
            let detail = "the server did not agree to the sub-protocol mqtt";
            self.input(Input::SocketClosed { detail });
        }
    }

    fn input(self: &Rc<Self>, input: Input<'_>) {
        self.with_core(|core, now| core.handle_input(now, input));
    }

    /// What has arrived while the event loop was busy goes first: nothing is overdue that is
    /// waiting to be read. And a timeout that another one sets counts as a chain of them, which
    /// Chromium lets fire once a minute only in a tab that was hidden for long; one that this task
    /// sets does not.
    fn timer_fired(self: &Rc<Self>) {
        self.timer.borrow_mut().fired();
        let driver = self.clone();
        let after_input = Closure::once_into_js(move || {
            driver.with_core(|core, now| core.handle_timeout(now));
            driver.pump();
        });
        self.host.defer(after_input.unchecked_ref());
    }

    fn take_socket(&self) -> Option<Socket> {
        self.outgoing.borrow_mut().clear();
        self.socket.borrow_mut().take()
    }

    /// Sends what this turn has gathered, in as few frames as the limit allows.
    fn flush(&self) {
        let mut pieces = self.outgoing.take().into_iter();
        let Some(mut frame) = pieces.next() else {
            return;
        };
        for piece in pieces {
            if frame.len() + piece.len() > WRITE_SIZE {
                self.send(&frame);
                frame = piece;
            } else {
                frame.unsplit(piece);
            }
        }
        self.send(&frame);
    }

    fn send(&self, frame: &[u8]) {
        if let Some(socket) = &*self.socket.borrow() {
            // A socket that cannot send is closing; its close event says the rest.
            let _ = socket.send(frame);
        }
    }

    fn take_settler(&self, operation: OperationId) -> Option<Settler> {
        let mut pending = self.pending.borrow_mut();
        let index = match pending.front() {
            Some((first, _)) if *first == operation => 0,
            _ => pending.binary_search_by_key(&operation, |(pending, _)| *pending).ok()?,
        };
        pending.remove(index).map(|(_, settler)| settler)
    }

    /// Ends a call of the user with a value of the shell's own.
    pub(super) fn resolve(&self, operation: OperationId, value: &JsValue) {
        let settler = self.take_settler(operation);
        if let Some(Settler { resolve, .. }) = settler {
            // The functions of a Promise never throw.
            let _ = resolve.call1(&JsValue::UNDEFINED, value);
        }
    }

    /// Ends a call of the user. Gives the error back if nobody waits for it.
    pub(super) fn settle(
        self: &Rc<Self>,
        operation: OperationId,
        result: Result<Reply, Error>,
    ) -> Result<(), Error> {
        let Some(Settler { resolve, reject, wanted }) = self.take_settler(operation) else {
            return result.map(|_| ());
        };
        // The functions of a Promise never throw.
        let _ = match (result, wanted) {
            (Ok(Reply::Twin(json)), _) => resolve.call1(&JsValue::UNDEFINED, &from_json(&json)),
            (Ok(Reply::Done), None) => resolve.call0(&JsValue::UNDEFINED),
            (Ok(Reply::Done), Some(wanted)) => {
                resolve.call1(&JsValue::UNDEFINED, &self.take_received(&wanted))
            }
            (Err(error), wanted) => {
                if let Some(wanted) = wanted {
                    self.stop_waiting(&wanted, operation);
                }
                reject.call1(&JsValue::UNDEFINED, &self.host.error(&error))
            }
        };
        Ok(())
    }
}

fn broken() -> Error {
    Error::client(
        "this client is broken by a fault of iothub-device-client, which the console shows; \
         please report it, and make a new client",
    )
}
