//! The rules that change nothing. They show the state as it is, and never wait for an update.

use super::State;
use super::nodes::Node;
use super::replicas::Partition;
use super::rule::{Context, ReadRule};
use super::table::{DuplicationState, Table, TableStatus};
use crate::protocol::bare::{Gpid, HostPort, RpcAddress};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::generation::Status;
use crate::protocol::messages::{
    AppInfo, AppState, Entry, ListApps, ListAppsRequest, ListAppsResponse, ListDuplication,
    ListRequest, ListResponse, PartitionConfig, PartitionState, QueryConfig, QueryConfigRequest,
    QueryConfigResponse, QueryDuplication, QueryRequest, QueryResponse, ResponseStruct, match_type,
};
use crate::server::spec::MAX_PARTITIONS;

/// The number that stands for every status in [`ListAppsRequest`].
const ANY: i32 = 0;

impl ReadRule for QueryDuplication {
    fn read(state: &mut State, request: &QueryRequest, context: &Context<'_>) -> QueryResponse {
        state.query(&request.app_name, context.now_ms)
    }
}

impl ReadRule for ListDuplication {
    fn read(state: &mut State, request: &ListRequest, context: &Context<'_>) -> ListResponse {
        state.list(request, context.now_ms)
    }
}

impl ReadRule for ListApps {
    fn read(state: &mut State, request: &ListAppsRequest, _: &Context<'_>) -> ListAppsResponse {
        state.list_apps(request)
    }
}

impl ReadRule for QueryConfig {
    fn read(
        state: &mut State,
        request: &QueryConfigRequest,
        context: &Context<'_>,
    ) -> QueryConfigResponse {
        state.steady(context.now_ms);
        state.query_config(request)
    }
}

impl State {
    /// Returns the duplications of one table.
    pub(crate) fn query(&mut self, table: &str, now_ms: i64) -> QueryResponse {
        let now = self.steady(now_ms);
        match self.table(table) {
            Some(table) => QueryResponse {
                err: ErrorCode::Ok,
                appid: Some(table.record.id),
                entry_list: Some(self.entries(table, now).collect()),
            },
            None => QueryResponse {
                err: ErrorCode::AppNotExist,
                appid: Some(0),
                entry_list: Some(Vec::new()),
            },
        }
    }

    /// Returns whether the HTTP page of a table's duplications ends a real server: whether a
    /// duplication of the table has a remote table whose name is not UTF-8.
    pub(crate) fn page_ends_it(&self, table: &str) -> bool {
        let is_bad = |duplication: &DuplicationState| !duplication.remote_table_is_utf8;
        self.rules.dies_of_bad_utf8
            && self.table(table).is_some_and(|table| table.duplications().any(is_bad))
    }

    /// Returns the duplications of many tables.
    pub(super) fn list(&mut self, request: &ListRequest, now_ms: i64) -> ListResponse {
        let now = self.steady(now_ms);
        let (err, hint, matches) = match Pattern::new(request.match_type, &request.app_name_pattern)
        {
            Ok(pattern) => (ErrorCode::Ok, String::new(), Some(pattern)),
            Err(hint) => (ErrorCode::NotImplemented, hint, None),
        };
        let tables = self.tables.values().filter(|table| {
            table.status == TableStatus::Available
                && matches.as_ref().is_some_and(|pattern| pattern.matches(&table.record.name))
        });
        let app_states = tables
            .map(|table| {
                let state = AppState {
                    appid: table.record.id,
                    duplications: self
                        .entries(table, now)
                        .map(|entry| (entry.dupid, entry))
                        .collect(),
                    app_name: Some(table.record.name.clone()),
                    partition_count: Some(table.record.partitions),
                };
                (table.record.name.clone(), state)
            })
            .collect();
        ListResponse { err, hint_message: Some(hint), app_states: Some(app_states) }
    }

