//! How the server decides about requests that create, drop, recall and rename tables. The checks have
//! the order of a real server.
//!
//! A change of a table is in force once it is stored. Until then the table has the status "creating",
//! "dropping" or "recalling", and requests that need the table are refused as busy.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::State;
use super::effect::{CallId, Effect, LOST};
use super::envs;
use super::followers::MASTER_CLUSTER;
use super::responses::failed_to_store;
use super::rule::{Update, updates};
use super::rules::AppExists;
use super::table::{Table, TableStatus};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::{
    AppInfo, AtomicIdempotentRequest, CreateApp, CreateAppOptions, CreateAppRequest,
    CreateAppResponse, DropApp, DropAppRequest, DropAppResponse, GetAtomicIdempotent,
    GetMaxReplicaCount, MaxReplicaCountRequest, RecallApp, RecallAppRequest, RecallAppResponse,
    RenameApp, RenameAppRequest, RenameAppResponse, SetAtomicIdempotent,
    SetAtomicIdempotentRequest, SetMaxReplicaCount, SetMaxReplicaCountRequest, UpdateAppEnv,
    UpdateAppEnvRequest,
};
use crate::server::reply::Reply;
use crate::server::spec::MAX_PARTITIONS;
use crate::server::store::{RecordChange, StoreFailure, TableRecord};

/// The type that every table has. A table of another type ends the replica servers.
const APP_TYPE: &str = "pegasus";
/// The greatest replica count, unless the configuration of a real server has another limit.
pub(super) const MAX_REPLICAS: i32 = 5;
/// The time for which a dropped table can be recalled, unless the drop says otherwise, in seconds.
const RESERVE_SECONDS: i64 = 604_800;

/// A change of a table that is being stored, and what follows.
#[derive(Debug)]
pub(super) struct PendingTable {
    call: CallId,
    table_id: i32,
    change: Change,
    /// The status before the change.
    before: TableStatus,
    /// The table after the change.
    after: TableRecord,
    /// The response if the change is stored.
    response: Reply,
    /// The response if the change is not stored.
    refusal: Reply,
}

/// The kind of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Change {
    Create,
    Drop,
    Recall,
    /// The name changes from this one.
    Rename(String),
    /// Another property changes.
    Settings,
}

impl PendingTable {
    /// Returns a change of properties of an available table.
    pub(super) fn settings(
        call: CallId,
        after: TableRecord,
        response: Reply,
        refusal: Reply,
    ) -> PendingTable {
        PendingTable {
            call,
            table_id: after.id,
            change: Change::Settings,
            before: TableStatus::Available,
            after,
            response,
            refusal,
        }
    }
}

updates! {
    CreateApp CreateAppRequest create_app
    DropApp DropAppRequest drop_app
    RecallApp RecallAppRequest recall_app
    RenameApp RenameAppRequest rename_app
    GetMaxReplicaCount MaxReplicaCountRequest max_replica_count
    UpdateAppEnv UpdateAppEnvRequest update_envs
    SetMaxReplicaCount SetMaxReplicaCountRequest set_max_replica_count
    GetAtomicIdempotent AtomicIdempotentRequest atomic_idempotent
    SetAtomicIdempotent SetAtomicIdempotentRequest set_atomic_idempotent
}

pub(super) fn app_exist() -> ErrorCode {
    ErrorCode::from_name("ERR_APP_EXIST")
}

pub(super) fn created(err: ErrorCode, appid: i32) -> Reply {
    Reply::new(&CreateAppResponse { err, appid: Some(appid) })
}

fn dropped(err: ErrorCode) -> Reply {
    Reply::new(&DropAppResponse { err })
}

fn renamed(err: ErrorCode, hint: String) -> Reply {
    Reply::new(&RenameAppResponse { err, hint_message: Some(hint) })
}

/// Returns whether a create may have these settings. A create checks only two of them.
fn are_valid(settings: &BTreeMap<String, String>) -> bool {
    ["rocksdb.write_buffer_size", "rocksdb.num_levels"].into_iter().all(|key| {
        settings.get(key).is_none_or(|value| matches!(envs::fault(key, value), Ok(None)))
    })
}

