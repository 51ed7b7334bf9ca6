//! The part of the simulation that runs with the other tests.

use super::run;

/// How many schedules are run.
const SEEDS: u64 = 10_000;

/// Every bug that can be planted is found within that many schedules. To plant them:
/// `RUSTFLAGS="--cfg pegasus_dup_planted"`.
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
fn no_schedule_shows_what_must_never_happen() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let runs = run::run_all(0..SEEDS, threads, 1, |_| ());
    if let Some((_, run)) = runs.failed.first_key_value() {
        panic!("\n{}", run.story());
    }
    println!("{}", runs.tally);
    let rare = runs.tally.rarities(SEEDS / 2_000);
    assert!(rare.is_empty(), "a simulation that does not meet what it is for: {rare:?}");
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in (0..SEEDS).step_by(97) {
        let (first, second) = (run::run(seed).story(), run::run(seed).story());
        assert!(first == second, "seed {seed} tells two stories:\n{first}\n\n{second}");
    }
}
