//! Draws a schedule of tables from its seed: clients create tables of the same name and add duplications to
//! that name, while other actors drop, recall and rename tables.

use std::collections::BTreeMap;
use std::fmt;

use fastrand::Rng;
use pegasus_dup::server::store::TableRecord;
use pegasus_dup::server::{Behaviour, ClockMode};
use pegasus_dup::{DuplicationSpec, TableSpec};

use super::faults;
use super::plan::{
    Actor, Before, CLUSTER, OTHER_CLUSTER, Plan, SAFE, Step, What, Who, chance, draw_happening,
    draw_lag, draw_timeout, pick,
};

/// The name that nearly all steps use.
pub(crate) const MADE: &str = "made";
/// The name that tables get and lose by renames.
pub(crate) const MOVED: &str = "moved";

/// A step of an actor that concerns tables.
#[derive(Debug, Clone)]
pub(crate) enum TableStep {
    Create(TableSpec),
    Drop(&'static str),
    /// Renames the first table to the second name.
    Rename(&'static str, &'static str),
    /// Recalls the table with this id.
    RecallById {
        id: i32,
        name: Option<&'static str>,
    },
    /// Recalls the dropped table with the highest or the lowest id, and gives it this name.
    Recall {
        newest: bool,
        name: &'static str,
    },
}

impl fmt::Display for TableStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TableStep::Create(spec) => write!(
                f,
                "create {} with {} partitions, {} replicas, envs {:?}, proof {}",
                spec.table,
                spec.partition_count,
                spec.replica_count,
                spec.envs,
                spec.prove_authorship
            ),
            other => write!(f, "{other:?}"),
        }
    }
}

impl Plan {
    /// Draws the schedule of a seed.
    pub(crate) fn draw_tables(seed: u64) -> Plan {
        let mut rng = Rng::with_seed(seed);
        let rng = &mut rng;
        let calm = chance(rng, 6);
        let metas = if calm { 1 } else { pick(rng, &[1, 1, 1, 2, 2, 3]) };
        let first = pick(rng, &Behaviour::ALL);
        let second = if chance(rng, 30) { pick(rng, &Behaviour::ALL) } else { first };
        let mut rules = vec![Vec::new(); metas];
        let mut events = Vec::new();
        if !calm {
            for _ in 0..pick(rng, &[0, 1, 1, 2, 3]) {
                rules[rng.usize(..metas)].push(faults::draw_for_tables(rng));
            }
            for _ in 0..pick(rng, &[0, 0, 0, 1, 1, 2]) {
                events.push((rng.u64(..6_000), draw_happening(rng, metas)));
            }
            events.sort_by_key(|(ms, _)| *ms);
        }
        let clients = if calm { 1 } else { rng.usize(1..=4) };
        let together = chance(rng, 40);
        let mut actors: Vec<Actor> =
            (0..clients).map(|_| draw_client(rng, calm, together)).collect();
        if !calm && chance(rng, 60) {
            actors.push(draw_mover(rng));
        }
        let wall_ms = 1_795_000_000_000 + rng.i64(0..1_000);
        let mut plan = Plan {
            seed,
            behaviours: (0..metas).map(|meta| if meta == 0 { first } else { second }).collect(),
            clock: pick(rng, &[ClockMode::Stopped, ClockMode::Real, ClockMode::Fast]),
            wall_ms,
            before: Before::Nothing,
            tables: draw_tables(rng, wall_ms / 1_000),
            records: Vec::new(),
            replica_servers: Some(3),
            rules,
            events,
            actors,
            tells_version: true,
            by_name: chance(rng, 20),
        };
        // Nothing may be drawn after this, so that the schedules without adds stay as they are.
        if !calm && chance(rng, 50) {
            plan.draw_adds(rng);
        }
        plan
    }

