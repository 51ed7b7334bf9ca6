//! Draws a schedule of fleets from its seed: clients apply declarations of many duplications, again and
//! again, while they are stopped and dropped, servers fail, and other actors change the same duplications.

use std::fmt;

use fastrand::Rng;
use pegasus_dup::fleet::{ApplyOptions, Fleet, Format};
use pegasus_dup::server::store::{DuplicationRecord, TableRecord};
use pegasus_dup::server::{Behaviour, Fault};
use pegasus_dup::{FailMode, Status};

use super::plan::{
    Actor, CLUSTER, OTHER_CLUSTER, Plan, SAFE, Step, What, Who, chance, draw_lag, pick,
};

/// The id of the first table that only fleets use.
const FIRST_ID: i32 = 11;
/// What separates the random numbers of this file from those of the schedule that it extends.
const SALT: u64 = 0x666c_6565_7473;

/// One apply of a fleet.
#[derive(Debug, Clone)]
pub(crate) struct Apply {
    pub(crate) fleet: Fleet,
    pub(crate) options: ApplyOptions,
    /// The time after which the user asks the apply to stop.
    pub(crate) stop_ms: Option<u64>,
}

impl fmt::Display for Apply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fleet = serde_json::to_string(&self.fleet).map_err(|_| fmt::Error)?;
        write!(f, "apply {fleet} with {:?}", self.options)?;
        match self.stop_ms {
            Some(ms) => write!(f, ", stopped after {ms} ms"),
            None => Ok(()),
        }
    }
}

impl Plan {
    /// Draws the schedule of a seed. The servers, the faults and the events are those of a schedule of
    /// duplications.
    pub(crate) fn draw_fleets(seed: u64) -> Plan {
        let mut plan = Plan::draw(seed);
        let mut rng = Rng::with_seed(seed ^ SALT);
        let rng = &mut rng;
        let calm = plan.is_calm();
        // An apply has several adds in flight, so a wrong seqid may be that of another add. No client can tell
        // that such a response is not its own, and real servers do not send one.
        for rules in &mut plan.rules {
            rules.retain(|rule| rule.fault != Fault::AnotherSeqid);
        }
        let behaviour = plan.behaviours[0];
        for id in FIRST_ID..FIRST_ID + rng.i32(1..=6) {
            let name = format!("{}_{id}", pick(rng, &["fleet", "fleet", "fleet", "left"]));
            plan.tables.push(TableRecord {
                id,
                name: name.clone(),
                partitions: 4,
                replicas: 3,
                create_second: plan.wall_ms / 1_000 - 1_000,
                ..TableRecord::default()
            });
            if chance(rng, 40) {
                plan.records.push((id, draw_record(rng, behaviour, &name, plan.wall_ms)));
            }
        }
        let fleet = draw_fleet(rng);
        // The other actors change the duplication that fleets may declare, too.
        let others = if calm || chance(rng, 60) { 0 } else { plan.actors.len().min(2) };
        let first_add = plan.actors.pop().filter(|actor| matches!(actor.who, Who::Raw));
        plan.actors.truncate(others);
        plan.actors.extend(first_add);
        let operators = if calm { 1 } else { pick(rng, &[1, 1, 1, 2]) };
        for _ in 0..operators {
            let again = if chance(rng, 80) { fleet.clone() } else { draw_fleet(rng) };
            plan.actors.push(draw_operator(rng, &again, calm));
        }
        plan
    }
}

fn draw_operator(rng: &mut Rng, fleet: &Fleet, calm: bool) -> Actor {
    let options = draw_options(rng);
    let steps = (0..pick(rng, &[2, 2, 3]))
        .map(|_| {
            let waits = options.max_preparing.is_some();
            let stop_ms = (waits || chance(rng, 15))
                .then(|| pick(rng, &[1, 30, 700, 3_000, 20_000]))
                .filter(|_| !calm || waits);
            let apply = Apply { fleet: fleet.clone(), options: options.clone(), stop_ms };
            Step {
                after_ms: 1 + pick(rng, &[1, 20, 700, 2_500]),
                what: What::Apply(Box::new(apply)),
                timeout_ms: if calm { 10_000 } else { pick(rng, &[1_000, 5_000, 10_000, 20_000]) },
                give_up_ms: (!calm && chance(rng, 20))
                    .then(|| pick(rng, &[0, 1, 10, 30, 100, 900, 4_000])),
            }
        })
        .collect();
    Actor { lag_ms: draw_lag(rng), who: SAFE, steps }
}