impl State {
    fn create_app(&mut self, call: CallId, request: CreateAppRequest) -> Option<Effect> {
        let refuse = |err| Some(Effect::Respond(call, created(err, 0)));
        let CreateAppRequest { app_name: name, options } = request;
        let (too_few, alive) = self.alive_nodes();
        if self.rules.checks_creates && too_few {
            return refuse(ErrorCode::from_name("ERR_STATE_FREEZED"));
        }
        if options.partition_count <= 0 || options.replica_count <= 0 {
            return refuse(ErrorCode::InvalidParameters);
        }
        let most = alive.min(MAX_REPLICAS);
        if self.rules.checks_creates && (options.replica_count > most || !are_valid(&options.envs))
        {
            return refuse(ErrorCode::InvalidParameters);
        }
        if let Some(table) = self.named(&name) {
            return match (table.status.busy(), options.envs.get(MASTER_CLUSTER)) {
                (Some(busy), _) => refuse(busy),
                (None, Some(_)) if self.rules.follower_tables && !options.success_if_exist => {
                    self.create_follower(call, CreateAppRequest { app_name: name, options })
                }
                (None, _) => Some(Effect::Respond(call, self.exists(table, &options))),
            };
        }
        // A real server, or its replica servers, would end.
        if !options.is_stateful
            || options.app_type != APP_TYPE
            || options.partition_count > MAX_PARTITIONS
        {
            return Some(Effect::Die(call));
        }
        let latest = self.tables.range(..).next_back().map_or(0, |(id, _)| *id);
        let Some(id) = latest.checked_add(1) else {
            return refuse(ErrorCode::InvalidState);
        };
        let record = TableRecord {
            id,
            name,
            partitions: options.partition_count,
            replicas: options.replica_count,
            create_second: self.latest_ms.div_euclid(1_000),
            init_partitions: Some(options.partition_count),
            envs: options.envs,
            atomic_idempotent: self.rules.atomic_idempotence
                && options.atomic_idempotent.unwrap_or(false),
            ..TableRecord::default()
        };
        let mut table = Table::from_record(record.clone());
        table.just_made = true;
        self.index.insert_name(&table.record.name, id);
        self.tables.insert(id, table);
        Some(self.store_table(PendingTable {
            call,
            table_id: id,
            change: Change::Create,
            before: TableStatus::Creating,
            after: record,
            response: created(ErrorCode::Ok, id),
            refusal: created(failed_to_store(), 0),
        }))
    }

    /// Returns the response to a create of a table that exists.
    fn exists(&self, table: &Table, asked: &CreateAppOptions) -> Reply {
        let same = asked.partition_count == table.record.partitions
            && asked.replica_count == table.record.replicas
            && asked.app_type == APP_TYPE
            && asked.is_stateful
            && asked.envs == *self.envs(table);
        match (asked.success_if_exist, self.rules.app_exists) {
            (false, AppExists::AppExist) => created(app_exist(), 0),
            (true, _) if same => created(ErrorCode::Ok, table.record.id),
            (true, _) | (false, AppExists::InvalidParameters) => {
                created(ErrorCode::InvalidParameters, 0)
            }
        }
    }

    fn drop_app(&mut self, call: CallId, request: DropAppRequest) -> Option<Effect> {
        let refuse = |err| Some(Effect::Respond(call, dropped(err)));
        let Some(table) = self.named(&request.app_name) else {
            return refuse(match request.options.success_if_not_exist {
                true => ErrorCode::Ok,
                false => ErrorCode::AppNotExist,
            });
        };
        if let Some(busy) = table.status.busy() {
            return refuse(busy);
        }
        if table.altering.is_some() {
            return self.wait_for_table(call, table.record.id, Box::new(request), dropped);
        }
        let reserve = request.options.reserve_seconds.filter(|&seconds| seconds > 0);
        let now = self.latest_ms.div_euclid(1_000);
        let mut after = table.record.clone();
        after.dropped = true;
        after.drop_second = now;
        after.expire_second = now.saturating_add(reserve.unwrap_or(RESERVE_SECONDS));
        let replicas = self.replicas.lock();
        after.dropped_too_early = replicas.are_being_placed(table.record.id);
        // The drop changes the configuration of each partition once.
        after.ballot = replicas.most(table.record.id).0 + 1;
        drop(replicas);
        Some(self.store_table(PendingTable {
            call,
            table_id: after.id,
            change: Change::Drop,
            before: TableStatus::Available,
            after,
            response: dropped(ErrorCode::Ok),
            refusal: dropped(failed_to_store()),
        }))
    }

