//! One schedule: clients and meta servers in one thread, over streams in memory and under a
//! simulated clock, everything drawn from one seed. What happened is written down, and held
//! against what must never happen.

mod actors;
mod check;
mod check_add;
mod check_change;
mod check_server;
mod faults;
mod plan;
mod raw;
mod streams;
mod tally;
mod trace;
mod truth;
mod world;

pub(crate) use tally::Tally;

use plan::Plan;
use trace::Log;

/// What became of one schedule.
pub(crate) struct Run {
    /// The seed that it was drawn from.
    pub(crate) seed: u64,
    /// What must never happen and did, in words.
    pub(crate) violations: Vec<String>,
    plan: Plan,
    log: Log,
}

impl Run {
    /// The plan, what happened, and what is wrong with it, for a person to read.
    pub(crate) fn story(&self) -> String {
        let mut story = format!("{}\n", self.plan);
        self.log.write(&mut story);
        for violation in &self.violations {
            story.push_str(&format!("\nVIOLATED  {violation}"));
        }
        story.push_str(&format!("\n\nseed {}; to repeat it:\n  {}\n", self.seed, repeat(self.seed)));
        story
    }

    /// Counts what it was made of and how its calls ended.
    pub(crate) fn count(&self, tally: &mut Tally) {
        tally.count(&self.plan, &self.log);
    }
}

/// The command that runs one seed and shows its story.
fn repeat(seed: u64) -> String {
    format!("cargo run --release --features server --example simulate -- --story {seed}")
}

/// Runs the schedule of a seed.
pub(crate) fn run(seed: u64) -> Run {
    let plan = Plan::draw(seed);
    let (log, remains) = world::run(&plan);
    let violations = check::check(&plan, &log, remains);
    Run { seed, violations, plan, log }
}

/// Runs every seed of a range on that many threads, until one fails or all are done.
pub(crate) fn run_all(
    seeds: std::ops::Range<u64>,
    threads: usize,
    progress: impl Fn(u64) + Sync,
) -> Result<Tally, Box<Run>> {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    /// Seeds that a thread takes at a time.
    const AT_ONCE: u64 = 64;
    let next = AtomicU64::new(seeds.start);
    let failed: Mutex<Option<Box<Run>>> = Mutex::new(None);
    let stop = AtomicBool::new(false);
    let tally = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut own = Tally::default();
                while !stop.load(Ordering::Relaxed) {
                    let first = next.fetch_add(AT_ONCE, Ordering::Relaxed);
                    if first >= seeds.end {
                        break;
                    }
                    for seed in first..(first + AT_ONCE).min(seeds.end) {
                        let done = run(seed);
                        done.count(&mut own);
                        if !done.violations.is_empty() {
                            stop.store(true, Ordering::Relaxed);
                            let mut failed = failed.lock().unwrap();
                            // The lowest seed, whichever thread was first.
                            if failed.as_ref().is_none_or(|known| seed < known.seed) {
                                *failed = Some(Box::new(done));
                            }
                            break;
                        }
                    }
                    progress((first + AT_ONCE).min(seeds.end) - seeds.start);
                }
                tally.lock().unwrap().add(&own);
            });
        }
    });
    match failed.into_inner().unwrap() {
        Some(run) => Err(run),
        None => Ok(tally.into_inner().unwrap()),
    }
}
