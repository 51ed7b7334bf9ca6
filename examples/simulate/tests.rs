//! The part of the simulation that runs with the other tests.

use super::run;

/// The number of schedules.
const SEEDS: u64 = 10_000;

/// Checks that every planted bug is found within `SEEDS` schedules. `RUSTFLAGS="--cfg
/// pegasus_dup_planted"` plants them.
#[cfg(pegasus_dup_planted)]
#[test]
fn every_planted_bug_is_found() {
    use pegasus_dup::client::planted::{ALL, plant};
    let mut missed = Vec::new();
    for bug in ALL {
        let found = (0..SEEDS).find_map(|seed| {
            plant(Some(bug));
            let run = run::run(seed);
            (!run.violations.is_empty()).then_some(run)
        });
        match found {
            Some(run) => println!("{:>6}  {bug:?}: {}", run.seed + 1, run.violations[0]),
            None => missed.push(bug),
        }
    }
    plant(None);
    assert!(missed.is_empty(), "not found within {SEEDS} schedules: {missed:?}");
}

#[test]
fn no_schedule_violates_a_rule() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let runs = run::run_all(0..SEEDS, threads, 1, |_| ());
    if let Some((_, run)) = runs.failed.first_key_value() {
        panic!("\n{}", run.story());
    }
    println!("{}", runs.tally);
    let rare = runs.tally.rarities(SEEDS / 2_000);
    assert!(rare.is_empty(), "the simulation no longer covers these cases: {rare:?}");
}

#[test]
fn the_same_seed_gives_the_same_story() {
    for seed in (0..SEEDS).step_by(97) {
        let (first, second) = (run::run(seed).story(), run::run(seed).story());
        assert!(first == second, "seed {seed} gives two stories:\n{first}\n\n{second}");
    }
}
