//! The fault matrix: random schedules of calls, a hub that keeps the truth, and faults at every
//! step, in virtual time. A schedule is a number: its seed. The same invariants hold in all of
//! them; `CONTRIBUTING.md` says how to replay one.
//!
//! - `MATRIX_SCHEDULES`: how many to play
//! - `MATRIX_FIRST`: the seed of the first, default 0
//! - `MATRIX_SEED`: play only this one, and print what happens
//!
//! A fifth as many schedules are played of the registration with the provisioning service, in
//! `registration`, and as many of a client that registers, in `provisioned`; `REGISTRATION_SEED` and
//! `PROVISIONED_SEED` play one of those.

#![cfg(not(target_arch = "wasm32"))]

mod application;
mod faults;
mod good_day;
mod handlers;
mod hub;
mod network;
mod pace;
#[path = "../protocol/packets.rs"]
mod packets;
mod platform;
mod provisioned;
mod registration;
mod schedule;
mod setting;
mod surroundings;
mod wire;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use faults::Tally;
use registration::faults::Step;
use schedule::{Played, play};

const REPLAY: &str = "cargo test --profile core --no-default-features --test matrix";

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a whole number, not {text}")))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(40).map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn no_schedule_breaks_an_invariant() {
    if let Some(seed) = number("MATRIX_SEED") {
        play(seed, true);
        return;
    }
    let schedules = number("MATRIX_SCHEDULES").unwrap_or(500);
    let first = number("MATRIX_FIRST").unwrap_or(0);
    let (played, broken) = play_all(first, schedules, play, Played::add);
    report(schedules, &played, broken.len());
    tell(schedules, &broken, "MATRIX_SEED");
    if schedules >= 100_000 {
        let missing = played.tally.missing();
        assert!(missing.is_empty(), "never met: {missing:?}");
    }
}

#[test]
fn no_schedule_breaks_a_registration() {
    if let Some(seed) = number("REGISTRATION_SEED") {
        registration::play(seed, true);
        return;
    }
    let schedules = number("MATRIX_SCHEDULES").unwrap_or(500) / 5;
    let add = registration::Played::add;
    let (played, broken) = play_all(0, schedules, registration::play, add);
    let registration::Played { tally, calls, assigned } = played;
    println!(
        "ℹ note: {schedules} schedules of registrations, {} faults, {} broke an invariant; \
         {calls} calls, {assigned} of them assigned",
        tally.total(),
        broken.len(),
    );
    tell(schedules, &broken, "REGISTRATION_SEED");
    if schedules >= 20_000 {
        let missing = tally.missing(Step::REGISTRATION);
        assert!(missing.is_empty(), "never met: {missing:?}");
    }
}

#[test]
fn no_schedule_breaks_a_client_that_registers() {
    if let Some(seed) = number("PROVISIONED_SEED") {
        provisioned::play(seed, true);
        return;
    }
    let schedules = number("MATRIX_SCHEDULES").unwrap_or(500);
    let first = number("MATRIX_FIRST").unwrap_or(0);
    let (played, broken) = play_all(first, schedules, provisioned::play, provisioned::Played::add);
    let provisioned::Played { tally, calls, registrations } = played;
    println!(
        "ℹ note: {schedules} schedules of clients that register, {} faults, {} broke an \
         invariant; {calls} calls, {registrations} registrations",
        tally.total(),
        broken.len(),
    );
    tell(schedules, &broken, "PROVISIONED_SEED");
    if schedules >= 20_000 {
        let missing = tally.missing(&Step::ALL);
        assert!(missing.is_empty(), "never met: {missing:?}");
    }
}

#[test]
fn a_seed_produces_the_same_schedule_every_time() {
    for seed in 0..20 {
        let (first, second) = (play(seed, false), play(seed, false));
        assert_eq!(format!("{first:?}"), format!("{second:?}"));
        let (first, second) = (registration::play(seed, false), registration::play(seed, false));
        assert_eq!(format!("{first:?}"), format!("{second:?}"));
        let (first, second) = (provisioned::play(seed, false), provisioned::play(seed, false));
        assert_eq!(format!("{first:?}"), format!("{second:?}"));
    }
}

/// Fails where a schedule has broken an invariant, and says how to see that.
fn tell(schedules: u64, broken: &[(u64, String)], name: &str) {
    for (seed, what) in broken.iter().take(3) {
        println!("schedule {seed}: {what}\n  replay: {name}={seed} {REPLAY} -- --nocapture");
    }
    assert!(broken.is_empty(), "{} of {schedules} schedules broke an invariant", broken.len());
}

/// Plays a number of schedules on all processors. Returns what they did, and which failed.
fn play_all<P: Default + Send>(
    first: u64,
    schedules: u64,
    play: fn(u64, bool) -> P,
    add: fn(&mut P, &P),
) -> (P, Vec<(u64, String)>) {
    // Failures are reported with their seed; the place of the panic says little.
    std::panic::set_hook(Box::new(|_| {}));
    let next = AtomicU64::new(first);
    let work = || {
        let (mut sum, mut broken) = (P::default(), Vec::new());
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + schedules || broken.len() == 3 {
                return (sum, broken);
            }
            match catch_unwind(AssertUnwindSafe(|| play(seed, false))) {
                Ok(played) => add(&mut sum, &played),
                Err(panic) => broken.push((seed, message(panic.as_ref()))),
            }
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let results: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic escapes")).collect()
    });
    let _ = std::panic::take_hook();
    let (mut sum, mut all_broken) = (P::default(), Vec::new());
    for (played, broken) in results {
        add(&mut sum, &played);
        all_broken.extend(broken);
    }
    all_broken.sort();
    (sum, all_broken)
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}

fn report(schedules: u64, played: &Played, broken: usize) {
    let Played { tally, messages, duplicates, connections } = played;
    let met = Tally::combinations() - tally.missing().len();
    println!(
        "ℹ note: {schedules} schedules, {} faults, {broken} broke an invariant; {met} of {} \
         combinations of fault and step; {connections} connections, {messages} messages at the \
         hub, {duplicates} duplicates",
        tally.total(),
        Tally::combinations(),
    );
    println!("ℹ note: {tally}");
}

impl Played {
    fn add(&mut self, other: &Self) {
        self.tally.add(&other.tally);
        self.messages += other.messages;
        self.duplicates += other.duplicates;
        self.connections += other.connections;
    }
}
