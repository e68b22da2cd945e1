//! The line from a device to its servers: at most one socket, the data in flight on it, and what
//! goes wrong there.

use std::collections::BTreeMap;

use fastrand::Rng;
use iothub_device_client::protocol::Instant;

use super::faults::{Fault, Step, Tally};
use crate::packets::{Sent, take_packet};

/// Something that reaches the device.
pub enum Arrival {
    Opened,
    Bytes(Vec<u8>),
    /// The first half of a packet.
    Half(Vec<u8>),
    Text,
    Ended,
    /// The user's function has a token, or has failed.
    Token(bool),
}

/// What happens next.
pub enum Due {
    Arrival,
    Timeout,
}

struct Socket {
    id: usize,
    is_open: bool,
    is_silent: bool,
    is_closing: bool,
    unread: Vec<u8>,
}

pub struct Line {
    pub rng: Rng,
    pub tally: Tally,
    /// In thousandths.
    pub fault_rate: u32,
    /// This fault occurs each time.
    pub always: Option<(Step, Fault)>,
    pub time: u64,
    traced: bool,
    sockets: usize,
    socket: Option<Socket>,
    queue: BTreeMap<(u64, u64), (usize, Arrival)>,
    queued: u64,
    /// When the last data in flight arrives: everything arrives in order.
    last: u64,
}

impl Line {
    pub fn new(seed: u64, traced: bool) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            tally: Tally::default(),
            fault_rate: 0,
            always: None,
            time: 1_000,
            traced,
            sockets: 0,
            socket: None,
            queue: BTreeMap::new(),
            queued: 0,
            last: 0,
        }
    }

    pub fn trace(&self, text: impl FnOnce() -> String) {
        if self.traced {
            println!("{:>9} ms  {}", self.time, text());
        }
    }

    /// Something may go wrong here.
    pub fn fault(&mut self, step: Step) -> Option<Fault> {
        let always = self.always.filter(|it| it.0 == step).map(|it| it.1);
        if always.is_none() && self.rng.u32(..1000) >= self.fault_rate {
            return None;
        }
        let faults = step.faults();
        let fault = always.unwrap_or_else(|| faults[self.rng.usize(..faults.len())]);
        self.trace(|| format!("FAULT {fault:?} at {step:?}"));
        self.tally.count(step, fault);
        Some(fault)
    }

    pub fn has_socket(&self) -> bool {
        self.socket.is_some()
    }

    pub fn is_silent(&self) -> bool {
        self.socket.as_ref().is_none_or(|socket| socket.is_silent)
    }

    /// The device dials.
    pub fn open(&mut self, fault: Option<Fault>) {
        assert!(self.socket.is_none(), "at most one socket is open");
        self.sockets += 1;
        let (is_open, is_silent, is_closing) = (false, false, false);
        let id = self.sockets;
        self.socket = Some(Socket { id, is_open, is_silent, is_closing, unread: Vec::new() });
        self.last = self.time;
        match fault {
            Some(Fault::SocketRefused) => self.later(Arrival::Ended),
            Some(Fault::SocketStuck) => {}
            _ => self.later(Arrival::Opened),
        }
    }

    /// The device writes. Returns the packets that are complete.
    pub fn write(&mut self, bytes: &[u8]) -> Vec<Sent> {
        assert!(!bytes.is_empty(), "a frame is never empty");
        let socket = self.socket.as_mut().filter(|socket| socket.is_open && !socket.is_closing);
        let socket = socket.expect("bytes need an open socket");
        socket.unread.extend_from_slice(bytes);
        std::iter::from_fn(|| take_packet(&mut socket.unread)).collect()
    }

    /// The device closes its socket.
    pub fn close(&mut self) {
        let fault = self.fault(Step::Close);
        let socket = self.socket.as_mut().filter(|socket| socket.is_open);
        let socket = socket.expect("only an open socket can be closed");
        socket.is_closing = true;
        if fault != Some(Fault::CloseStuck) && !socket.is_silent {
            self.later(Arrival::Ended);
        }
    }

    /// The device drops its socket.
    pub fn abort(&mut self) {
        self.socket.take().expect("a socket to drop");
    }

    /// Sends the response to a packet, or what a fault makes of it.
    pub fn answer(&mut self, bytes: Vec<u8>, fault: Option<Fault>) {
        match fault {
            Some(Fault::Withheld) => {}
            Some(Fault::Late) => {
                self.last += self.rng.u64(1_000..50_000);
                self.later(Arrival::Bytes(bytes));
            }
            Some(Fault::CloseBefore | Fault::CloseAfter) => self.later(Arrival::Ended),
            Some(Fault::Twice) => {
                self.later(Arrival::Bytes(bytes.clone()));
                self.later(Arrival::Bytes(bytes));
            }
            Some(Fault::Malformed) => self.later(Arrival::Bytes(vec![0xf0, 0x00])),
            Some(Fault::Truncated) => {
                self.later(Arrival::Half(bytes[..bytes.len() / 2].to_vec()));
                self.later(Arrival::Ended);
            }
            Some(Fault::Text) => self.later(Arrival::Text),
            Some(Fault::Silence) => {
                self.socket.as_mut().expect("a socket").is_silent = true;
            }
            _ => self.later(Arrival::Bytes(bytes)),
        }
    }

    /// The user's function is called for a token.
    pub fn ask_for_token(&mut self) {
        let fails = self.fault(Step::Token).is_some();
        if !fails || self.rng.bool() {
            self.later(Arrival::Token(!fails));
        }
    }

    pub fn later(&mut self, arrival: Arrival) {
        self.last = self.last.max(self.time) + self.rng.u64(..200);
        self.queued += 1;
        let id = self.socket.as_ref().map_or(0, |socket| socket.id);
        self.queue.insert((self.last, self.queued), (id, arrival));
    }

    /// Lets time pass until something is due, or until `end` if nothing is due before.
    pub fn pass(&mut self, timeout: Option<Instant>, end: u64) -> Option<Due> {
        let timeout = timeout.map(|at| Instant::default().millis_until(at));
        let arrival = self.queue.keys().next().map(|(time, _)| *time);
        let due = [timeout, arrival].into_iter().flatten().min().filter(|it| *it <= end);
        self.time = self.time.max(due.unwrap_or(end));
        // Nothing that waits to be read is overdue.
        due.map(|time| if arrival == Some(time) { Due::Arrival } else { Due::Timeout })
    }

    /// Returns what arrives first, unless its socket is gone.
    pub fn take(&mut self) -> Option<Arrival> {
        let (_, (id, arrival)) = self.queue.pop_first()?;
        if let Arrival::Token(_) = arrival {
            return Some(arrival);
        }
        let socket = self.socket.as_mut().filter(|socket| socket.id == id)?;
        match arrival {
            Arrival::Opened => socket.is_open = true,
            Arrival::Ended => self.socket = None,
            _ => {}
        }
        Some(arrival)
    }
}
