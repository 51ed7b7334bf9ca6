//! Reads the duplications of one table: by the list RPC with an exact match if the server has it,
//! otherwise by the query RPC. A server that handles the list RPC is thereby proven to be `dup-exist`.

use std::collections::BTreeMap;

use super::codes::{Meaning, Request};
use super::learn;
use super::listed::Listed;
use super::progress::{self, Step};
use super::try_error::TryError;
use crate::error::{Error, ErrorKind};
use crate::outcome::FailMode;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::generation::{Generation, Status};
use crate::protocol::messages::{
    AppInfo, ClusterInfo, ClusterInfoRequest, ClusterInfoResponse, Entry, ListApps,
    ListAppsRequest, ListDuplication, ListRequest, ListResponse, QueryConfig, QueryConfigRequest,
    QueryDuplication, QueryRequest, match_type,
};
use crate::resource::{Duplication, PartitionProgress};
use crate::transport::connection::{CallError, Connection};
use crate::transport::durations::one_try;
use crate::transport::seams::Deadline;

/// What a server reports about one table.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The id of the table.
    pub(crate) table_id: i32,
    /// The generation of the server, if it is known.
    pub(crate) generation: Option<Generation>,
    /// All duplications of the table, in the order of their dupids.
    pub(crate) duplications: Vec<Duplication>,
}

impl Asked {
    /// Returns the duplications to one remote cluster.
    pub(crate) fn into_listed(self, cluster: &str) -> Listed {
        Listed::of(self.duplications.into_iter().filter(|one| one.cluster == cluster))
    }
}

/// Reads one table.
pub(crate) async fn ask(
    connection: &Connection,
    table: &str,
    deadline: Deadline,
) -> Result<Asked, TryError> {
    progress::report(|| Step::Asking { server: connection.server.to_string() });
    if let Some(asked) = ask_by_list(connection, table, deadline).await? {
        return Ok(asked);
    }
    ask_by_query(connection, table, deadline).await
}

/// Reads one table by the list RPC. Returns `None` if the server does not have this RPC, refuses the
/// request, or does not list the table. The query RPC then decides.
async fn ask_by_list(
    connection: &Connection,
    table: &str,
    deadline: Deadline,
) -> Result<Option<Asked>, TryError> {
    let request = ListRequest { app_name_pattern: table.to_owned(), match_type: match_type::EXACT };
    let Some((answer, proven)) = list_rpc(connection, &request, deadline).await? else {
        return Ok(None);
    };
    if answer.err != ErrorCode::Ok {
        return Ok(None);
    }
    let Some(state) = answer.app_states.unwrap_or_default().remove(table) else {
        return Ok(None);
    };
    let same_name = state.app_name.as_deref().is_none_or(|name| name == table);
    let same_ids = state.duplications.iter().all(|(dupid, entry)| *dupid == entry.dupid);
    if !same_name || !same_ids || state.appid <= 0 {
        return Err(TryError::Refused(garbled(connection, "the list contradicts itself")));
    }
    let entries = state.duplications.into_values();
    Ok(Some(asked(table, state.appid, proven, entries)))
}

