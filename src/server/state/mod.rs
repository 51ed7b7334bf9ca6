//! The state machine of a meta server, without I/O, without a clock and without randomness.
//! Requests and the time go in, and [`Effect`]s come out.
//!
//! An update has two phases. First [`rule::begin`] decides: either the response is known at once,
//! or a change must be stored. Until [`State::finish`] reports that the change was stored, the
//! duplication is shown as it was before (a new one in DS_INIT), and is *altering*. Reads, in
//! [`reads`], never wait for an update.

mod add_request;
mod adds;
mod balance;
mod cluster;
pub(super) mod dispatch;
mod dupids;
mod effect;
mod envs;
mod followers;
mod foreign;
mod index;
mod life;
mod modifies;
mod nodes;
mod policies;
mod reads;
mod replicas;
mod responses;
mod rows;
pub(super) mod rule;
mod rules;
mod settings;
mod start_time;
mod table;
mod tables;

use std::collections::BTreeMap;

use crate::protocol::generation::{FailMode, Status};
use crate::server::behaviour::ClockMode;
use crate::server::config::ServerConfig;
use crate::server::partition::PartitionRule;
use crate::server::reply::Reply;
use crate::server::store::{DuplicationRecord, PolicyRecord, RecordChange, Snapshot, StoreFailure};
use index::Index;
use life::Life;
use policies::PendingPolicy;
use replicas::Due;
use rows::Rows;
use rule::Update;
use rules::Rules;
use table::DuplicationState;
use tables::PendingTable;

use effect::LOST;
pub(crate) use effect::{CallId, Effect, Ticket};
pub(crate) use nodes::Node as ReplicaServer;
pub(crate) use replicas::ReplicaServers;
pub(crate) use table::{Table, TableStatus};

/// A change that is being stored, and what follows.
#[derive(Debug)]
struct Pending {
    call: CallId,
    table_id: i32,
    dupid: i32,
    /// The response if the change is stored.
    response: Reply,
    /// Returns the response if the change is not stored, for a given reason.
    refusal: fn(reason: String) -> Reply,
    /// The state of the duplication after the change. `None` if the duplication does not change and is
    /// not altering.
    then: Option<(Life, FailMode)>,
    /// Whether the store keeps that state. What a repeated add changes is lost with a restart.
    kept: bool,
    /// Whether the duplication is new, and goes away if the change is not stored.
    new: bool,
}

/// An update that waits until a change is stored.
type Waiting = (CallId, Box<dyn Update>);

/// The state of a meta server.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) rules: Rules,
    pub(crate) clock: ClockMode,
    pub(crate) partitions: Vec<PartitionRule>,
    pub(crate) tables: Rows<i32, Table>,
    policies: Rows<String, PolicyRecord>,
    /// The providers that backup policies may use.
    block_services: Vec<String>,
    index: Index,
    pub(crate) replicas: ReplicaServers,
    /// The time from the creation of a table until its partitions have their replicas, with the clock
    /// [`ClockMode::Real`], in milliseconds.
    ready_after_ms: i64,
    cluster_name: String,
    remote_clusters: Rows<String, Vec<String>>,
    pending: BTreeMap<Ticket, Pending>,
    pending_tables: BTreeMap<Ticket, PendingTable>,
    pending_policies: BTreeMap<Ticket, PendingPolicy>,
    /// The updates that wait until a change is stored.
    waiting: BTreeMap<Ticket, Vec<Waiting>>,
    next_ticket: u64,
    latest_ms: i64,
}

