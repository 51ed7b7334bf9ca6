//! The part of the simulation that runs with the other tests.

use super::run::{self, Subject};

/// The number of schedules.
const SEEDS: u64 = 10_000;
/// The number of schedules of fleets, each of which has many calls.
const FLEETS: u64 = 3_000;

fn no_schedule_violates_a_rule(subject: Subject, seeds: u64) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let runs = run::run_all(subject, 0..seeds, threads, 1, |_| ());
    if let Some((_, run)) = runs.failed.first_key_value() {
        panic!("\n{}", run.story());
    }
    println!("{}", runs.tally);
    let rare = runs.tally.rarities(subject, seeds / 2_000);
    assert!(rare.is_empty(), "the simulation no longer covers these cases: {rare:?}");
}

#[test]
fn no_schedule_of_duplications_violates_a_rule() {
    no_schedule_violates_a_rule(Subject::Duplications, SEEDS);
}

#[test]
fn no_schedule_of_tables_violates_a_rule() {
    no_schedule_violates_a_rule(Subject::Tables, SEEDS);
}

#[test]
fn no_schedule_of_fleets_violates_a_rule() {
    no_schedule_violates_a_rule(Subject::Fleets, FLEETS);
}

#[test]
fn the_same_seed_gives_the_same_story() {
    for subject in [Subject::Duplications, Subject::Tables, Subject::Fleets] {
        for seed in (0..SEEDS).step_by(97) {
            let story = || run::run(subject, seed).story();
            let (first, second) = (story(), story());
            assert!(first == second, "seed {seed} gives two stories:\n{first}\n\n{second}");
        }
    }
}

/// A patch in `tests/planted` that no longer applies has to be written again for the code as it is now.
#[cfg(unix)]
#[test]
fn every_planted_bug_applies_to_the_source() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/planted-bugs");
    let output = std::process::Command::new(script).arg("--check").output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.lines().count() >= 20, "{text}");
}
