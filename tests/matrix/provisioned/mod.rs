//! The fault matrix of a client that gets its hub from the provisioning service: random schedules of
//! calls, a service that moves the device between two hubs, and faults at every step.

mod calls;
mod registrations;
mod servers;
mod world;

use crate::registration::faults::{Step, Tally};
use crate::registration::line::Arrival;
use calls::Call;
use world::World;

/// What a schedule did.
#[derive(Clone, Debug, Default)]
pub struct Played {
    pub tally: Tally,
    pub calls: u64,
    pub registrations: u64,
}

impl Played {
    pub fn add(&mut self, other: &Self) {
        self.tally.add(&other.tally);
        self.calls += other.calls;
        self.registrations += other.registrations;
    }
}

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
/// Longer than any pause together with any timeout: registrations may be an hour apart.
const LONG: u64 = 3 * HOUR;

/// Plays the schedule of a seed.
///
/// # Panics
///
/// When an invariant is broken.
pub fn play(seed: u64, traced: bool) -> Played {
    let mut world = World::new(seed, traced);
    for _ in 0..world.line.rng.u32(2..12) {
        step(&mut world);
        let longest = [1_000, MINUTE, 10 * MINUTE, 2 * HOUR][world.line.rng.usize(..4)];
        let pause = world.line.rng.u64(..longest);
        world.run(pause);
    }
    if world.line.rng.u32(..4) > 0 {
        good_day(&mut world);
    }
    world.call(Call::Shutdown);
    world.run(MINUTE);
    world.assert_over();
    let registrations = world.registrations.total;
    Played { tally: world.line.tally, calls: world.calls, registrations }
}

fn step(world: &mut World) {
    match world.line.rng.u32(..16) {
        0 => world.call(Call::Disconnect),
        1 => world.withdraw_one(),
        2 | 3 => world.set_offline(!world.is_offline),
        4 => world.move_device(),
        5 => world.line.later(Arrival::Ended),
        6 => world.sleep(),
        7 => world.set_clock(),
        8 => world.line.always = None,
        // From now on, this fault occurs each time.
        9..12 => {
            let step = Step::ALL[world.line.rng.usize(..Step::ALL.len())];
            let fault = step.faults()[world.line.rng.usize(..step.faults().len())];
            world.line.trace(|| format!("always {fault:?} at {step:?}"));
            world.line.always = Some((step, fault));
        }
        12 | 13 => world.call(Call::Connect),
        _ => world.send(),
    }
}

/// Nothing goes wrong from now on.
fn good_day(world: &mut World) {
    world.line.fault_rate = 0;
    world.line.always = None;
    if world.is_offline {
        world.set_offline(false);
    }
    world.run(LONG);
    world.assert_all_settled();
    world.call(Call::Connect);
    world.run(LONG);
    world.send();
    world.run(MINUTE);
    assert!(world.is_connected, "there is no connection though nothing goes wrong");
    world.assert_all_settled();
    let registrations = world.registrations.total;
    world.run(LONG);
    assert_eq!(world.registrations.total, registrations, "a connected device registers");
}