/// Sends the list RPC. Returns the response and the generation by which to interpret it, or `None` if the
/// server does not have this RPC. In both cases the server's generation is known afterwards.
pub(crate) async fn list_rpc(
    connection: &Connection,
    request: &ListRequest,
    deadline: Deadline,
) -> Result<Option<(ListResponse, Option<Generation>)>, TryError> {
    if learn::has_no_list(connection) {
        return Ok(None);
    }
    match connection.call::<ListDuplication>(request, deadline).await {
        Ok(answer) => {
            learn::record_proof_of_dup_exist(connection);
            if answer.err.says_not_applied() {
                return Err(TryError::NotApplied(answer.err));
            }
            Ok(Some((answer, learn::generation(connection))))
        }
        Err(CallError::Framework(ErrorCode::HandlerNotFound)) => {
            learn::find_out_without_list(connection, &request.app_name_pattern, deadline).await?;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// A table that requests name if it only matters whether the server handles them. It need not exist.
pub(crate) const ANY_TABLE: &str = "temp";

/// Finds out the generation of the server, by requests that change nothing on any version.
pub(crate) async fn find_generation(
    connection: &Connection,
    deadline: Deadline,
) -> Result<(), TryError> {
    let request =
        ListRequest { app_name_pattern: ANY_TABLE.to_owned(), match_type: match_type::EXACT };
    let listed = list_rpc(connection, &request, deadline).await;
    match connection.learnt.found() {
        // A refusal is fine, because it shows that the server handles the request.
        Some(_) => Ok(()),
        None => listed.map(|_| ()),
    }
}

/// Reads one table by the query RPC.
async fn ask_by_query(
    connection: &Connection,
    table: &str,
    deadline: Deadline,
) -> Result<Asked, TryError> {
    let request = QueryRequest { app_name: table.to_owned() };
    let answer = connection.call::<QueryDuplication>(&request, deadline).await?;
    check_read(connection, &answer.err, None, &format!("table={table}"))?;
    let (Some(table_id @ 1..), Some(entries)) = (answer.appid, answer.entry_list) else {
        return Err(TryError::Refused(garbled(
            connection,
            "it says ERR_OK and lacks the table or the list",
        )));
    };
    if !entries.is_empty() {
        connection.learnt.note_names(entries.iter().all(|entry| entry.remote_app_name.is_some()));
    }
    let generation = learn::generation(connection);
    Ok(asked(table, table_id, generation, entries.into_iter()))
}

fn asked(
    table: &str,
    table_id: i32,
    generation: Option<Generation>,
    entries: impl Iterator<Item = Entry>,
) -> Asked {
    let duplications = entries.map(|entry| duplication(table, table_id, generation, entry));
    Asked { table_id, generation, duplications: sorted(duplications.collect()) }
}

/// Sorts the duplications of a table by dupid. Servers return them in any order, and the same state has to
/// give the same result.
fn sorted(mut duplications: Vec<Duplication>) -> Vec<Duplication> {
    duplications.sort_by(|a, b| (a.dupid, &a.cluster).cmp(&(b.dupid, &b.cluster)));
    duplications
}

/// Converts an entry of a response into a duplication.
pub(crate) fn duplication(
    table: &str,
    table_id: i32,
    generation: Option<Generation>,
    entry: Entry,
) -> Duplication {
    let status = match (generation, entry.status) {
        (Some(generation), number) => Some(generation.status(number)),
        // This is the only number that means the same in all generations.
        (None, 0) => Some(Status::Init),
        (None, _) => None,
    };
    let known = |decree: i64| Some(decree).filter(|&decree| decree >= 0);
    let partitions = entry.partition_states.unwrap_or_default().into_iter();
    Duplication {
        table: table.to_owned(),
        table_id,
        cluster: entry.remote,
        dupid: entry.dupid,
        status,
        fail_mode: entry.fail_mode.map(FailMode::from_number),
        remote_table: entry.remote_app_name,
        remote_replica_count: entry.remote_replica_count,
        create_ts_ms: Some(entry.create_ts),
        partitions: partitions
            .map(|(partition, state)| PartitionProgress {
                partition,
                confirmed_decree: known(state.confirmed_decree),
                last_committed_decree: known(state.last_committed_decree),
            })
            .collect(),
    }
}

/// Reads the tables with a status, or all tables with 0 (RPC_CM_LIST_APPS). The list of a leader is complete,
/// unless access control hides tables. The pattern of the request is not used, because only some servers have
/// it. `subject` names what the request is about, as `key=value` pairs.
pub(crate) async fn tables(
    connection: &Connection,
    status: i32,
    subject: &str,
    deadline: Deadline,
) -> Result<Vec<AppInfo>, TryError> {
    let request = ListAppsRequest { status, app_name_pattern: None, match_type: None };
    let answer = connection.call::<ListApps>(&request, deadline).await?;
    check_read(connection, &answer.err, answer.hint_message.as_deref(), subject)?;
    answer.infos.ok_or_else(|| {
        TryError::Refused(garbled(connection, "it says ERR_OK and lacks the tables"))
    })
}

/// Returns the replica count of the table itself, or `None` if the server does not report it.
pub(crate) async fn replica_count(
    connection: &Connection,
    table: &str,
    deadline: Deadline,
) -> Option<i32> {
    let request = QueryConfigRequest { app_name: table.to_owned(), partition_indices: vec![0] };
    let answer = connection.call::<QueryConfig>(&request, one_try(deadline)).await.ok()?;
    let partitions = answer.partitions.filter(|_| answer.err == ErrorCode::Ok)?;
    partitions.first().map(|partition| partition.max_replica_count).filter(|&count| count > 0)
}

/// Returns the facts about the server's own cluster (RPC_CM_CLUSTER_INFO). Returns nothing if the server does not
/// report them. Servers of 2.2 and later terminate on this request if their configuration lacks the name of the
/// cluster, so the client looks at the configuration first.
pub(crate) async fn cluster_facts(
    connection: &Connection,
    deadline: Deadline,
) -> BTreeMap<String, String> {
    if connection.lacks_cluster_name(deadline).await {
        return BTreeMap::new();
    }
    match connection.call::<ClusterInfo>(&ClusterInfoRequest {}, deadline).await {
        Ok(ClusterInfoResponse { err: ErrorCode::Ok, keys: Some(keys), values: Some(values) }) => {
            keys.into_iter().zip(values).collect()
        }
        Ok(_) | Err(_) => BTreeMap::new(),
    }
}

/// Returns the name of the server's own cluster, or `None` if the server does not report the name.
pub(crate) async fn cluster_name(connection: &Connection, deadline: Deadline) -> Option<String> {
    let mut facts = cluster_facts(connection, one_try(deadline)).await;
    facts.remove("cluster_name").filter(|name| !name.is_empty())
}

/// Returns an error unless the code in the response to a read is ERR_OK. `subject` names what the request
/// was about, as `key=value` pairs.
pub(crate) fn check_read(
    connection: &Connection,
    code: &ErrorCode,
    hint: Option<&str>,
    subject: &str,
) -> Result<(), TryError> {
    let kind = match Request::Read.meaning(code, hint) {
        Meaning::Done => return Ok(()),
        Meaning::NotApplied => return Err(TryError::NotApplied(code.clone())),
        Meaning::Refused(kind) => kind,
        Meaning::Exists | Meaning::Unclear => ErrorKind::Protocol,
    };
    let error = Request::Read.refused(kind, code, subject).with_server(&connection.server);
    Err(TryError::Refused(match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }))
}

/// Returns the error for a response that contradicts itself or is incomplete.
pub(crate) fn garbled(connection: &Connection, what: &str) -> Error {
    Error::new(ErrorKind::Protocol, format!("the response makes no sense: {what}"))
        .with_server(&connection.server)
}
