//! Runs a schedule: the servers, the store and the actors share a runtime with one thread and a
//! paused clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pegasus_dup::server::store::{
    Done, DuplicationRecord, MemoryStore, RecordChange, Snapshot, Store, TableRecord,
};
use pegasus_dup::server::{
    Clock as WallClock, Election, Group, Limits, RemoteCluster, ServerConfig, StoreError,
};
use pegasus_dup::{ErrorCode, FailMode, Status};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::actors::{self, Left};
use super::plan::{Before, CLUSTER, Existing, Happening, OTHER_CLUSTER, OTHER_TABLE, Plan, TABLE};
use super::streams::{Network, address};
use super::trace::{Clock, Line, Log, Pen};

/// A time that is longer than the sum of all deadlines, delays and holds of a schedule.
const FOR_EVER: Duration = Duration::from_secs(3_600);
/// How long the servers run after the last call, so that requests that are held are executed, too.
const AFTERWARDS: Duration = Duration::from_secs(60);

/// The wall time, derived from the simulated clock.
struct Wall(Clock, i64);

impl WallClock for Wall {
    fn now_ms(&self) -> i64 {
        self.1 + i64::try_from(self.0.ms()).expect("a short run")
    }
}

/// A store that records every change. The record shows what is really stored.
struct Watched {
    inner: MemoryStore,
    pen: Pen,
}

impl Store for Watched {
    fn load(&self) -> Result<Snapshot, StoreError> {
        self.inner.load()
    }

    fn put_tables(&self, tables: Vec<TableRecord>) -> Result<(), StoreError> {
        self.inner.put_tables(tables)
    }

    fn submit(&self, change: RecordChange, done: Done) {
        self.pen.write(Line::Kept(change.clone()));
        self.inner.submit(change, done);
    }

    fn close(&self) {
        self.inner.close();
    }
}

/// What is left at the end of a schedule.
#[derive(Default)]
pub(crate) struct Remains {
    /// The requests that clients still report as unsettled.
    pub(crate) left: Vec<Left>,
    /// The errors of the run itself.
    pub(crate) wrong: Vec<String>,
}

/// Runs a schedule. Returns its record, and what is left at the end.
pub(crate) fn run(plan: &Plan) -> (Log, Remains) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let pen = Pen::new(Clock::begin(), plan.actors.len());
        let remains = timeout(FOR_EVER, live(plan, &pen)).await.unwrap_or_else(|_| Remains {
            wrong: vec!["the schedule does not end".to_owned()],
            ..Remains::default()
        });
        (pen.into_log(), remains)
    })
}

async fn live(plan: &Plan, pen: &Pen) -> Remains {
    let clock = Clock::begin();
    let wall: Arc<dyn WallClock> = Arc::new(Wall(clock, plan.wall_ms));
    let store = Arc::new(Watched { inner: MemoryStore::new(), pen: pen.clone() });
    fill(plan, &store.inner);
    let group = Group::new(&configs(plan), store, &wall).expect("a group");
    let mut servers = JoinSet::new();
    for (meta, hub) in group.hubs().enumerate() {
        let pen = pen.clone();
        hub.observe(move |event| pen.write(Line::Server { meta, event: event.clone() }));
        let hub = hub.clone();
        servers.spawn(async move { hub.run_timers().await });
    }
    let serving = Arc::new(AtomicUsize::new(0));
    let mut people = JoinSet::new();
    for (who, actor) in plan.actors.iter().enumerate() {
        let network = Network {
            group: group.clone(),
            behaviours: plan.behaviours.clone(),
            pen: pen.clone(),
            serving: Arc::clone(&serving),
            who,
            lag_ms: actor.lag_ms,
            tells_version: plan.tells_version,
            by_name: plan.by_name,
        };
        // Each actor has a seed of its own, so that their pauses differ.
        let seed = plan.seed.wrapping_mul(31).wrapping_add(who as u64);
        people.spawn(actors::run(actor.clone(), network, seed));
    }
    servers.spawn(befall(plan.events.clone(), group.clone(), pen.clone()));

    let mut remains = Remains::default();
    while let Some(done) = people.join_next().await {
        match done {
            Ok(one) => remains.left.push(one),
            Err(error) => remains.wrong.push(format!("a panic: {error}")),
        }
    }
    remains.left.sort_by_key(|one| one.who);
    remains.wrong.extend(leftovers(&serving, &mut servers).await);
    // Requests that are held or being stored are completed now, so that the record shows their
    // effect.
    sleep(AFTERWARDS).await;
    pen.write(Line::Happens("the end".to_owned()));
    remains
}

