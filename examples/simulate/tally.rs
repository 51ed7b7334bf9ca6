//! Counts the contents of schedules and the results of their calls, so that a simulation that no
//! longer covers the interesting cases fails.

use std::collections::BTreeMap;
use std::fmt;

use pegasus_dup::server::{Behaviour, Event};
use pegasus_dup::{Change, Outcome, Removal};

use super::check_fleet::words;
use super::plan::{Plan, Who};
use super::run::Subject;
use super::trace::{Ended, Line, Log};

/// The name under which the adds of all behaviours are counted.
const ALL: &str = "all";
/// The word for a drop of a table.
const DROP: &str = "drop";
/// The word for a recall of a table.
const RECALL: &str = "recall";

/// The word for an apply of a fleet.
const APPLY: &str = "apply";

/// The faults and events that must not be rare. The last one concerns duplications only.
const MISHAPS: [&str; 19] = [
    "drop-reply",
    "close-before",
    "close-after",
    "delay",
    "hold",
    "slow-store",
    "fail-store",
    "answer-twice",
    "another-seqid",
    "refuse",
    "change-leader",
    "change-leader-after",
    "crash-before-store",
    "crash-after-store",
    "a crash",
    "a new leader",
    "an early leader",
    "a stale leader",
    "a race that ends freezed",
];

/// The counts, by name.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) schedules: u64,
    /// The results of adds, by the behaviour of the first server.
    pub(crate) adds: BTreeMap<String, u64>,
    /// The results of creates of tables, by the behaviour of the first server.
    pub(crate) creates: BTreeMap<String, u64>,
    /// The results of the duplications of fleets.
    pub(crate) items: BTreeMap<String, u64>,
    /// The results of changes.
    pub(crate) changes: BTreeMap<String, u64>,
    /// The faults that requests met, and the events of the group.
    pub(crate) mishaps: BTreeMap<String, u64>,
}

impl Tally {
    pub(crate) fn count(&mut self, plan: &Plan, log: &Log) {
        let mut more = |map: fn(&mut Tally) -> &mut BTreeMap<String, u64>, name: String| {
            *map(self).entry(name).or_default() += 1;
        };
        for written in &log.lines {
            match &written.line {
                Line::Ends { call, how } => {
                    if plan.actors[log.calls[*call].who].who == Who::Raw {
                        continue;
                    }
                    let first = plan.behaviours[0];
                    let word = word(how);
                    match how {
                        Ended::Add(_) => {
                            more(|tally| &mut tally.adds, format!("{:<12} {word}", first.name()));
                            more(|tally| &mut tally.adds, format!("{ALL:<12} {word}"));
                        }
                        Ended::Created(_) => {
                            more(
                                |tally| &mut tally.creates,
                                format!("{:<12} {word}", first.name()),
                            );
                            more(|tally| &mut tally.creates, format!("{ALL:<12} {word}"));
                        }
                        Ended::Dropped(_) | Ended::Recalled(_) => {
                            let call = if matches!(how, Ended::Dropped(_)) { DROP } else { RECALL };
                            more(|tally| &mut tally.changes, format!("{call:<12} {word}"));
                        }
                        Ended::Applied(result) => {
                            more(|tally| &mut tally.changes, format!("{APPLY:<12} {word}"));
                            let results = result.iter().flat_map(|result| words(&result.1));
                            for (word, count) in results {
                                for _ in 0..count {
                                    more(|tally| &mut tally.items, word.clone());
                                }
                            }
                        }
                        Ended::GaveUp
                        | Ended::Change(_)
                        | Ended::Removal(_)
                        | Ended::Queried(_)
                        | Ended::Raw(_) => more(|tally| &mut tally.changes, word),
                    }
                }
                Line::Server { event, .. } => match event {
                    Event::Request { fault: Some(fault), .. } => {
                        let fault = fault.to_string();
                        let word = fault.split(':').next().unwrap_or_default().to_owned();
                        more(|tally| &mut tally.mishaps, word);
                    }
                    Event::Crashed => more(|tally| &mut tally.mishaps, "a crash".to_owned()),
                    Event::Leads { read_back } => {
                        let word = if *read_back { "a new leader" } else { "an early leader" };
                        more(|tally| &mut tally.mishaps, word.to_owned());
                    }
                    Event::WouldHaveDied { .. } => {
                        more(|tally| &mut tally.mishaps, "a race that ends freezed".to_owned());
                    }
                    _ => {}
                },
                Line::Stale { .. } => {
                    more(|tally| &mut tally.mishaps, "a stale leader".to_owned());
                }
                _ => {}
            }
        }
        self.schedules += 1;
    }

