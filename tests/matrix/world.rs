//! One device, one network, one hub and the time: drives the client as `protocol` says.

use std::collections::BTreeMap;

use fastrand::Rng;
use iothub_device_client::protocol::client::ConnectionRetry;
use iothub_device_client::protocol::mqtt::DeliveryId;
use iothub_device_client::protocol::{
    Client, ConnectionState, Error, Instant, MethodRequest, Now, OperationId,
};

use crate::application::{Application, Handling, Kind};
use crate::faults::{AROUND, Fault, Step, Tally};
use crate::hub::{Hub, Reply, SocketId};
use crate::pace::Pace;
use crate::platform::Socket;
use crate::setting::Setting;

pub const START_UNIX: u64 = 1_700_000_000;

/// Something that will happen.
#[derive(Debug)]
pub enum Happening {
    Opens(SocketId),
    CannotOpen(SocketId),
    AtHub(SocketId, Vec<u8>),
    HubSeesEnd(SocketId),
    HubWatches(SocketId),
    HubSends(SocketId, Reply),
    AtClient(SocketId),
    TextAtClient(SocketId),
    ClosedAtClient(SocketId),
    Handled { delivery: DeliveryId, socket: SocketId, number: u64, handling: Handling },
    Answers { request: MethodRequest, fails: bool },
    GivesToken,
    TimersOnTime,
    Around(Fault),
    RoomAgain,
}

pub struct World {
    pub rng: Rng,
    pub setting: Setting,
    pub client: Client,
    pub hub: Hub,
    pub application: Application,
    pub tally: Tally,
    /// Whether faults are made.
    pub faulty: bool,
    /// How many more subscriptions and twin requests the hub refuses.
    pub refusals: u32,
    /// Whether the application responds immediately, and correctly.
    pub calm: bool,
    /// The first socket that the hub has no reason to close.
    pub flawless_from: Option<SocketId>,
    /// How late timers fire.
    pub lateness: u64,
    /// About how many bytes of publishes the socket accepts.
    pub room: usize,
    /// Milliseconds since the beginning.
    pub time: u64,
    /// How long the monotonic clock has stood still.
    pub standstill: u64,
    /// The error of the wall clock, in milliseconds.
    pub skew: i64,
    pub turn: u64,
    pub sockets: Vec<Socket>,
    /// The socket that the client has.
    pub socket: Option<SocketId>,
    pub pace: Pace,
    /// What the client wrote in this turn.
    pub outgoing: Vec<u8>,
    queue: BTreeMap<(u64, u64), Happening>,
    queued: u64,
    traced: bool,
}

impl World {
    pub fn new(seed: u64, traced: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let setting = Setting::random(&mut rng);
        let hub = Hub::new(setting.push_at_most_once, setting.request_ids_restart);
        let world = Self {
            client: Client::new(setting.config(START_UNIX), seed),
            rng,
            hub,
            application: Application::new(setting.retry == ConnectionRetry::Always),
            tally: Tally::default(),
            faulty: true,
            refusals: 0,
            calm: false,
            flawless_from: None,
            lateness: 0,
            room: usize::MAX,
            time: 1_000,
            standstill: 0,
            skew: 0,
            turn: 0,
            sockets: Vec::new(),
            socket: None,
            pace: Pace::new(&setting),
            setting,
            outgoing: Vec::new(),
            queue: BTreeMap::new(),
            queued: 0,
            traced,
        };
        world.trace(|| format!("{:#?}", world.setting));
        world
    }

    pub fn trace(&self, text: impl FnOnce() -> String) {
        if self.traced {
            println!("{:>12.3} s  {}", self.seconds(), text());
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "for people")]
    fn seconds(&self) -> f64 {
        self.time as f64 / 1000.0
    }

    pub fn monotonic(&self) -> u64 {
        self.time - self.standstill
    }

    pub fn unix(&self) -> u64 {
        START_UNIX + self.time / 1000
    }

    pub fn now(&self) -> Now {
        let unix_millis = (START_UNIX * 1000 + self.time).saturating_add_signed(self.skew);
        Now { monotonic: Instant::from_millis(self.monotonic()), unix_millis }
    }

    /// Passes a command of the application to the client; [`World::turn`] executes the actions that
    /// follow.
    pub fn call(
        &mut self,
        kind: Kind,
        command: impl FnOnce(&mut Client, Now) -> Result<OperationId, Error>,
    ) -> Result<OperationId, Error> {
        let now = self.now();
        if let Kind::Connect | Kind::Token | Kind::Leave = kind {
            self.pace.asked();
        }
        if kind == Kind::Leave {
            self.pace.closed_on_purpose();
        }
        let result = command(&mut self.client, now);
        self.trace(|| format!("call {kind:?}: {result:?}"));
        if let Ok(operation) = result {
            self.application.begin(operation, kind);
        }
        result
    }