    /// Draws clients that add duplications, the tables and the faults that they meet, and another actor
    /// that moves the names meanwhile.
    fn draw_adds(&mut self, rng: &mut Rng) {
        for _ in 0..pick(rng, &[0, 1, 1, 2]) {
            let meta = rng.usize(..self.rules.len());
            self.rules[meta].push(faults::draw(rng));
        }
        let now = self.wall_ms / 1_000;
        for (id, name) in [(5, MADE), (6, MOVED)] {
            let live = self.tables.iter().any(|table| table.name == name && !table.dropped);
            if !live && chance(rng, 70) {
                self.tables.push(draw_table(rng, now, id, name, false));
            }
        }
        for _ in 0..pick(rng, &[1, 1, 2, 3]) {
            self.actors.push(draw_adder(rng));
        }
        self.actors.push(draw_mover(rng));
        if chance(rng, 20) {
            self.draw_swap(rng);
        }
    }

    /// Makes a name move during an add whose response is lost or late, to a table that already has such a
    /// duplication.
    fn draw_swap(&mut self, rng: &mut Rng) {
        let fault =
            pick(rng, &["drop-reply", "close-after", "close-before", "delay:900", "hold:300"]);
        self.rules[0].push(format!("add#2={fault}").parse().expect("a rule"));
        let step = |after_ms, what| Step { after_ms, what, timeout_ms: 5_000, give_up_ms: None };
        let add = |table, remote_table: Option<&str>| {
            let remote_table = remote_table.map(str::to_owned);
            What::Add(DuplicationSpec { remote_table, ..DuplicationSpec::new(table, CLUSTER) })
        };
        let at_ms = rng.u64(100..1_000);
        let timeout_ms = draw_timeout(rng);
        self.tables = vec![
            draw_table(rng, self.wall_ms / 1_000, 3, MADE, false),
            draw_table(rng, self.wall_ms / 1_000, 4, MOVED, false),
        ];
        self.actors = vec![
            Actor {
                lag_ms: (0, 0),
                who: Who::Raw,
                steps: vec![
                    step(1, add(MOVED, pick(rng, &[None, Some(MADE)]))),
                    step(at_ms, What::Table(TableStep::Drop(MADE))),
                    step(1, What::Table(TableStep::Rename(MOVED, MADE))),
                ],
            },
            Actor {
                lag_ms: (rng.u64(..40), rng.u64(..40)),
                who: SAFE,
                steps: vec![Step { timeout_ms, ..step(at_ms - rng.u64(..100), add(MADE, None)) }],
            },
        ];
    }
}

/// Draws a table that exists before the actors start.
fn draw_table(rng: &mut Rng, now: i64, id: i32, name: &str, dropped: bool) -> TableRecord {
    TableRecord {
        id,
        name: name.to_owned(),
        partitions: pick(rng, &[8, 8, 4]),
        replicas: pick(rng, &[3, 3, 2]),
        create_second: now - 900,
        init_partitions: Some(8),
        envs: draw_envs(rng),
        dropped,
        drop_second: if dropped { now - 500 } else { 0 },
        expire_second: if dropped { now + 500_000 } else { 0 },
        ..TableRecord::default()
    }
}

/// Draws the tables that exist before the actors start, besides those that exist in all schedules.
fn draw_tables(rng: &mut Rng, now: i64) -> Vec<TableRecord> {
    let mut tables = Vec::new();
    if chance(rng, 40) {
        tables.push(draw_table(rng, now, 3, MADE, true));
    }
    match rng.u32(..10) {
        0..3 => tables.push(draw_table(rng, now, 4, MADE, false)),
        3..6 => tables.push(draw_table(rng, now, 4, MOVED, false)),
        _ => {}
    }
    tables
}

fn draw_envs(rng: &mut Rng) -> BTreeMap<String, String> {
    let env = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    match rng.u32(..10) {
        0 => [env("replica.slow_query_threshold", "60")].into(),
        1 => [env("manual_compact.once.trigger_time", "1")].into(),
        2 => [env("business.info", "x"), env("replica.slow_query_threshold", "60")].into(),
        _ => BTreeMap::new(),
    }
}

