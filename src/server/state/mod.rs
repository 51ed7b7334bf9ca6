//! The state machine of a meta server: no I/O, no clock, no randomness. Requests and the time go
//! in, [`Effect`]s come out.
//!
//! Adds and modifies have two phases. [`rule::begin`] decides: either the answer is clear at once,
//! or a change must be stored first, and until [`State::finish`] says that it was, the duplication
//! is shown as it was before (a new one in DS_INIT) and is *altering*. Reads ([`reads`])
//! never wait for any of that.

mod add_request;
mod adds;
mod answers;
mod cluster;
pub(super) mod dispatch;
mod dupids;
mod effect;
mod foreign;
mod index;
mod life;
mod modifies;
mod reads;
mod rows;
pub(super) mod rule;
mod rules;
mod table;

use std::collections::BTreeMap;

use crate::protocol::generation::{FailMode, Status};
use crate::server::behaviour::ClockMode;
use crate::server::config::ServerConfig;
use crate::server::partition::PartitionRule;
use crate::server::reply::Reply;
use crate::server::store::{DuplicationRecord, RecordChange, Snapshot, StoreFailure};
use index::Index;
use life::Life;
use rows::Rows;
use rules::Rules;
use table::DuplicationState;

use add_request::Add;
use effect::LOST;
pub(crate) use effect::{CallId, Effect, Ticket};
pub(crate) use table::Table;

/// A change that is being stored, and what follows when it is.
#[derive(Debug)]
struct Pending {
    call: CallId,
    table_id: i32,
    dupid: i32,
    /// The response if the change is stored.
    response: Reply,
    /// Returns the response if the change is not stored, from the reason.
    refusal: fn(reason: String) -> Reply,
    /// The state of the duplication after the change. `None` if the duplication does not change and is
    /// not altering.
    then: Option<(Life, FailMode)>,
    /// Whether the store keeps that state. What a repeated add changes is lost with a restart.
    kept: bool,
    /// Whether the duplication is new, and goes away if the change is not stored.
    new: bool,
}

/// A meta server's state.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) rules: Rules,
    pub(crate) clock: ClockMode,
    pub(crate) partitions: Vec<PartitionRule>,
    pub(crate) tables: Rows<i32, Table>,
    index: Index,
    cluster_name: String,
    remote_clusters: Rows<String, Vec<String>>,
    pending: BTreeMap<Ticket, Pending>,
    /// Adds that wait until a change is stored.
    waiting: BTreeMap<Ticket, Vec<(CallId, Add)>>,
    next_ticket: u64,
    latest_ms: i64,
}

impl State {
    /// The state that a snapshot describes. An error says what in it makes no sense.
    pub(crate) fn new(config: &ServerConfig, snapshot: Snapshot) -> Result<State, String> {
        let rules = Rules::of(config.behaviour);
        let mut tables = Rows::default();
        let mut index = Index::default();
        for table in snapshot.tables {
            let table = Table::from_record(table);
            index.insert_table(&table);
            tables.insert(table.id, table);
        }
        let mut state = State {
            rules,
            clock: config.clock_mode(),
            partitions: config.partitions.clone(),
            tables,
            index,
            cluster_name: config.cluster_name.clone(),
            remote_clusters: config
                .remote_clusters
                .iter()
                .map(|cluster| (cluster.name.clone(), cluster.metas.clone()))
                .collect(),
            pending: BTreeMap::new(),
            waiting: BTreeMap::new(),
            next_ticket: 0,
            latest_ms: i64::MIN,
        };
        for (table_id, record) in snapshot.duplications {
            state.put(table_id, record)?;
        }
        Ok(state)
    }

    /// Notes tables that the server has made on its way up.
    pub(crate) fn just_made(&mut self, table_ids: &[i32]) {
        for id in table_ids {
            if let Some(table) = self.tables.get_mut(id) {
                table.just_made = true;
            }
        }
    }

    /// Takes in what is stored beside what was made before it was read: a leader that serves early
    /// finds its duplications only now.
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
        Ok(())
    }

    fn put(&mut self, table_id: i32, record: DuplicationRecord) -> Result<(), String> {
        let table = self
            .tables
            .get_mut(&table_id)
            .ok_or_else(|| format!("a duplication has no table: dupid={}", record.dupid))?;
        let duplication = DuplicationState::from_record(record, &self.rules)?;
        self.index.insert(table_id, &duplication);
        table.insert(duplication);
        Ok(())
    }

    fn take_away(&mut self, table_id: i32, dupid: i32) {
        let table = self.tables.get_mut(&table_id);
        if let Some(gone) = table.and_then(|table| table.remove(dupid)) {
            self.index.remove(table_id, &gone);
        }
    }

    /// The time that statuses are worked out for: wall time that never goes back, or a duplication
    /// would.
    pub(crate) fn steady(&mut self, now_ms: i64) -> i64 {
        self.latest_ms = self.latest_ms.max(now_ms);
        self.latest_ms
    }

    /// The table of that name.
    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(&self.index.table(name)?)
    }

    /// Returns the duplication that the index has found.
    fn duplication(&self, table_id: i32, dupid: i32) -> &DuplicationState {
        self.tables[&table_id].duplication(dupid).expect("the index knows what is there")
    }

    /// A change was stored, or wasn't. Answers its call, and looks again at those that waited for
    /// it.
    pub(crate) fn finish(
        &mut self,
        ticket: Ticket,
        result: Result<(), StoreFailure>,
        now_ms: i64,
    ) -> Vec<Effect> {
        self.steady(now_ms);
        let Some(pending) = self.pending.remove(&ticket) else { return Vec::new() };
        let mut effects = vec![self.settle(pending, result)];
        for (call, add) in self.waiting.remove(&ticket).unwrap_or_default() {
            effects.extend(self.add(call, add, now_ms));
        }
        effects
    }

    fn settle(&mut self, pending: Pending, result: Result<(), StoreFailure>) -> Effect {
        let Pending { call, table_id, dupid, response, refusal, then, new, .. } = pending;
        let table = self.tables.get_mut(&table_id).expect("tables are never taken away");
        // One that isn't altering may have been removed meanwhile.
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
                        self.take_away(table_id, dupid);
                    }
                }
                Effect::Respond(call, response)
            }
            Err(StoreFailure::NotStored(reason)) => {
                if let Some((duplication, _)) = duplication {
                    duplication.altering = None;
                }
                if new {
                    self.take_away(table_id, dupid);
                }
                Effect::Respond(call, refusal(reason))
            }
            // It stays as it is shown: nobody can tell before the store is opened again.
            Err(StoreFailure::Uncertain(_)) => {
                if let Some((duplication, _)) = duplication {
                    duplication.altering = Some(LOST);
                }
                Effect::HangUp(call)
            }
        }
    }

    /// Has a change stored, and remembers what follows.
    fn store(&mut self, pending: Pending) -> Effect {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
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