/// Returns a violation if clients that have ended left tasks running.
async fn leftovers(serving: &AtomicUsize, servers: &mut JoinSet<()>) -> Option<String> {
    // A cancelled task ends when it is polled next; no time passes.
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
    while servers.try_join_next().is_some() {}
    let alive = Handle::current().metrics().num_alive_tasks();
    let expected = serving.load(Ordering::Relaxed) + servers.len();
    (alive > expected)
        .then(|| format!("the clients have ended and left {} tasks running", alive - expected))
}

async fn befall(events: Vec<(u64, Happening)>, group: Group, pen: Pen) {
    let mut now_ms = 0;
    for (at_ms, happening) in events {
        sleep(Duration::from_millis(at_ms.saturating_sub(now_ms))).await;
        now_ms = now_ms.max(at_ms);
        pen.write(Line::Happens(format!("{happening:?}")));
        match happening {
            Happening::Elect { leader, early_ms, old_stays, followers_learn } => {
                let old = group.leader();
                let early = Duration::from_millis(early_ms);
                group.elect(&Election { leader, early, old_stays, followers_learn });
                if old_stays && group.leader() != old {
                    pen.write(Line::Stale { meta: old });
                }
            }
            Happening::Crash { meta, after_ms } => {
                group.hub(meta).expect("one of the group").crash(Duration::from_millis(after_ms));
            }
            Happening::NotReady { code, for_ms, early_ms } => {
                let leader = group.leader();
                let hub = group.hub(leader).expect("one of the group");
                hub.not_ready(ErrorCode::from_name(code));
                sleep(Duration::from_millis(for_ms)).await;
                now_ms += for_ms;
                if group.leader() == leader {
                    hub.lead(Duration::from_millis(early_ms));
                }
            }
        }
    }
}

fn configs(plan: &Plan) -> Vec<ServerConfig> {
    let cluster = |name: &str| RemoteCluster {
        name: name.to_owned(),
        metas: vec!["127.0.0.1:35601".to_owned()],
    };
    plan.behaviours
        .iter()
        .enumerate()
        .map(|(meta, &behaviour)| ServerConfig {
            listen: address(meta),
            remote_clusters: vec![cluster(CLUSTER), cluster(OTHER_CLUSTER)],
            tables: [TABLE, OTHER_TABLE].map(|name| name.parse().expect("a table")).to_vec(),
            nodes: plan.replica_servers,
            behaviour,
            clock: Some(plan.clock),
            limits: Limits::default(),
            faults: plan.rules[meta].clone(),
            ..ServerConfig::default()
        })
        .collect()
}

/// Returns the duplication that exists before the actors start.
pub(crate) fn existing(plan: &Plan) -> Option<(i32, DuplicationRecord)> {
    let (table_id, one) = match &plan.before {
        Before::Nothing | Before::Init { .. } => return None,
        Before::One(one) => (1, one),
        Before::OtherTable(one) => (2, one),
    };
    let Existing { status, fail_mode, remote_table, remote_replica_count, age_ms } = one;
    let create_ts_ms = plan.wall_ms - age_ms;
    let record = DuplicationRecord {
        dupid: i32::try_from(create_ts_ms / 1_000).expect("a time of this century"),
        cluster: CLUSTER.to_owned(),
        status: Status::name(*status).to_owned(),
        since_ms: create_ts_ms,
        confirmed: -1,
        fail_mode: FailMode::name(*fail_mode).to_owned(),
        remote_table: remote_table.clone(),
        remote_table_is_utf8: true,
        remote_replica_count: *remote_replica_count,
        create_ts_ms,
    };
    Some((table_id, record))
}

fn fill(plan: &Plan, store: &MemoryStore) {
    let table = |id, name: &str| TableRecord {
        id,
        name: name.to_owned(),
        partitions: 8,
        replicas: 3,
        create_second: plan.wall_ms / 1_000 - 1_000,
        highest_dupid: 0,
        ..TableRecord::default()
    };
    let mut tables = vec![table(1, TABLE), table(2, OTHER_TABLE)];
    tables.extend(plan.tables.iter().cloned());
    store.put_tables(tables).expect("kept");
    if let Some((table_id, record)) = existing(plan) {
        store.submit(RecordChange::Put { table_id, record }, Box::new(|_| ()));
    }
    for (table_id, record) in plan.records.iter().cloned() {
        store.submit(RecordChange::Put { table_id, record }, Box::new(|_| ()));
    }
}
