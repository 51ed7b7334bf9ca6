//! Runs the simulation: clients and meta servers run in one thread, over streams in memory and
//! under a simulated clock. A seed determines everything. The simulation checks the record of each
//! run against rules that must always hold.
//!
//! ```sh
//! cargo run --release --features server,fleet --example simulate -- --seeds 0..1000000
//! cargo run --release --features server,fleet --example simulate -- --story 4711
//! cargo run --release --features server,fleet --example simulate -- --tables --seeds 0..1000000
//! cargo run --release --features server,fleet --example simulate -- --fleets --seeds 0..100000
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod actors;
mod check;
mod check_add;
mod check_add_moving;
mod check_change;
mod check_compared;
mod check_drop;
mod check_fleet;
mod check_server;
mod check_table;
mod faults;
mod plan;
mod plan_fleet;
mod plan_table;
mod raw;
mod run;
mod streams;
mod tally;
#[cfg(test)]
mod tests;
mod trace;
mod truth;
mod world;

use std::ops::Range;
use std::process::ExitCode;
use std::time::Instant;

use run::Subject;

const USAGE: &str =
    "simulate [--tables | --fleets] [--threads N] [--failures N] --seeds FROM..TO | --story SEED";

/// The requested task.
enum Task {
    Seeds(Range<u64>),
    Story(u64),
}

struct Arguments {
    subject: Subject,
    task: Task,
    threads: usize,
    /// The number of failures after which to stop.
    failures: usize,
}

fn main() -> ExitCode {
    let Some(Arguments { subject, task, threads, failures }) = arguments(std::env::args().skip(1))
    else {
        eprintln!("usage: {USAGE}");
        return ExitCode::from(2);
    };
    match task {
        Task::Story(seed) => {
            let run = run::run(subject, seed);
            println!("{}", run.story());
            if run.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Task::Seeds(seeds) => run_seeds(subject, seeds, threads, failures),
    }
}

fn arguments(mut given: impl Iterator<Item = String>) -> Option<Arguments> {
    let mut threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut failures = 1;
    let mut task = None;
    let mut subject = Subject::Duplications;
    while let Some(option) = given.next() {
        if option == "--tables" {
            subject = Subject::Tables;
            continue;
        }
        if option == "--fleets" {
            subject = Subject::Fleets;
            continue;
        }
        let value = given.next()?;
        match option.as_str() {
            "--threads" => threads = value.parse().ok().filter(|&count| count > 0)?,
            "--failures" => failures = value.parse().ok()?,
            "--story" => task = Some(Task::Story(value.parse().ok()?)),
            "--seeds" => {
                let (from, to) = value.split_once("..")?;
                task = Some(Task::Seeds(from.parse().ok()?..to.parse().ok()?));
            }
            _ => return None,
        }
    }
    Some(Arguments { subject, task: task?, threads, failures })
}

#[allow(clippy::disallowed_methods)] // prints how long the run takes in real time
fn run_seeds(subject: Subject, seeds: Range<u64>, threads: usize, failures: usize) -> ExitCode {
    let began = Instant::now();
    let count = seeds.end.saturating_sub(seeds.start);
    let progress = |done: u64| {
        if done.is_multiple_of(51_200) {
            let seconds = began.elapsed().as_secs_f64();
            eprintln!("{done} of {count}, {:.0} a second", done as f64 / seconds);
        }
    };
    let runs = run::run_all(subject, seeds, threads, failures, progress);
    let seconds = began.elapsed().as_secs_f64();
    println!("{}", runs.tally);
    println!(
        "{seconds:.0} s, {:.0} schedules a second on {threads} threads",
        runs.tally.schedules as f64 / seconds
    );
    for rare in runs.tally.rarities(subject, runs.tally.schedules / 2_000) {
        println!("rare: {rare}");
    }
    // Prints the first failure in full, and the others in short form.
    let mut failed = runs.failed.into_values();
    let Some(first) = failed.next() else {
        println!("nothing violated");
        return ExitCode::SUCCESS;
    };
    println!("\n{}", first.story());
    for run in failed {
        println!("seed {}: {}", run.seed, run.violations.join("; "));
    }
    ExitCode::FAILURE
}