    fn recall_app(&mut self, call: CallId, request: RecallAppRequest) -> Option<Effect> {
        let atomic_idempotent = self.rules.atomic_idempotence.then_some(false);
        let recalled = |err| {
            let info = AppInfo { atomic_idempotent, ..AppInfo::default() };
            Reply::new(&RecallAppResponse { err, info: Some(info) })
        };
        let refuse = |err| Some(Effect::Respond(call, recalled(err)));
        let Some(table) = self.tables.get(&request.app_id) else {
            return refuse(ErrorCode::AppNotExist);
        };
        match (table.status, table.status.busy()) {
            (_, Some(busy)) => return refuse(busy),
            (TableStatus::Available, _) => return refuse(app_exist()),
            _ => {}
        }
        if table.record.expire_second < self.latest_ms.div_euclid(1_000) {
            return refuse(ErrorCode::AppNotExist);
        }
        let name = match request.new_app_name.as_str() {
            "" => table.record.name.as_str(),
            name => name,
        };
        if self.index.table(name).is_some() {
            return refuse(ErrorCode::InvalidParameters);
        }
        let mut after = table.renamed(name);
        after.dropped = false;
        let mut recalled_table = table.clone();
        recalled_table.take(after.clone());
        let info = Some(self.app_info(&recalled_table));
        let table_id = table.record.id;
        self.index.insert_name(&after.name, table_id);
        Some(self.store_table(PendingTable {
            call,
            table_id,
            change: Change::Recall,
            before: TableStatus::Dropped,
            after,
            response: Reply::new(&RecallAppResponse { err: ErrorCode::Ok, info }),
            refusal: recalled(failed_to_store()),
        }))
    }

    fn rename_app(&mut self, call: CallId, request: RenameAppRequest) -> Option<Effect> {
        let refuse = |err, hint| Some(Effect::Respond(call, renamed(err, hint)));
        let RenameAppRequest { old_app_name: old, new_app_name: new } = &request;
        let Some(table) = self.named(old) else {
            return refuse(ErrorCode::AppNotExist, format!("ERROR: app({old}) not exist!"));
        };
        if self.index.table(new).is_some() {
            return refuse(
                ErrorCode::InvalidParameters,
                format!("ERROR: app({new}) already exist!"),
            );
        }
        if let Some(busy) = table.status.busy() {
            return refuse(busy, format!("ERROR: app({old}) status can't execute rename."));
        }
        if table.altering.is_some() {
            return self.wait_for_table(call, table.record.id, Box::new(request), |err| {
                renamed(err, String::new())
            });
        }
        let after = table.renamed(new);
        // Until the change is stored, both names lead to the table.
        self.index.insert_name(&after.name, after.id);
        let response = renamed(ErrorCode::Ok, String::new());
        let (id, new) = (after.id, new.clone());
        let store = self.store_table(PendingTable {
            call,
            table_id: id,
            change: Change::Rename(old.clone()),
            before: TableStatus::Available,
            after,
            response: response.clone(),
            refusal: renamed(failed_to_store(), String::new()),
        });
        Some(match store {
            Effect::Store(call, ticket, change) if self.rules.renames_early => {
                if let Some(table) = self.tables.get_mut(&id) {
                    table.record.name = new;
                }
                Effect::RespondAndStore(call, response, ticket, change)
            }
            store => store,
        })
    }