    /// Returns the tables.
    fn list_apps(&self, request: &ListAppsRequest) -> ListAppsResponse {
        // Servers before January 2025 ignore fields 2 and 3. Later servers use them only if both
        // are present, and look at the match type only when they compare the first table.
        let no_tables = self.tables.values().next().is_none();
        let pattern = match (request.match_type, &request.app_name_pattern) {
            (Some(kind), Some(pattern)) if self.rules.table_patterns && !no_tables => {
                Pattern::new(kind, pattern)
            }
            _ => Ok(Pattern::All),
        };
        let pattern = match pattern {
            Ok(pattern) => pattern,
            Err(hint) => {
                return ListAppsResponse {
                    err: ErrorCode::NotImplemented,
                    infos: Some(Vec::new()),
                    hint_message: Some(hint),
                };
            }
        };
        let infos = self
            .tables
            .values()
            .filter(|table| {
                let status = [ANY, table.status.number()].contains(&request.status);
                status && pattern.matches(&table.record.name)
            })
            .map(|table| self.app_info(table))
            .collect();
        ListAppsResponse { err: ErrorCode::Ok, infos: Some(infos), hint_message: None }
    }

    /// Returns a table as responses show it.
    pub(super) fn app_info(&self, table: &Table) -> AppInfo {
        let has_duplications = || {
            table.has_forgotten || table.duplications().any(|dup| dup.life.status != Status::Init)
        };
        AppInfo {
            status: table.status.number(),
            app_type: "pegasus".to_owned(),
            app_name: table.record.name.clone(),
            app_id: table.record.id,
            partition_count: table.record.partitions,
            envs: self.envs(table).into_owned(),
            is_stateful: true,
            max_replica_count: table.record.replicas,
            expire_second: table.record.expire_second,
            create_second: table.record.create_second,
            drop_second: table.record.drop_second,
            duplicating: (table.had_duplications || !self.rules.silent_on_duplicating)
                .then(has_duplications),
            init_partition_count: Some(table.record.init_partitions.unwrap_or(-1)),
            is_bulk_loading: Some(false),
            atomic_idempotent: self
                .rules
                .atomic_idempotence
                .then_some(table.record.atomic_idempotent),
        }
    }

    /// Returns the partitions of a table. A partition without replicas has no primary.
    fn query_config(&self, request: &QueryConfigRequest) -> QueryConfigResponse {
        // Servers before 2.6 treat the name as a C string here, which a NUL ends.
        let name = match self.rules.remote_names {
            true => request.app_name.as_str(),
            false => request.app_name.split('\0').next().unwrap_or_default(),
        };
        let Some(table) = self.named(name) else {
            return QueryConfigResponse::refused(ErrorCode::ObjectNotFound);
        };
        if let Some(busy) = table.status.busy() {
            return QueryConfigResponse::refused(busy);
        }
        let names = self.rules.remote_names;
        let replicas = self.replicas.lock();
        let partition = |index: i32| {
            let Partition { ballot, primary, secondaries, dropped, had_primary, .. } =
                replicas.partition(table.record.id, index);
            // A partition without a primary has an empty name if it had a primary or if the table was
            // read from the store, and otherwise no name.
            let no_name = || (had_primary || !table.just_made).then(HostPort::default);
            let hp_primary = primary.map_or_else(no_name, |node| Some(node.host_port()));
            let addresses = |nodes: &[Node]| nodes.iter().map(|node| node.address()).collect();
            let named =
                |nodes: &[Node]| names.then(|| nodes.iter().map(|node| node.host_port()).collect());
            PartitionConfig {
                pid: Gpid { app_id: table.record.id, partition_index: index },
                ballot,
                max_replica_count: table.record.replicas,
                primary: primary.map_or(RpcAddress(None), Node::address),
                secondaries: addresses(&secondaries),
                last_drops: addresses(&dropped),
                last_committed_decree: 0,
                partition_flags: 0,
                hp_primary: hp_primary.filter(|_| names),
                hp_secondaries: named(&secondaries),
                hp_last_drops: named(&dropped),
            }
        };
        // A partition is returned as often as the request names it, but a response is never longer
        // than that about the largest table. If the request names no partition of the table, all
        // partitions are returned.
        let there = |index: &&i32| (0..table.record.partitions).contains(*index);
        let asked = request.partition_indices.iter().filter(there).take(MAX_PARTITIONS as usize);
        let mut partitions: Vec<PartitionConfig> = asked.copied().map(partition).collect();
        if partitions.is_empty() {
            partitions = (0..table.record.partitions).map(partition).collect();
        }
        QueryConfigResponse {
            err: ErrorCode::Ok,
            app_id: Some(table.record.id),
            partition_count: Some(table.record.partitions),
            is_stateful: Some(true),
            partitions: Some(partitions),
        }
    }

