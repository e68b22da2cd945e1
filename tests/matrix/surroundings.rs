//! What goes wrong around the client: connections that end, clocks, timers, notifications of the
//! platform.

use iothub_device_client::protocol::{ConnectionState, Input};

use crate::faults::{AROUND, Fault, Step};
use crate::world::{Happening, World};

impl World {
    /// Something goes wrong that is not related to a packet.
    pub fn bad_luck(&mut self) {
        if self.setting.fault_rate == 0 {
            return;
        }
        match self.rng.u32(..7) {
            0 | 1 => {
                if let Some(id) = self.live_socket() {
                    self.note(Step::Idle, Fault::CloseAfter);
                    self.hub_closes(id);
                }
            }
            2 => {
                self.note(Step::Idle, Fault::ClockSet);
                self.clock_jumps();
                let limit = [5_000, 600_000, 90_000_000][self.rng.usize(..3)];
                self.skew = self.rng.i64(-limit..limit);
            }
            3 => self.sleep(),
            4 => {
                self.note(Step::Idle, Fault::Throttled);
                self.lateness = [1_000, 20_000, 60_000][self.rng.usize(..3)];
                let until = self.rng.u64(..300_000);
                self.later(until, Happening::TimersOnTime);
            }
            _ => {
                let fault = AROUND[self.rng.usize(..AROUND.len())];
                self.note(Step::Idle, fault);
                self.later(0, Happening::Around(fault));
            }
        }
    }

    fn sleep(&mut self) {
        self.note(Step::Idle, Fault::Sleep);
        self.clock_jumps();
        self.turn();
        let limit = [3_000, 100_000, 5_000_000][self.rng.usize(..3)];
        let slept = self.rng.u64(..limit);
        self.time += slept;
        if self.rng.bool() {
            self.standstill += slept;
        }
    }

    /// Gives the client a reason to doubt whether its connection is alive.
    pub fn clock_jumps(&mut self) {
        self.pace.clock_jumped();
        if let Some(id) = self.socket {
            self.sockets[id].wire.clock_jumped();
        }
    }

    /// One of [`AROUND`] happens; on the good day only the harmless ones.
    pub fn happen_around(&mut self, fault: Fault) {
        match fault {
            _ if !self.faulty && fault != Fault::Online => {}
            Fault::Offline => {
                self.doubt();
                self.pace.offline(self.monotonic());
                // Some platforms never report that they are online again.
                if self.rng.u32(..4) != 0 {
                    let lasts = self.rng.u64(..200_000);
                    self.later(lasts, Happening::Around(Fault::Online));
                }
                self.input(Input::Offline);
            }
            Fault::Online => {
                self.doubt();
                self.pace.online();
                self.input(Input::Online);
            }
            Fault::Replaced => self.replace(),
            _ => {
                self.room = [0, 1][self.rng.usize(..2)];
                let lasts = self.rng.u64(..100_000);
                self.later(lasts, Happening::RoomAgain);
            }
        }
    }

    /// A client that is connected or connecting checks whether the connection is alive.
    fn doubt(&mut self) {
        let now = self.monotonic();
        if let Some(id) = self.socket {
            self.sockets[id].wire.doubted(now);
        }
    }

    fn replace(&mut self) {
        let has_any = self.client.connection_state() != ConnectionState::Disconnected;
        self.application.replaced |= has_any;
        self.application.is_away |= has_any;
        self.input(Input::Replaced);
        let state = self.client.connection_state();
        assert_eq!(state, ConnectionState::Disconnected, "it goes on after it was replaced");
    }
}
