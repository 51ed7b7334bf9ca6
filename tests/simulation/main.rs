//! The simulation, as CI runs it. `examples/simulate.rs` runs more of it, and shows one schedule.

mod sim;

/// How many schedules are run.
const SEEDS: u64 = 10_000;

#[test]
fn no_schedule_shows_what_must_never_happen() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    match sim::run_all(0..SEEDS, threads, |_| ()) {
        Ok(tally) => println!("{tally}"),
        Err(run) => panic!("\n{}", run.story()),
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in (0..SEEDS).step_by(97) {
        let (first, second) = (sim::run(seed).story(), sim::run(seed).story());
        assert!(first == second, "seed {seed} tells two stories:\n{first}\n\n{second}");
    }
}