fn draw_options(rng: &mut Rng) -> ApplyOptions {
    let mut options = ApplyOptions::default();
    options.fix.status = chance(rng, 50);
    options.fix.fail_mode = chance(rng, 50);
    options.prune = chance(rng, 30);
    options.start_long_paused = chance(rng, 50);
    options.concurrency = pick(rng, &[1, 2, 16]);
    options.keep_going = chance(rng, 70);
    options.max_preparing = chance(rng, 10).then(|| pick(rng, &[1, 2]));
    options
}

/// Draws a fleet. Its text is what a user would write.
fn draw_fleet(rng: &mut Rng) -> Fleet {
    let mut text = String::new();
    let mut declare = |rng: &mut Rng, table: &str, cluster: &str, odd: u32| {
        text.push_str(&format!(
            "[[duplication]]\ntable = \"{table}\"\ncluster = \"{cluster}\"\nallow_empty = true\n"
        ));
        let keys = [
            (15, pick(rng, &["remote_table = \"{table}_copy\"", "remote_table = \"one\""])),
            (15, pick(rng, &["remote_replica_count = 3", "remote_replica_count = 5"])),
            (25, "checkpoint = true"),
            (40, pick(rng, &["fail_mode = \"slow\"", "fail_mode = \"skip\""])),
            (
                50,
                pick(rng, &["status = \"running\"", "status = \"running\"", "status = \"paused\""]),
            ),
        ];
        for (percent, key) in keys {
            if chance(rng, percent.min(odd)) {
                text.push_str(key);
                text.push('\n');
            }
        }
    };
    declare(rng, "fleet_*,!fleet_13", CLUSTER, 100);
    if chance(rng, 60) {
        declare(rng, "temp", CLUSTER, 15);
    }
    if chance(rng, 30) {
        declare(rng, "temp2", OTHER_CLUSTER, 15);
    }
    if chance(rng, 10) {
        declare(rng, "fleet_11", "nowhere", 0);
    }
    if chance(rng, 50) {
        text.push_str(&format!("[[scope]]\ntable = \"*_1?\"\ncluster = \"{CLUSTER}\"\n"));
    }
    Fleet::parse(&text, Format::Toml).expect("a fleet")
}

/// Draws a stored duplication of a table.
fn draw_record(
    rng: &mut Rng,
    behaviour: Behaviour,
    table: &str,
    wall_ms: i64,
) -> DuplicationRecord {
    let statuses: &[Status] = match behaviour {
        Behaviour::Freezed => &[Status::Start, Status::Start, Status::Pause],
        _ => &[Status::Log, Status::Log, Status::Pause, Status::Prepare],
    };
    let knows_names = behaviour.generation().has_remote_table();
    let create_ts_ms = wall_ms - pick(rng, &[10_000, 100_000, 10_000_000]);
    DuplicationRecord {
        dupid: i32::try_from(create_ts_ms / 1_000).expect("a time of this century"),
        cluster: pick(rng, &[CLUSTER, CLUSTER, CLUSTER, OTHER_CLUSTER]).to_owned(),
        status: pick(rng, statuses).name().to_owned(),
        since_ms: create_ts_ms,
        confirmed: -1,
        fail_mode: pick(rng, &[FailMode::Slow, FailMode::Slow, FailMode::Skip]).name().to_owned(),
        remote_table: match knows_names && chance(rng, 15) {
            true => format!("{table}_copy"),
            false => table.to_owned(),
        },
        remote_table_is_utf8: true,
        remote_replica_count: 3,
        create_ts_ms,
    }
}
