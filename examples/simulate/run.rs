//! Runs schedules. In a schedule, clients and meta servers run in one thread, over streams in
//! memory and under a simulated clock, and one seed determines everything. The run is recorded, and
//! the record is checked against the rules.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::plan::Plan;
use super::tally::Tally;
use super::trace::Log;
use super::{check, world};

/// What schedules are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Duplications,
    Tables,
    Fleets,
}

/// The result of one schedule.
pub(crate) struct Run {
    /// The seed of the schedule.
    pub(crate) seed: u64,
    subject: Subject,
    /// The violated rules, in words.
    pub(crate) violations: Vec<String>,
    plan: Plan,
    log: Log,
}

impl Run {
    /// Returns the plan, the record and the violated rules in readable form.
    pub(crate) fn story(&self) -> String {
        let mut story = format!("{}\n", self.plan);
        self.log.write(&mut story);
        for violation in &self.violations {
            story.push_str(&format!("\nVIOLATED  {violation}"));
        }
        story.push_str(&format!(
            "\n\nseed {}; to repeat it:\n  {}\n",
            self.seed,
            repeat(self.subject, self.seed)
        ));
        story
    }

    /// Adds the contents of the schedule and the results of its calls to the tally.
    pub(crate) fn count(&self, tally: &mut Tally) {
        tally.count(&self.plan, &self.log);
    }
}

/// Returns the command that runs one seed and prints its story.
fn repeat(subject: Subject, seed: u64) -> String {
    let option = match subject {
        Subject::Duplications => "",
        Subject::Tables => "--tables ",
        Subject::Fleets => "--fleets ",
    };
    format!(
        "cargo run --release --features server,fleet --example simulate -- {option}--story {seed}"
    )
}

/// Runs the schedule of a seed.
pub(crate) fn run(subject: Subject, seed: u64) -> Run {
    let plan = match subject {
        Subject::Duplications => Plan::draw(seed),
        Subject::Tables => Plan::draw_tables(seed),
        Subject::Fleets => Plan::draw_fleets(seed),
    };
    let (log, remains) = world::run(&plan);
    let violations = check::check(&plan, &log, remains);
    Run { seed, subject, violations, plan, log }
}

/// The results of many schedules.
#[derive(Default)]
pub(crate) struct Runs {
    /// The contents of the schedules and the results of their calls.
    pub(crate) tally: Tally,
    /// The schedules that failed, by seed.
    pub(crate) failed: BTreeMap<u64, Run>,
}

/// Runs every seed of a range on `threads` threads, until `failures` schedules have failed or all
/// are done.
pub(crate) fn run_all(
    subject: Subject,
    seeds: Range<u64>,
    threads: usize,
    failures: usize,
    progress: impl Fn(u64) + Sync,
) -> Runs {
    /// The number of seeds that a thread takes at a time.
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
                        let done = run(subject, seed);
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
