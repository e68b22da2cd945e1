//! Between the client and the network: executes the client's actions, and passes it input.

use iothub_device_client::protocol::{Input, Output};

use crate::faults::{Fault, Step};
use crate::hub::SocketId;
use crate::packets::Sent;
use crate::setting::KEY;
use crate::wire::Wire;
use crate::world::{Happening, World};

/// More actions than this in one turn are an endless loop.
const MAX_OUTPUTS: u32 = 100_000;

/// A socket, on both sides.
#[derive(Debug, Default)]
pub struct Socket {
    pub wire: Wire,
    pub is_open: bool,
    pub is_closing: bool,
    /// Nothing arrives any more, without a close.
    pub is_silent: bool,
    /// Its closing handshake never ends.
    pub is_stuck: bool,
    /// When the last bytes written arrive: at the hub, at the client.
    pub arrival: [u64; 2],
    /// What the hub wrote and the client has not read.
    pub unread: Vec<u8>,
    /// The hub closes the socket after that.
    hub_has_closed: bool,
    reading: bool,
}

impl World {
    /// Executes the client's actions until there are none.
    pub fn turn(&mut self) {
        self.turn += 1;
        self.client.set_room(self.room);
        for count in 0.. {
            assert!(count < MAX_OUTPUTS, "the client asks for ever");
            let now = self.now();
            let Some(output) = self.client.poll_output(now) else { break };
            self.perform(output);
        }
        self.flush();
        self.check_socket();
        let state = self.client.connection_state();
        self.pace.turn_ended(self.monotonic(), state, self.socket.is_some());
        self.check_timer();
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::OpenSocket { url } => {
                assert!(self.socket.is_none(), "a second socket is opened");
                check_secrets(&url);
                self.open_socket();
            }
            Output::Transmit(bytes) => {
                let is_open = self.socket.is_some_and(|id| {
                    let socket = &self.sockets[id];
                    socket.is_open && !socket.is_closing
                });
                assert!(is_open && !bytes.is_empty(), "bytes need an open socket");
                self.outgoing.extend_from_slice(&bytes);
            }
            Output::CloseSocket => {
                self.flush();
                let id = self.socket.expect("there is a socket to close");
                assert!(self.sockets[id].is_open && !self.sockets[id].is_closing);
                self.trace(|| format!("socket {id}: the client closes it"));
                self.sockets[id].is_closing = true;
                self.pace.closed_on_purpose();
                self.travel(id, 0, Happening::HubSeesEnd(id));
            }
            Output::AbortSocket => self.abort_socket(),
            Output::Event(event) => {
                check_secrets(&format!("{event:?}"));
                self.event(event);
            }
        }
    }

    fn open_socket(&mut self) {
        let id = self.sockets.len();
        self.trace(|| format!("socket {id}: the client opens it"));
        assert!(!self.application.replaced, "it takes the connection back by itself");
        self.pace.dials(self.monotonic());
        self.sockets.push(Socket { wire: Wire::new(id), ..Socket::default() });
        self.socket = Some(id);
        match self.fault(Step::Socket) {
            Some(Fault::SocketRefused) => self.travel(id, 1, Happening::CannotOpen(id)),
            Some(Fault::SocketStuck) => {}
            _ => self.travel(id, 1, Happening::Opens(id)),
        }
    }

    fn abort_socket(&mut self) {
        let id = self.socket.take().expect("there is a socket to abort");
        self.trace(|| format!("socket {id}: the client drops it"));
        self.outgoing.clear();
        let socket = &self.sockets[id];
        let (is_open, is_silent) = (socket.is_open, socket.is_silent);
        if !socket.is_closing {
            self.pace.lost(self.stood(id), self.sockets[id].wire.is_in_doubt());
        }
        if is_open && !is_silent {
            self.travel(id, 0, Happening::HubSeesEnd(id));
        }
        self.later(2_000, Happening::ClosedAtClient(id));
    }

    /// How long the connection lasted, if it was accepted.
    fn stood(&self, id: SocketId) -> Option<u64> {
        let wire = &self.sockets[id].wire;
        wire.accepted_at.map(|since| self.monotonic() - since)
    }

    fn flush(&mut self) {
        if self.outgoing.is_empty() {
            return;
        }
        let id = self.socket.expect("bytes need a socket");
        let bytes = std::mem::take(&mut self.outgoing);
        let (now, turn) = (self.monotonic(), self.turn);
        let packets = self.sockets[id].wire.written(now, turn, &bytes, &mut self.application);
        let is_publish = |packet: &Sent| matches!(packet, Sent::Publish { .. });
        // Before it closes, the client writes everything that is left.
        let leaves = packets.last() == Some(&Sent::Disconnect);
        let fits = self.room > 0 || leaves || !packets.iter().any(is_publish);
        assert!(fits, "publishes for a socket that takes none: {packets:?}");
        self.trace(|| {
            let shown = packets.iter().map(|packet| format!("\n{:>17}> {packet:?}", ""));
            check_free(shown.collect())
        });
        self.travel(id, 0, Happening::AtHub(id, bytes));
    }

    /// Input of the present socket.
    pub fn input(&mut self, input: Input<'_>) {
        let now = self.now();
        self.client.handle_input(now, input);
    }

    /// The socket has ended, as its close event says.
    pub fn socket_ended(&mut self, id: SocketId, detail: &str) {
        self.trace(|| format!("socket {id}: {detail}"));
        self.outgoing.clear();
        self.socket = None;
        if !self.sockets[id].is_closing {
            self.pace.lost(self.stood(id), self.sockets[id].wire.is_in_doubt());
        }
        self.input(Input::SocketClosed { detail });
    }

    /// Sends the bytes that the hub wrote to the client.
    pub fn hub_writes(&mut self, id: SocketId, bytes: &[u8]) {
        let socket = &mut self.sockets[id];
        if socket.hub_has_closed || socket.is_silent {
            return;
        }
        socket.unread.extend_from_slice(bytes);
        if !std::mem::replace(&mut socket.reading, true) {
            self.travel(id, 1, Happening::AtClient(id));
        }
    }

    /// The hub closes the connection, after the bytes that it wrote.
    pub fn hub_closes(&mut self, id: SocketId) {
        if self.hub.is_live(id) {
            self.hub.connection = None;
        }
        let socket = &mut self.sockets[id];
        if !std::mem::replace(&mut socket.hub_has_closed, true) && !socket.is_silent {
            self.trace(|| format!("socket {id}: the hub closes it"));
            self.travel(id, 1, Happening::AtClient(id));
        }
    }

    /// The client reads the bytes that have arrived, perhaps in pieces.
    pub fn read(&mut self, id: SocketId) {
        let split = self.rng.u32(..10) == 0;
        let socket = &mut self.sockets[id];
        socket.reading = false;
        if socket.is_silent {
            return;
        }
        let length = socket.unread.len();
        let take = if split && length > 1 { self.rng.usize(1..length) } else { length };
        let bytes: Vec<u8> = socket.unread.drain(..take).collect();
        let is_over = take == length && socket.hub_has_closed;
        if take < length {
            socket.reading = true;
            self.travel(id, 1, Happening::AtClient(id));
        }
        if self.socket != Some(id) {
            return;
        }
        if !bytes.is_empty() {
            let now = self.monotonic();
            let before = self.sockets[id].wire.accepted_at;
            self.sockets[id].wire.read(&bytes, now);
            if before.is_none() && self.sockets[id].wire.accepted_at.is_some() {
                self.application.is_away = false;
            }
            self.trace(|| format!("< {} bytes {:?}", bytes.len(), crate::hex(&bytes)));
            self.input(Input::Received(&bytes));
            self.turn();
        }
        if is_over && self.socket == Some(id) {
            self.socket_ended(id, "close code 1006");
        }
    }
}

fn check_secrets(text: &str) {
    assert!(!text.contains("sig=") && !text.contains(KEY), "a secret is shown: {text}");
}

/// Removes the password from the output.
fn check_free(text: String) -> String {
    match text.split_once("SharedAccessSignature") {
        Some((before, _)) => format!("{before}..."),
        None => text,
    }
}
