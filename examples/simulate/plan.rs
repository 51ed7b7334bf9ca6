//! Draws a schedule from its seed: the servers, the existing duplications, the faults, and which
//! actor does what at which time.

use std::fmt;

use fastrand::Rng;
use pegasus_dup::server::store::{DuplicationRecord, TableRecord};
use pegasus_dup::server::{Behaviour, ClockMode, FaultRule};
use pegasus_dup::{DuplicationSpec, FailMode, Generation, Mode, Status};

use super::faults;
use super::plan_fleet::Apply;
use super::plan_table::TableStep;

/// The table that nearly all steps use.
pub(crate) const TABLE: &str = "temp";
/// A table that may be duplicated to the same remote table.
pub(crate) const OTHER_TABLE: &str = "temp2";
/// The remote cluster.
pub(crate) const CLUSTER: &str = "target";
/// Another remote cluster.
pub(crate) const OTHER_CLUSTER: &str = "target2";

/// The name of a cluster that does not exist. It ends a server of 2.6 that refuses an add with this
/// name.
pub(crate) const BRACES: &str = "tar{get";

/// A schedule.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// The behaviour of each server of the group.
    pub(crate) behaviours: Vec<Behaviour>,
    pub(crate) clock: ClockMode,
    /// The wall time at the beginning, in milliseconds since 1970.
    pub(crate) wall_ms: i64,
    pub(crate) before: Before,
    /// The tables that exist before the actors start, besides those that exist in all schedules.
    pub(crate) tables: Vec<TableRecord>,
    /// More duplications that exist before the actors start, each with the id of its table.
    pub(crate) records: Vec<(i32, DuplicationRecord)>,
    /// The number of replica servers, or `None` for the default of the behaviour.
    pub(crate) replica_servers: Option<usize>,
    /// The fault rules of each server.
    pub(crate) rules: Vec<Vec<FaultRule>>,
    pub(crate) events: Vec<(u64, Happening)>,
    pub(crate) actors: Vec<Actor>,
    pub(crate) tells_version: bool,
    /// Whether the clients know the servers by one name, which has an address for each server.
    pub(crate) by_name: bool,
}

/// The duplications that exist before the actors start.
#[derive(Debug, Clone)]
pub(crate) enum Before {
    Nothing,
    /// A duplication that is still being stored when the other actors start. Its add was sent just
    /// before.
    Init {
        slow_ms: u64,
    },
    /// A duplication of the same table to the same cluster.
    One(Existing),
    /// A duplication of another table to the same remote table of the same cluster.
    OtherTable(Existing),
}

/// A duplication that is stored.
#[derive(Debug, Clone)]
pub(crate) struct Existing {
    pub(crate) status: Status,
    pub(crate) fail_mode: FailMode,
    pub(crate) remote_table: String,
    pub(crate) remote_replica_count: i32,
    pub(crate) age_ms: i64,
}

/// An event of the group at a certain time.
#[derive(Debug, Clone)]
pub(crate) enum Happening {
    Elect {
        leader: Option<usize>,
        early_ms: u64,
        old_stays: bool,
        followers_learn: bool,
    },
    Crash {
        meta: usize,
        after_ms: u64,
    },
    /// The leader is not ready for a while, and then becomes the leader again.
    NotReady {
        code: &'static str,
        for_ms: u64,
        early_ms: u64,
    },
}

/// An actor.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    /// How long bytes take to the server and back.
    pub(crate) lag_ms: (u64, u64),
    pub(crate) who: Who,
    pub(crate) steps: Vec<Step>,
}

/// How an actor sends its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// With the client.
    Client(Mode),
    /// With the client, which states a generation of the servers, correctly or not.
    Stating(Generation),
    /// With bare requests, as other tools do: the actor does not look first.
    Raw,
}

/// An actor with the client in its default mode.
pub(crate) const SAFE: Who = Who::Client(Mode::Safe);

impl Who {
    /// Returns the mode of the adds, or `None` if the actor does not use the client.
    pub(crate) fn mode(self) -> Option<Mode> {
        match self {
            Who::Client(mode) => Some(mode),
            Who::Stating(_) => Some(Mode::Safe),
            Who::Raw => None,
        }
    }
}

