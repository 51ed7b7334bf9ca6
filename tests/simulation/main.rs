//! The simulation, as CI runs it. `examples/simulate.rs` runs more of it, and shows one schedule.

mod sim;

/// How many schedules are run.
const SEEDS: u64 = 10_000;

#[test]
fn no_schedule_shows_what_must_never_happen() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let runs = sim::run_all(0..SEEDS, threads, 1, |_| ());
    if let Some((_, run)) = runs.failed.first_key_value() {
        panic!("\n{}", run.story());
    }
    println!("{}", runs.tally);
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in (0..SEEDS).step_by(97) {
        let (first, second) = (sim::run(seed).story(), sim::run(seed).story());
        assert!(first == second, "seed {seed} tells two stories:\n{first}\n\n{second}");
    }
}