fn draw_spec(rng: &mut Rng) -> TableSpec {
    TableSpec {
        replica_count: pick(rng, &[3, 3, 3, 3, 3, 2, 4]),
        envs: draw_envs(rng),
        prove_authorship: chance(rng, 30),
        ..TableSpec::new(if chance(rng, 10) { MOVED } else { MADE }, pick(rng, &[8, 8, 8, 8, 8, 4]))
    }
}

fn draw_client(rng: &mut Rng, calm: bool, together: bool) -> Actor {
    let creates = chance(rng, 60);
    let steps = (0..pick(rng, &[1, 1, 2, 3]))
        .map(|index| Step {
            after_ms: match index {
                0 if together || calm => 1,
                0 => rng.u64(1..3_000),
                _ => 1 + pick(rng, &[1, 20, 700, 2_500]),
            },
            what: What::Table(match rng.u32(..10) {
                _ if creates => TableStep::Create(draw_spec(rng)),
                0..7 => TableStep::Drop(pick(rng, &[MADE, MADE, MADE, MOVED])),
                _ => TableStep::RecallById {
                    id: pick(rng, &[3, 3, 4, 5]),
                    name: pick(rng, &[None, Some(MADE), Some(MOVED)]),
                },
            }),
            timeout_ms: if calm { 10_000 } else { draw_timeout(rng) },
            give_up_ms: (!calm && chance(rng, 12))
                .then(|| pick(rng, &[0, 1, 10, 30, 100, 900, 4_000])),
        })
        .collect();
    Actor { lag_ms: draw_lag(rng), who: SAFE, steps }
}

/// Draws a client that adds duplications to the names that the other actors move.
fn draw_adder(rng: &mut Rng) -> Actor {
    let spec = |rng: &mut Rng| DuplicationSpec {
        remote_table: chance(rng, 20).then(|| pick(rng, &["elsewhere", MADE]).to_owned()),
        remote_replica_count: chance(rng, 10).then(|| pick(rng, &[3, 5])),
        checkpoint: chance(rng, 15),
        ..DuplicationSpec::new(
            pick(rng, &[MADE, MADE, MADE, MOVED]),
            pick(rng, &[CLUSTER, CLUSTER, CLUSTER, OTHER_CLUSTER]),
        )
    };
    let steps = (0..pick(rng, &[1, 2, 2, 3, 4]))
        .map(|_| Step {
            after_ms: 1 + pick(rng, &[1, 30, 300, 1_000, 2_500]),
            what: What::Add(spec(rng)),
            timeout_ms: draw_timeout(rng),
            give_up_ms: chance(rng, 8).then(|| pick(rng, &[1, 30, 900, 4_000])),
        })
        .collect();
    Actor { lag_ms: draw_lag(rng), who: SAFE, steps }
}

/// Draws an actor that moves names from one table to another in the meantime.
fn draw_mover(rng: &mut Rng) -> Actor {
    let steps = (0..rng.usize(1..=6))
        .map(|_| Step {
            after_ms: 1 + pick(rng, &[1, 30, 300, 1_000, 2_500]),
            what: What::Table(match rng.u32(..12) {
                0..4 => TableStep::Drop(MADE),
                4..6 => TableStep::Rename(MADE, MOVED),
                6..8 => TableStep::Rename(MOVED, MADE),
                8..11 => TableStep::Recall {
                    newest: chance(rng, 50),
                    name: pick(rng, &[MADE, MADE, MOVED]),
                },
                _ => TableStep::Create(draw_spec(rng)),
            }),
            timeout_ms: draw_timeout(rng),
            give_up_ms: None,
        })
        .collect();
    Actor { lag_ms: draw_lag(rng), who: Who::Raw, steps }
}