impl State {
    /// Returns the state that a snapshot describes, at the given time. Without a time, the process is
    /// starting, and the partitions of all tables have their replicas. An error says what makes no sense
    /// in the snapshot.
    pub(crate) fn new(
        config: &ServerConfig,
        snapshot: Snapshot,
        replicas: ReplicaServers,
        now_ms: Option<i64>,
    ) -> Result<State, String> {
        let rules = Rules::of(config.behaviour);
        let mut tables = Rows::default();
        let mut index = Index::default();
        for table in snapshot.tables {
            let table = Table::from_record(table);
            if table.status != TableStatus::Dropped {
                index.insert_name(&table.record.name, table.record.id);
            }
            tables.insert(table.record.id, table);
        }
        let mut state = State {
            rules,
            clock: config.clock_mode(),
            partitions: config.partitions.clone(),
            tables,
            policies: named(snapshot.policies).collect(),
            block_services: config.block_services.clone(),
            index,
            replicas,
            ready_after_ms: i64::try_from(config.ready_after.as_millis()).unwrap_or(i64::MAX),
            cluster_name: config.cluster_name.clone(),
            remote_clusters: config
                .remote_clusters
                .iter()
                .map(|cluster| (cluster.name.clone(), cluster.metas.clone()))
                .collect(),
            pending: BTreeMap::new(),
            pending_tables: BTreeMap::new(),
            pending_policies: BTreeMap::new(),
            waiting: BTreeMap::new(),
            next_ticket: 0,
            latest_ms: now_ms.unwrap_or(i64::MIN),
        };
        let due = if now_ms.is_some() { state.due() } else { Due::AT_ONCE };
        let mut replicas = state.replicas.lock();
        for table in state.tables.values() {
            replicas.adopt(&table.record, due);
        }
        replicas.check(state.latest_ms);
        drop(replicas);
        for (table_id, record) in snapshot.duplications {
            state.put(table_id, record)?;
        }
        Ok(state)
    }

    /// Marks tables that the server has created during this start.
    pub(crate) fn just_made(&mut self, table_ids: &[i32]) {
        for id in table_ids {
            if let Some(table) = self.tables.get_mut(id) {
                table.just_made = true;
            }
        }
    }

    /// Adds the duplications and backup policies that are stored to those that the server has created
    /// since. A leader that serves early finds what is stored only now.
    pub(crate) fn read_back(&mut self, snapshot: Snapshot) -> Result<(), String> {
        for (table_id, record) in snapshot.duplications {
            let known = self
                .tables
                .get(&table_id)
                .is_some_and(|table| table.duplication(record.dupid).is_some());
            if !known {
                self.put(table_id, record)?;
            }
        }
        for (name, record) in named(snapshot.policies) {
            if self.policies.get(&name).is_none() {
                self.policies.insert(name, record);
            }
        }
        Ok(())
    }

    fn put(&mut self, table_id: i32, record: DuplicationRecord) -> Result<(), String> {
        let table = self
            .tables
            .get_mut(&table_id)
            .ok_or_else(|| format!("a duplication has no table: dupid={}", record.dupid))?;
        if self.rules.forgets_dropped && table.status == TableStatus::Dropped {
            table.has_forgotten = true;
            return Ok(());
        }
        let duplication = DuplicationState::from_record(record, &self.rules)?;
        if table.status == TableStatus::Dropped {
            table.insert(duplication);
            return Ok(());
        }
        self.index.insert(table_id, &duplication);
        table.insert(duplication);
        Ok(())
    }

    fn remove(&mut self, table_id: i32, dupid: i32) {
        let table = self.tables.get_mut(&table_id);
        if let Some(gone) = table.and_then(|table| table.remove(dupid)) {
            self.index.remove(table_id, &gone);
        }
    }

    /// Returns the time for which statuses are computed, and makes the partition checks that are due. The
    /// time is wall time that never goes back, because a duplication would go back with it.
    pub(crate) fn steady(&mut self, now_ms: i64) -> i64 {
        self.latest_ms = self.latest_ms.max(now_ms);
        self.replicas.lock().check(self.latest_ms);
        self.latest_ms
    }