/// One step of an actor.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// The time since the previous step.
    pub(crate) after_ms: u64,
    pub(crate) what: What,
    pub(crate) timeout_ms: u64,
    /// The time after which the caller drops the call.
    pub(crate) give_up_ms: Option<u64>,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Add(DuplicationSpec),
    Query,
    Start,
    Pause,
    Remove,
    SetFailMode(FailMode),
    /// Removes the duplication and adds it at once, so that the new duplication may get the same
    /// dupid.
    Replace,
    /// Does something with tables.
    Table(TableStep),
    /// Applies a fleet.
    Apply(Box<Apply>),
}

/// Returns a random element.
pub(crate) fn pick<T: Clone>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(..from.len())].clone()
}

/// Returns true with the given probability.
pub(crate) fn chance(rng: &mut Rng, percent: u32) -> bool {
    rng.u32(..100) < percent
}

impl Plan {
    /// Draws the schedule of a seed.
    pub(crate) fn draw(seed: u64) -> Plan {
        let mut rng = Rng::with_seed(seed);
        let rng = &mut rng;
        let calm = chance(rng, 6);
        let metas = if calm { 1 } else { pick(rng, &[1, 1, 1, 2, 2, 3]) };
        let first = pick(rng, &Behaviour::ALL);
        let second = if chance(rng, 30) { pick(rng, &Behaviour::ALL) } else { first };
        let behaviours: Vec<Behaviour> =
            (0..metas).map(|meta| if meta == 0 { first } else { second }).collect();
        let before = draw_before(rng, first);
        let mut rules: Vec<Vec<FaultRule>> = vec![Vec::new(); metas];
        if let Before::Init { slow_ms } = before {
            rules[0].push(faults::slow_store_of_the_first_add(slow_ms));
        }
        let mut events = Vec::new();
        if !calm {
            for _ in 0..pick(rng, &[0, 1, 1, 2, 3]) {
                let meta = rng.usize(..metas);
                rules[meta].push(faults::draw(rng));
            }
            for _ in 0..pick(rng, &[0, 0, 0, 1, 1, 2]) {
                events.push((rng.u64(..6_000), draw_happening(rng, metas)));
            }
            events.sort_by_key(|(ms, _)| *ms);
        }
        let clients = if calm { 1 } else { rng.usize(1..=5) };
        let together = chance(rng, 40);
        let mut actors: Vec<Actor> =
            (0..clients).map(|_| draw_client(rng, calm, together)).collect();
        if !calm && chance(rng, 45) {
            actors.push(draw_meddler(rng));
        }
        if let Before::Init { .. } = before {
            actors.push(Actor { lag_ms: (0, 0), who: Who::Raw, steps: vec![first_add(rng)] });
        }
        let mut plan = Plan {
            seed,
            behaviours,
            clock: pick(
                rng,
                &[ClockMode::Stopped, ClockMode::Stopped, ClockMode::Real, ClockMode::Fast],
            ),
            wall_ms: 1_795_000_000_000 + rng.i64(0..1_000),
            before,
            tables: Vec::new(),
            records: Vec::new(),
            replica_servers: None,
            rules,
            events,
            actors,
            tells_version: chance(rng, 80),
            by_name: false,
        };
        if !calm && chance(rng, 6) {
            plan.make_hasty(rng, first);
        }
        if chance(rng, 12) {
            let right = chance(rng, 40);
            let stated = if right { first.generation() } else { pick(rng, &Generation::ALL) };
            for actor in plan.actors.iter_mut().filter(|actor| actor.who == SAFE) {
                actor.who = Who::Stating(stated);
            }
        }
        plan.by_name = chance(rng, 30);
        plan
    }

    /// Makes the actors change, remove and add the existing duplication within the second of its
    /// creation, so that the new duplication gets the same dupid.
    fn make_hasty(&mut self, rng: &mut Rng, behaviour: Behaviour) {
        self.wall_ms += 250 - self.wall_ms % 1_000;
        let one = Existing { age_ms: 200, ..draw_existing(rng, behaviour) };
        self.before = Before::One(one);
        let fault =
            pick(rng, &["drop-reply", "close-after", "delay:300", "hold:200", "answer-twice"]);
        self.rules[0].push(format!("modify#1={fault}").parse().expect("a rule"));
        let step =
            |after_ms, what, timeout_ms| Step { after_ms, what, timeout_ms, give_up_ms: None };
        let mode = pick(rng, &[FailMode::Slow, FailMode::Skip]);
        let what = pick(rng, &[What::Remove, What::Pause, What::Start, What::SetFailMode(mode)]);
        self.actors = vec![
            Actor {
                lag_ms: (rng.u64(..60), rng.u64(..60)),
                who: SAFE,
                steps: vec![step(1, what, draw_timeout(rng))],
            },
            Actor {
                lag_ms: (0, 0),
                who: Who::Raw,
                steps: vec![step(rng.u64(1..500), What::Replace, 5_000)],
            },
        ];
    }