    /// Returns the duplications of a table in the order of their dupids, with their status at
    /// `now_ms`.
    fn entries<'a>(&'a self, table: &'a Table, now_ms: i64) -> impl Iterator<Item = Entry> + 'a {
        table.duplications().map(move |dup| self.entry(table, dup, now_ms))
    }

    fn entry(&self, table: &Table, dup: &DuplicationState, now_ms: i64) -> Entry {
        let rules = &self.rules;
        let life = dup.life.at(self.clock, now_ms);
        let states = || {
            let (confirmed, committed) = life.decrees(self.clock, dup.create_ts_ms, now_ms);
            (0..table.record.partitions)
                .map(|index| {
                    // The decrees of a partition are greater by the partition's index than those of
                    // partition 0, so that partitions can be told apart. An unknown decree is
                    // unknown for all partitions.
                    let of =
                        |decree: i64| if decree < 0 { decree } else { decree + i64::from(index) };
                    let rule = self
                        .partitions
                        .iter()
                        .rfind(|rule| rule.partition == index && rule.table == table.record.name);
                    let (confirmed, committed) = (of(confirmed), of(committed));
                    let state = PartitionState {
                        confirmed_decree: rule.map_or(confirmed, |rule| {
                            rule.hold_back.confirmed(confirmed, committed)
                        }),
                        last_committed_decree: committed,
                    };
                    (index, state)
                })
                .collect()
        };
        Entry {
            dupid: dup.dupid,
            status: rules
                .generation
                .status_number(life.status)
                .expect("a status is adopted before it is kept"),
            remote: dup.cluster.clone(),
            create_ts: dup.create_ts_ms,
            progress: None,
            fail_mode: dup.fail_mode.number(),
            remote_app_name: rules.remote_names.then(|| dup.remote_table.clone()),
            remote_replica_count: rules.remote_names.then_some(dup.remote_replica_count),
            mode: None,
            partition_states: rules.partition_states.then(states),
        }
    }
}

/// The condition on the names of tables.
enum Pattern<'a> {
    All,
    Exact(&'a str),
    Anywhere(&'a str),
    Prefix(&'a str),
    Postfix(&'a str),
}

impl<'a> Pattern<'a> {
    fn new(kind: i32, text: &'a str) -> Result<Pattern<'a>, String> {
        let name = match kind {
            match_type::ALL => return Ok(Pattern::All),
            match_type::EXACT => return Ok(Pattern::Exact(text)),
            match_type::ANYWHERE => return Ok(Pattern::Anywhere(text)),
            match_type::PREFIX => return Ok(Pattern::Prefix(text)),
            match_type::POSTFIX => return Ok(Pattern::Postfix(text)),
            match_type::INVALID => "invalid",
            match_type::REGEX => "regex",
            _ => "Unknown",
        };
        Err(format!("match_type is not supported: val={kind}, str={name}"))
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Pattern::All => true,
            Pattern::Exact(text) => name == *text,
            Pattern::Anywhere(text) => name.contains(text),
            Pattern::Prefix(text) => name.starts_with(text),
            Pattern::Postfix(text) => name.ends_with(text),
        }
    }
}
