//! One schedule: clients and meta servers in one thread, over streams in memory and under a
//! simulated clock, everything drawn from one seed. What happened is written down, and held
//! against what must never happen.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::plan::Plan;
use super::tally::Tally;
use super::trace::Log;
use super::{check, world};

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
        story.push_str(&format!(
            "\n\nseed {}; to repeat it:\n  {}\n",
            self.seed,
            repeat(self.seed)
        ));
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

/// What became of many.
#[derive(Default)]
pub(crate) struct Runs {
    /// What they were made of.
    pub(crate) tally: Tally,
    /// Those that failed, by seed.
    pub(crate) failed: BTreeMap<u64, Run>,
}

/// Runs every seed of a range on that many threads, until so many have failed or all are done.
pub(crate) fn run_all(
    seeds: Range<u64>,
    threads: usize,
    failures: usize,
    progress: impl Fn(u64) + Sync,
) -> Runs {
    /// Seeds that a thread takes at a time.
    const AT_ONCE: u64 = 64;
    let next = AtomicU64::new(seeds.start);
    let runs = Mutex::new(Runs::default());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut own = Tally::default();
                loop {
                    let first = next.fetch_add(AT_ONCE, Ordering::Relaxed);
                    if first >= seeds.end || runs.lock().unwrap().failed.len() >= failures {
                        break;
                    }
                    for seed in first..(first + AT_ONCE).min(seeds.end) {
                        let done = run(seed);
                        done.count(&mut own);
                        if !done.violations.is_empty() {
                            runs.lock().unwrap().failed.insert(seed, done);
                        }
                    }
                    progress((first + AT_ONCE).min(seeds.end) - seeds.start);
                }
                runs.lock().unwrap().tally.add(&own);
            });
        }
    });
    runs.into_inner().unwrap()
}