    /// Passes a command that begins no operation.
    pub fn command<T>(&mut self, command: impl FnOnce(&mut Client, Now) -> T) -> T {
        let now = self.now();
        command(&mut self.client, now)
    }

    /// Something may go wrong here.
    pub fn fault(&mut self, step: Step) -> Option<Fault> {
        if !self.faulty || self.rng.u32(..1000) >= self.setting.fault_rate {
            return None;
        }
        let faults = step.faults();
        let fault = faults[self.rng.usize(..faults.len())];
        if AROUND.contains(&fault) {
            self.later(0, Happening::Around(fault));
        }
        // The contents of a body are decided when it is created.
        (fault != Fault::NotJson).then(|| self.note(step, fault))
    }

    pub fn note(&mut self, step: Step, fault: Fault) -> Fault {
        self.trace(|| format!("FAULT {fault:?} at {step:?}"));
        self.tally.count(step, fault);
        fault
    }

    pub fn later(&mut self, delay: u64, happening: Happening) {
        self.at(self.time + delay, happening);
    }

    fn at(&mut self, time: u64, happening: Happening) {
        self.queued += 1;
        self.queue.insert((time, self.queued), happening);
    }

    /// Schedules an arrival, in order, after some latency: `to` is 0 for the hub, 1 for the client.
    pub fn travel(&mut self, id: SocketId, to: usize, happening: Happening) {
        let latency =
            if self.setting.latency == 0 { 0 } else { self.rng.u64(..self.setting.latency) };
        let socket = &mut self.sockets[id];
        let arrival = (self.time + latency).max(socket.arrival[to]);
        socket.arrival[to] = arrival;
        self.at(arrival, happening);
    }

    /// Lets time pass, at most until a condition is true.
    pub fn run_until(&mut self, end: u64, mut enough: impl FnMut(&Self) -> bool) {
        self.turn();
        loop {
            if enough(self) {
                return;
            }
            let timer = self.client.next_timeout().map(|at| {
                let due = Instant::from_millis(0).millis_until(at) + self.standstill;
                due + self.lateness
            });
            let next = self.queue.keys().next().map(|(time, _)| *time);
            // Nothing that waits to be read is overdue.
            let is_timer = match (timer, next) {
                (Some(timer), Some(next)) => timer.max(self.time) < next,
                (Some(_), None) => true,
                _ => false,
            };
            let Some(time) = (if is_timer { timer } else { next }).filter(|time| *time <= end)
            else {
                break;
            };
            self.time = self.time.max(time);
            if is_timer {
                let now = self.now();
                self.client.handle_timeout(now);
                self.turn();
                self.check_nothing_is_overdue();
            } else if let Some((_, happening)) = self.queue.pop_first() {
                self.happen(happening);
                self.turn();
            }
        }
        self.time = self.time.max(end);
    }

    /// The client closes a connection on which it has read malformed data.
    pub fn check_socket(&self) {
        let broken = self
            .socket
            .is_some_and(|id| self.sockets[id].wire.is_broken && !self.sockets[id].is_closing);
        assert!(!broken, "the client goes on after what it cannot understand");
    }

    /// The client must request to be woken in time.
    pub fn check_timer(&mut self) {
        let Some(deadline) = self.deadline() else { return };
        let due = self.client.next_timeout();
        let due = due.map(|at| Instant::from_millis(0).millis_until(at));
        let late = self.monotonic().max(deadline);
        assert!(due.is_some_and(|due| due <= late), "due at {deadline}, woken at {due:?}");
    }

    /// Its timers have fired: nothing that was due is left undone.
    fn check_nothing_is_overdue(&mut self) {
        let deadline = self.deadline();
        let now = self.monotonic();
        assert!(
            deadline.is_none_or(|deadline| now <= deadline),
            "{deadline:?} has passed by {now}"
        );
    }

    fn deadline(&self) -> Option<u64> {
        let Setting { keep_alive, operation_timeout, .. } = self.setting;
        let of_wire = self.socket.and_then(|id| {
            let wire = &self.sockets[id].wire;
            wire.deadline(keep_alive, operation_timeout, &self.application)
        });
        [of_wire, self.pace.deadline()].into_iter().flatten().min()
    }

    pub fn is_connected(&self) -> bool {
        self.client.connection_state() == ConnectionState::Connected
    }
}