    /// Returns whether the actor states a generation that only a duplication can contradict that
    /// the server reports.
    pub(crate) fn is_believed(&self, who: usize, behaviour: Behaviour) -> bool {
        let Who::Stating(stated) = self.actors[who].who else { return false };
        matches!(stated, Generation::RemoteName | Generation::DupExist)
            && behaviour == Behaviour::Checkpoint
            && !self.tells_version
    }

    /// Returns whether there are no faults and events, and a single client has enough time.
    pub(crate) fn is_calm(&self) -> bool {
        self.actors.len() == 1
            && self.events.is_empty()
            && self.rules.iter().all(Vec::is_empty)
            && self.actors[0]
                .steps
                .iter()
                .all(|step| step.give_up_ms.is_none() && step.timeout_ms >= 5_000)
    }
}

fn draw_before(rng: &mut Rng, behaviour: Behaviour) -> Before {
    match rng.u32(..10) {
        0..4 => Before::Nothing,
        4 => Before::Init { slow_ms: pick(rng, &[5, 300, 1_500, 4_000]) },
        5 => Before::OtherTable(Existing {
            remote_table: TABLE.to_owned(),
            ..draw_existing(rng, behaviour)
        }),
        _ => Before::One(draw_existing(rng, behaviour)),
    }
}

fn draw_existing(rng: &mut Rng, behaviour: Behaviour) -> Existing {
    let statuses: &[Status] = match behaviour {
        Behaviour::Freezed => &[Status::Start, Status::Pause],
        _ => &[Status::Prepare, Status::App, Status::Log, Status::Pause],
    };
    Existing {
        status: pick(rng, statuses),
        fail_mode: pick(rng, &[FailMode::Slow, FailMode::Slow, FailMode::Skip, FailMode::Fast]),
        remote_table: pick(rng, &[TABLE, TABLE, "elsewhere"]).to_owned(),
        remote_replica_count: pick(rng, &[3, 3, 5]),
        age_ms: pick(rng, &[1, 400, 100_000]),
    }
}

pub(crate) fn draw_happening(rng: &mut Rng, metas: usize) -> Happening {
    let early_ms = pick(rng, &[0, 0, 400, 1_500, 1_900, 5_000]);
    match rng.u32(..10) {
        0..5 => Happening::Elect {
            leader: chance(rng, 50).then(|| rng.usize(..metas)),
            early_ms,
            old_stays: chance(rng, 30),
            followers_learn: chance(rng, 80),
        },
        5..8 => {
            Happening::Crash { meta: rng.usize(..metas), after_ms: pick(rng, &[0, 50, 700, 3_000]) }
        }
        _ => Happening::NotReady {
            code: pick(rng, &["ERR_SERVICE_NOT_ACTIVE", "ERR_UNDER_RECOVERY"]),
            for_ms: pick(rng, &[50, 900, 3_000]),
            early_ms,
        },
    }
}

pub(crate) fn draw_lag(rng: &mut Rng) -> (u64, u64) {
    if chance(rng, 50) { (0, 0) } else { (rng.u64(..40), rng.u64(..40)) }
}

pub(crate) fn draw_timeout(rng: &mut Rng) -> u64 {
    pick(rng, &[300, 1_000, 3_000, 5_000, 8_000, 10_000, 20_000])
}

fn draw_spec(rng: &mut Rng) -> DuplicationSpec {
    let odd = |rng: &mut Rng| chance(rng, 12);
    DuplicationSpec {
        remote_table: odd(rng).then(|| pick(rng, &["elsewhere", TABLE]).to_owned()),
        remote_replica_count: odd(rng).then(|| pick(rng, &[0, 3, 5])),
        checkpoint: chance(rng, 25),
        ..DuplicationSpec::new(
            if odd(rng) { OTHER_TABLE } else { TABLE },
            if odd(rng) { pick(rng, &[OTHER_CLUSTER, OTHER_CLUSTER, BRACES]) } else { CLUSTER },
        )
    }
}

