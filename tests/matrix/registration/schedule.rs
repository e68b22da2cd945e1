//! A schedule: calls and withdrawals at random times, then a good day.

use super::faults::Tally;
use super::world::World;

/// What a schedule did.
#[derive(Clone, Debug, Default)]
pub struct Played {
    pub tally: Tally,
    pub calls: u64,
    pub assigned: u64,
}

impl Played {
    pub fn add(&mut self, other: &Self) {
        self.tally.add(&other.tally);
        self.calls += other.calls;
        self.assigned += other.assigned;
    }
}

/// Longer than any pause, timeout and attempt together.
const LONG: u64 = 3_600_000;

/// Plays the schedule of a seed.
///
/// # Panics
///
/// When an invariant is broken.
pub fn play(seed: u64, traced: bool) -> Played {
    let mut world = World::new(seed, traced);
    for _ in 0..world.line.rng.u32(1..8) {
        match world.line.rng.u32(..10) {
            0 if world.is_running() => world.withdraw(),
            1 => world.online(),
            2 => {
                let millis = world.line.rng.u64(1_000..100_000);
                world.sleep(millis);
            }
            _ => {
                let timeout = world.line.rng.u64(1..200_000);
                let timeout = (world.line.rng.u32(..5) > 0).then_some(timeout);
                world.register(timeout);
            }
        }
        let pause = world.line.rng.u64(..60_000);
        let until_rest = world.line.rng.bool();
        world.run(world.line.time + pause, until_rest);
    }
    // From now on, nothing goes wrong. A registration that never ends continues.
    world.line.fault_rate = 0;
    world.run(world.line.time + LONG, true);
    if world.is_running() {
        world.withdraw();
    }
    let before = world.assigned;
    world.register(Some(120_000));
    world.run(world.line.time + 120_000, true);
    assert_eq!(world.assigned, before + 1, "a registration fails though nothing goes wrong");
    // Nothing follows.
    world.run(world.line.time + LONG, false);
    Played { tally: world.line.tally, calls: world.calls, assigned: world.assigned }
}