    /// Returns the envs of a table as responses show them. While the replica count is being changed, one
    /// of them says so.
    pub(crate) fn envs<'a>(&self, table: &'a Table) -> Cow<'a, BTreeMap<String, String>> {
        match self.new_replicas(table) {
            None => Cow::Borrowed(&table.record.envs),
            Some(count) => {
                let mut envs = table.record.envs.clone();
                envs.insert("max_replica_count.update".to_owned(), format!("updating;{count}"));
                Cow::Owned(envs)
            }
        }
    }

    /// Returns the replica count that a table will have once its change is stored, if the change concerns
    /// the replica count.
    pub(super) fn new_replicas(&self, table: &Table) -> Option<i32> {
        let pending = self.pending_tables.get(&table.altering?)?;
        let count = pending.after.replicas;
        (count != table.record.replicas).then_some(count)
    }

    /// Lets an update wait until the change of a table is stored. If nobody knows whether the change
    /// was stored, the update is refused.
    pub(super) fn wait_for_table(
        &mut self,
        call: CallId,
        table_id: i32,
        update: Box<dyn Update>,
        refusal: fn(ErrorCode) -> Reply,
    ) -> Option<Effect> {
        match self.tables[&table_id].altering {
            Some(ticket) if ticket != LOST => {
                self.waiting.entry(ticket).or_default().push((call, update));
                None
            }
            _ => Some(Effect::Respond(call, refusal(ErrorCode::Busy))),
        }
    }

    /// Returns the effect that stores a change of a table, and remembers what follows.
    pub(super) fn store_table(&mut self, pending: PendingTable) -> Effect {
        let ticket = self.ticket();
        let table = self.tables.get_mut(&pending.table_id).expect("the caller has seen the table");
        table.altering = Some(ticket);
        table.status = match pending.change {
            Change::Create => TableStatus::Creating,
            Change::Drop => TableStatus::Dropping,
            Change::Recall => TableStatus::Recalling,
            Change::Rename(_) | Change::Settings => TableStatus::Available,
        };
        let change = RecordChange::PutTable { record: pending.after.clone() };
        let call = pending.call;
        self.pending_tables.insert(ticket, pending);
        Effect::Store(call, ticket, change)
    }

    /// Takes the result of a change of a table from the store.
    pub(super) fn settle_table(
        &mut self,
        pending: PendingTable,
        result: Result<(), StoreFailure>,
    ) -> Vec<Effect> {
        let PendingTable { call, table_id, change, before, after, response, refusal } = pending;
        let due = self.due();
        let table = self.tables.get_mut(&table_id).expect("a table that is being stored stays");
        let old_name = match &change {
            Change::Rename(old) => old.clone(),
            _ => table.record.name.clone(),
        };
        let mut effects = Vec::new();
        let last = match result {
            Ok(()) => {
                table.take(after);
                self.replicas.lock().adopt(&table.record, due);
                match change {
                    Change::Create | Change::Settings => {}
                    Change::Rename(_) => self.index.remove_name(&old_name, table_id),
                    Change::Drop => {
                        // The partitions had a primary, so its name is empty from now on.
                        table.just_made = false;
                        self.index.remove_name(&old_name, table_id);
                        // The remote tables of a dropped table are free for other tables.
                        for duplication in self.tables[&table_id].duplications() {
                            self.index.remove(table_id, duplication);
                        }
                    }
                    Change::Recall => {
                        if std::mem::take(&mut table.record.dropped_too_early) {
                            // The replica servers find no complete replica to load.
                            self.replicas.lock().set_alive(0, due.placing_ms);
                            effects.push(Effect::EndReplicaServers(call));
                        }
                        for duplication in self.tables[&table_id].duplications() {
                            self.index.insert(table_id, duplication);
                        }
                    }
                }
                Effect::Respond(call, response)
            }
            Err(StoreFailure::NotStored(_)) => {
                table.altering = None;
                table.status = before;
                match change {
                    Change::Create => {
                        self.index.remove_name(&old_name, table_id);
                        self.tables.remove(&table_id);
                    }
                    Change::Drop | Change::Settings => {}
                    Change::Recall => self.index.remove_name(&after.name, table_id),
                    Change::Rename(old) => {
                        // A real server that has responded already ends, and starts with the old name.
                        table.record.name = old;
                        self.index.remove_name(&after.name, table_id);
                    }
                }
                Effect::Respond(call, refusal)
            }
            // The table stays as it is shown now, because nobody knows whether the change was stored
            // until the store is opened again.
            Err(StoreFailure::Uncertain(_)) => {
                table.altering = Some(LOST);
                Effect::HangUp(call)
            }
        };
        effects.push(last);
        effects
    }
}