    /// Returns the cases that occurred less than `least` times.
    pub(crate) fn rarities(&self, subject: Subject, least: u64) -> Vec<String> {
        match subject {
            Subject::Duplications => self.rare_duplications(least),
            Subject::Tables => self.rare_tables(least),
            Subject::Fleets => self.rare_fleets(least),
        }
    }

    fn rare_tables(&self, least: u64) -> Vec<String> {
        let ends = [
            "AlreadyExists listed_after",
            "AlreadyExists listed_before",
            "AlreadyExists server_said_so",
            "Created appeared_during_call",
            "Created proof_listed",
            "Created server_said_so",
            "error outcome_unknown",
        ];
        let all = ["error busy", "error invalid_argument", "error unavailable", "error timeout"];
        let by_behaviour = Behaviour::ALL.into_iter().flat_map(|behaviour| {
            // Servers of 2.3 do not have ERR_APP_EXIST, and refuse no replica count.
            let has = move |end: &&str| {
                behaviour != Behaviour::Freezed || *end != "AlreadyExists server_said_so"
            };
            ends.into_iter().filter(has).map(move |end| format!("{:<12} {end}", behaviour.name()))
        });
        let all = all.into_iter().map(|end| format!("{ALL:<12} {end}"));
        let drops = [
            "NotFound",
            "Removed appeared_during_call",
            "Removed server_said_so",
            "Removed server_said_so with another table",
            "error busy",
            "error outcome_unknown",
            "error unavailable",
        ];
        let drops = drops.into_iter().map(|end| format!("{DROP:<12} {end}"));
        let recalls = [
            "Changed",
            "Changed with a warning",
            "Unchanged",
            "error invalid_argument",
            "error outcome_unknown",
            "error table_not_found",
            "error unavailable",
            "error unsupported",
            "error wrong_state",
        ];
        let recalls = recalls.into_iter().map(|end| format!("{RECALL:<12} {end}"));
        let adds = [
            "AlreadyExists listed_before",
            "Created appeared_during_call",
            "Created server_said_so",
            "error outcome_unknown",
            "error remote_table_taken",
            "error table_not_found",
        ];
        let adds = adds.into_iter().map(|end| format!("{ALL:<12} {end}"));
        all.chain(by_behaviour)
            .filter_map(|end| rare(&self.creates, &end, least))
            .chain(adds.filter_map(|end| rare(&self.adds, &end, least)))
            .chain(drops.chain(recalls).filter_map(|end| rare(&self.changes, &end, least)))
            .chain(
                MISHAPS[..MISHAPS.len() - 1]
                    .iter()
                    .filter_map(|mishap| rare(&self.mishaps, mishap, least)),
            )
            .collect()
    }

    fn rare_fleets(&self, least: u64) -> Vec<String> {
        let items = [
            "created appeared_during_call [add]",
            "created server_said_so [add]",
            "changed [pause]",
            "changed [set_fail_mode]",
            "changed [start]",
            "differs []",
            "failed []",
            "not_tried []",
            "stale []",
            "unchanged []",
            "unknown []",
        ];
        let ends = ["applied", "applied in part", "error unavailable"];
        let ends = ends.into_iter().map(|end| format!("{APPLY:<12} {end}"));
        let items = items.into_iter().filter_map(|item| rare(&self.items, item, least));
        items.chain(ends.filter_map(|end| rare(&self.changes, &end, least))).collect()
    }