    /// Returns the available table with that name.
    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.named(name).filter(|table| table.status == TableStatus::Available)
    }

    /// Returns the table with that name, which may also be one that is being created, dropped or
    /// recalled.
    fn named(&self, name: &str) -> Option<&Table> {
        self.tables.get(&self.index.table(name)?)
    }

    /// Returns the duplication that the index has found.
    fn duplication(&self, table_id: i32, dupid: i32) -> &DuplicationState {
        self.tables[&table_id].duplication(dupid).expect("the index knows what is there")
    }

    /// Takes the result of a change from the store, responds to the request, and decides again
    /// about the updates that have waited for the change.
    pub(crate) fn finish(
        &mut self,
        ticket: Ticket,
        result: Result<(), StoreFailure>,
        now_ms: i64,
    ) -> Vec<Effect> {
        self.steady(now_ms);
        let mut effects = if let Some(pending) = self.pending.remove(&ticket) {
            vec![self.settle(pending, result)]
        } else if let Some(pending) = self.pending_tables.remove(&ticket) {
            self.settle_table(pending, result)
        } else if let Some(pending) = self.pending_policies.remove(&ticket) {
            vec![self.settle_policy(pending, result)]
        } else {
            return Vec::new();
        };
        for (call, update) in self.waiting.remove(&ticket).unwrap_or_default() {
            effects.extend(update.decide(self, call, now_ms));
        }
        effects
    }

    fn settle(&mut self, pending: Pending, result: Result<(), StoreFailure>) -> Effect {
        let Pending { call, table_id, dupid, response, refusal, then, new, .. } = pending;
        let table =
            self.tables.get_mut(&table_id).expect("a table with a duplication is never removed");
        // A duplication that is not altering may have been removed since.
        let duplication = then
            .and_then(|then| table.duplication_mut(dupid).map(|duplication| (duplication, then)));
        match result {
            Ok(()) => {
                if let Some((duplication, (life, fail_mode))) = duplication {
                    duplication.altering = None;
                    duplication.life = life;
                    duplication.fail_mode = fail_mode;
                    duplication.fail_mode_last_set = fail_mode;
                    if life.status == Status::Removed {
                        self.remove(table_id, dupid);
                    }
                }
                Effect::Respond(call, response)
            }
            Err(StoreFailure::NotStored(reason)) => {
                if let Some((duplication, _)) = duplication {
                    duplication.altering = None;
                }
                if new {
                    self.remove(table_id, dupid);
                }
                Effect::Respond(call, refusal(reason))
            }
            // The duplication is still shown as before, because nobody knows whether the change was
            // stored until the store is opened again.
            Err(StoreFailure::Uncertain(_)) => {
                if let Some((duplication, _)) = duplication {
                    duplication.altering = Some(LOST);
                }
                Effect::HangUp(call)
            }
        }
    }

    fn ticket(&mut self) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        ticket
    }

    /// Returns the effect that stores a change, and remembers what follows.
    fn store(&mut self, pending: Pending) -> Effect {
        let ticket = self.ticket();
        let (call, table_id, dupid) = (pending.call, pending.table_id, pending.dupid);
        let table = self.tables.get_mut(&table_id).expect("the caller has just seen the table");
        let duplication =
            table.duplication_mut(dupid).expect("the caller has just seen the duplication");
        if pending.then.is_some() {
            duplication.altering = Some(ticket);
        }
        let change = match pending.then {
            Some((life, _)) if life.status == Status::Removed => {
                RecordChange::Remove { table_id, dupid }
            }
            Some((life, fail_mode)) if pending.kept => {
                RecordChange::Put { table_id, record: duplication.to_record(&life, fail_mode) }
            }
            Some(_) | None => RecordChange::Keep { table_id, dupid },
        };
        self.pending.insert(ticket, pending);
        Effect::Store(call, ticket, change)
    }
}

/// Returns backup policies with their names.
fn named(policies: Vec<PolicyRecord>) -> impl Iterator<Item = (String, PolicyRecord)> {
    policies.into_iter().map(|policy| (policy.name.clone(), policy))
}