fn draw_client(rng: &mut Rng, calm: bool, together: bool) -> Actor {
    let mode = if chance(rng, 15) { Mode::Direct } else { Mode::Safe };
    let count = pick(rng, &[1, 1, 2, 3]);
    let steps = (0..count)
        .map(|index| Step {
            after_ms: match index {
                0 if together || calm => 1,
                0 => rng.u64(1..3_000),
                _ => 1 + pick(rng, &[1, 20, 700, 2_500]),
            },
            what: match rng.u32(..20) {
                0 => What::Query,
                1 => What::Start,
                2 => What::Pause,
                3 => What::Remove,
                4 => {
                    What::SetFailMode(pick(rng, &[FailMode::Slow, FailMode::Skip, FailMode::Fast]))
                }
                _ => What::Add(draw_spec(rng)),
            },
            timeout_ms: if calm { 10_000 } else { draw_timeout(rng) },
            give_up_ms: (!calm && chance(rng, 12))
                .then(|| pick(rng, &[0, 1, 10, 30, 100, 900, 4_000])),
        })
        .collect();
    Actor { lag_ms: draw_lag(rng), who: Who::Client(mode), steps }
}

/// Draws an actor that removes, pauses and adds the duplication in the meantime.
fn draw_meddler(rng: &mut Rng) -> Actor {
    let who = if chance(rng, 50) { SAFE } else { Who::Raw };
    let steps = (0..rng.usize(1..=4))
        .map(|_| Step {
            after_ms: 1 + rng.u64(..2_000),
            what: match rng.u32(..12) {
                0..3 => What::Remove,
                3..5 => What::Pause,
                5..7 => What::Start,
                7 => What::SetFailMode(pick(rng, &[FailMode::Slow, FailMode::Skip])),
                8..10 if who == Who::Raw => What::Replace,
                _ => What::Add(draw_spec(rng)),
            },
            timeout_ms: draw_timeout(rng),
            give_up_ms: None,
        })
        .collect();
    Actor { lag_ms: draw_lag(rng), who, steps }
}

fn first_add(rng: &mut Rng) -> Step {
    let spec =
        DuplicationSpec { checkpoint: chance(rng, 30), ..DuplicationSpec::new(TABLE, CLUSTER) };
    Step { after_ms: 0, what: What::Add(spec), timeout_ms: 10_000, give_up_ms: None }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, wall time {} at 0", self.seed, self.wall_ms)?;
        for (meta, behaviour) in self.behaviours.iter().enumerate() {
            let rules: Vec<String> = self.rules[meta].iter().map(ToString::to_string).collect();
            writeln!(
                f,
                "  meta {meta}: {behaviour}, clock {}, faults [{}]",
                self.clock,
                rules.join(", ")
            )?;
        }
        if self.by_name {
            writeln!(f, "  the servers are the addresses of one name")?;
        }
        writeln!(f, "  before: {:?}", self.before)?;
        for table in &self.tables {
            writeln!(f, "  before: {table:?}")?;
        }
        for (table_id, record) in &self.records {
            writeln!(f, "  before: of table {table_id}: {record:?}")?;
        }
        for (ms, happening) in &self.events {
            writeln!(f, "  at {ms} ms: {happening:?}")?;
        }
        for (index, actor) in self.actors.iter().enumerate() {
            writeln!(f, "  actor {index}: {:?}, lag {:?} ms", actor.who, actor.lag_ms)?;
            for step in &actor.steps {
                writeln!(f, "    {} ms later: {step}", step.after_ms)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Add(spec) => {
                write!(f, "add {} to {}", spec.table, spec.cluster)?;
                if let Some(name) = &spec.remote_table {
                    write!(f, " as {name}")?;
                }
                if let Some(count) = spec.remote_replica_count {
                    write!(f, " x {count}")?;
                }
                if spec.checkpoint {
                    f.write_str(" with checkpoint")?;
                }
            }
            What::Table(step) => write!(f, "{step}")?,
            What::Apply(apply) => write!(f, "{apply}")?,
            other => write!(f, "{other:?}")?,
        }
        write!(f, ", timeout {} ms", self.timeout_ms)?;
        match self.give_up_ms {
            Some(ms) => write!(f, ", given up after {ms} ms"),
            None => Ok(()),
        }
    }
}