    fn rare_duplications(&self, least: u64) -> Vec<String> {
        let ends = [
            "AlreadyExists listed_after",
            "AlreadyExists listed_before",
            "AlreadyExists server_said_so",
            "Created appeared_during_call",
            "Created server_said_so",
            "error busy",
            "error invalid_argument",
            "error outcome_unknown",
            "error remote_table_taken",
            "error timeout",
            "error unavailable",
            "error unsupported",
        ];
        let changes = ["Changed", "Unchanged", "Removed", "NotFound", "dropped by its caller"];
        let by_behaviour = Behaviour::ALL.into_iter().flat_map(|behaviour| {
            let all = [
                "AlreadyExists listed_before",
                "Created appeared_during_call",
                "error outcome_unknown",
            ];
            all.map(|end| format!("{:<12} {end}", behaviour.name()))
        });
        let rare = |map, name: &str| rare(map, name, least);
        let ends = ends.into_iter().map(|end| format!("{ALL:<12} {end}")).chain(by_behaviour);
        ends.filter_map(|end| rare(&self.adds, &end))
            .chain(changes.into_iter().filter_map(|end| rare(&self.changes, end)))
            .chain(MISHAPS.into_iter().filter_map(|mishap| rare(&self.mishaps, mishap)))
            .collect()
    }

    pub(crate) fn add(&mut self, other: &Tally) {
        self.schedules += other.schedules;
        let maps = [
            (&mut self.adds, &other.adds),
            (&mut self.creates, &other.creates),
            (&mut self.items, &other.items),
            (&mut self.changes, &other.changes),
            (&mut self.mishaps, &other.mishaps),
        ];
        for (own, others) in maps {
            for (name, count) in others {
                *own.entry(name.clone()).or_default() += count;
            }
        }
    }
}

/// Returns the count of a case that occurred less than `least` times.
fn rare(map: &BTreeMap<String, u64>, name: &str, least: u64) -> Option<String> {
    let count = map.get(name).copied().unwrap_or_default();
    (count < least).then(|| format!("{count} of {name:?}"))
}

/// Returns the words for an outcome.
fn outcome_word<T>(outcome: &Outcome<T>) -> String {
    let word = if outcome.created() { "Created" } else { "AlreadyExists" };
    format!("{word} {}", outcome.evidence())
}

fn word(how: &Ended) -> String {
    match how {
        Ended::Add(Ok(outcome)) => outcome_word(outcome),
        Ended::Created(Ok(outcome)) => outcome_word(outcome),
        Ended::Dropped(Ok(Removal::Removed { evidence, warning, .. })) => {
            let moved = warning.as_deref().is_some_and(|words| words.contains("another table"));
            format!("Removed {evidence}{}", if moved { " with another table" } else { "" })
        }
        Ended::Dropped(Ok(Removal::NotFound)) => "NotFound".to_owned(),
        Ended::Recalled(Ok(Change::Changed { warning, .. })) => match warning {
            Some(_) => "Changed with a warning".to_owned(),
            None => "Changed".to_owned(),
        },
        Ended::Recalled(Ok(Change::Unchanged { .. })) => "Unchanged".to_owned(),
        Ended::Change(Ok(Change::Changed { .. })) => "Changed".to_owned(),
        Ended::Change(Ok(Change::Unchanged { .. })) => "Unchanged".to_owned(),
        Ended::Removal(Ok(Removal::Removed { .. })) => "Removed".to_owned(),
        Ended::Removal(Ok(Removal::NotFound)) => "NotFound".to_owned(),
        Ended::Applied(Ok(result)) if result.1.stopped => "applied in part".to_owned(),
        Ended::Applied(Ok(_)) => "applied".to_owned(),
        Ended::Queried(Ok(_)) => "queried".to_owned(),
        Ended::Add(Err(error))
        | Ended::Change(Err(error))
        | Ended::Removal(Err(error))
        | Ended::Created(Err(error))
        | Ended::Dropped(Err(error))
        | Ended::Recalled(Err(error))
        | Ended::Applied(Err(error))
        | Ended::Queried(Err(error)) => format!("error {}", error.kind()),
        Ended::GaveUp => "dropped by its caller".to_owned(),
        Ended::Raw(_) => "without the client".to_owned(),
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} schedules", self.schedules)?;
        for (title, map) in [
            ("adds", &self.adds),
            ("creates of tables", &self.creates),
            ("duplications of fleets", &self.items),
            ("other calls", &self.changes),
            ("mishaps", &self.mishaps),
        ] {
            writeln!(f, "{title}:")?;
            for (name, count) in map {
                writeln!(f, "  {count:>9}  {name}")?;
            }
        }
        Ok(())
    }
}
