//! The entry points of `fuzzing`, under generated input: a short run of what `fuzz/` does for
//! hours. A case is identified by its seed.

use std::fs;
use std::path::Path;

use crate::fuzzing;

const CASES: u64 = 10_000;

/// splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn bytes(&mut self, limit: usize) -> Vec<u8> {
        (0..self.below(limit)).map(|_| self.byte()).collect()
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Names the case that fails, and what it was.
struct Case {
    number: u64,
    input: Vec<u8>,
}

impl Drop for Case {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("case {} was b\"{}\"", self.number, self.input.escape_ascii());
        }
    }
}

fn run(target: &str, entry: fn(&[u8])) {
    let seeds = seeds(target);
    for number in 0..CASES {
        let input = input(&mut Random(number), &seeds);
        entry(&Case { number, input }.input);
    }
}

/// The seeds, with which libFuzzer starts, too.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let Ok(files) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

/// A seed with some changes, or random bytes.
fn input(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    if seeds.is_empty() || random.below(8) == 0 {
        return random.bytes(600);
    }
    let mut input = random.pick(seeds).clone();
    for _ in 0..random.below(6) {
        change(&mut input, random, seeds);
    }
    input
}

fn change(input: &mut Vec<u8>, random: &mut Random, seeds: &[Vec<u8>]) {
    let at = random.below(input.len() + 1);
    let end = at + random.below(input.len() - at + 1);
    match random.below(6) {
        // From a seed: a byte that has a meaning there.
        0 => {
            let seed = random.pick(seeds);
            input.insert(at, *random.pick(seed));
        }
        1 => input.truncate(at),
        2 => drop(input.drain(at..end)),
        3 => input.extend_from_within(at..end),
        4 => input.extend(random.pick(seeds)),
        _ => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
    }
}

#[test]
fn frames_cut_anyhow_hold_the_same_packets() {
    run("frames", fuzzing::frames);
}

#[test]
fn a_topic_is_what_its_parts_say() {
    run("topics", fuzzing::topics);
}

#[test]
fn a_property_bag_says_the_same_when_it_is_written_again() {
    run("property_bag", fuzzing::property_bag);
}

#[test]
fn a_connection_string_is_read_or_refused_without_showing_secrets() {
    run("connection_string", fuzzing::connection_string);
}

#[test]
fn a_sas_token_is_kept_to_the_letter_and_never_shown() {
    run("sas_token", fuzzing::sas_token);
}

#[test]
fn json_is_what_another_implementation_takes_for_json() {
    run("json", fuzzing::json);
}

#[test]
fn no_sequence_of_inputs_makes_the_client_panic_hang_or_lose_a_call() {
    run("machine", fuzzing::machine);
}
