//! Asking what is there: the list RPC with an exact match where the server has it, else the query
//! RPC. Being handled at all, the list RPC proves the server to be `dup-exist`.

use super::learn;
use super::planted::{self, Bug};
use super::progress::{self, Step};
use crate::error::{Error, ErrorKind};
use crate::outcome::{Duplication, FailMode, PartitionProgress};
use crate::protocol::error_code::ErrorCode;
use crate::protocol::generation::{Generation, Status};
use crate::protocol::messages::{
    Entry, ListAnswer, ListDuplication, ListRequest, QueryConfig, QueryConfigRequest,
    QueryDuplication, QueryRequest, match_type,
};
use crate::transport::connection::{CallError, Connection};
use crate::transport::durations::one_try;
use crate::transport::seams::Deadline;

/// What a server told of one table.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The table's id.
    pub(crate) table_id: i32,
    /// The server's generation, where it is known.
    pub(crate) generation: Option<Generation>,
    /// All its duplications, in dupid order.
    pub(crate) duplications: Vec<Duplication>,
}

impl Asked {
    /// What is there to that cluster. A duplication that is being removed counts only where there is
    /// no other.
    pub(crate) fn into_listed(self, cluster: &str) -> Listed {
        let (mut leaving, mut to_it): (Vec<Duplication>, Vec<Duplication>) = self
            .duplications
            .into_iter()
            .filter(|one| one.cluster == cluster)
            .partition(Duplication::is_being_removed);
        // The older one first.
        to_it.sort_by_key(|one| (one.create_ts_ms, one.dupid));
        if planted::is(Bug::FirstOfTwo) {
            to_it.truncate(1);
        }
        match to_it.len() {
            0 => leaving.pop().map_or(Listed::None, Listed::Unsettled),
            1 => match to_it.pop() {
                Some(one) if one.status == Some(Status::Init) && !planted::is(Bug::IgnoreInit) => {
                    Listed::Unsettled(one)
                }
                Some(one) => Listed::One(one),
                None => Listed::None,
            },
            _ => Listed::Many(to_it),
        }
    }
}

/// What is listed to one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listed {
    /// Nothing.
    None,
    /// One of which nothing can be said yet. In DS_INIT it is shown before it is stored, and
    /// forgotten if the server crashes; in DS_REMOVED it is still shown, and about to be gone.
    Unsettled(Duplication),
    /// One that is stored.
    One(Duplication),
    /// Two or more, the oldest first: there should be one at the most.
    Many(Vec<Duplication>),
    /// It can't be told.
    Unknown(String),
    /// It was not asked for.
    NotAsked,
}

/// Why asking failed.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum AskError {
    /// The server's answer is final.
    #[error("{}", .0.brief())]
    Refused(Error),
    /// This server did nothing with it; another one, or another time, may do better.
    #[error("the meta server is not ready, or not the leader: it answered {0}")]
    NotApplied(ErrorCode),
    /// No answer.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Asks about one table.
pub(crate) async fn ask(
    connection: &Connection,
    table: &str,
    deadline: Deadline,
) -> Result<Asked, AskError> {
    progress::report(|| Step::Asking { server: connection.server.to_string() });
    if let Some(asked) = ask_by_list(connection, table, deadline).await? {
        return Ok(asked);
    }
    ask_by_query(connection, table, deadline).await
}

/// `None` where the list RPC isn't handled, is refused, or doesn't name the table: the query's
/// answer, or its error, is the answer then.
async fn ask_by_list(
    connection: &Connection,
    table: &str,
    deadline: Deadline,
) -> Result<Option<Asked>, AskError> {
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
        return Err(AskError::Refused(garbled(connection, "the list contradicts itself")));
    }
    let entries = state.duplications.into_values();
    Ok(Some(asked(table, state.appid, proven, entries)))
}

/// The list RPC's answer, and the generation by which to read it. `None` where the server
/// hasn't got it; then it is known afterwards what else the server is.
pub(crate) async fn list_rpc(
    connection: &Connection,
    request: &ListRequest,
    deadline: Deadline,
) -> Result<Option<(ListAnswer, Option<Generation>)>, AskError> {
    if learn::has_no_list(connection) {
        return Ok(None);
    }
    match connection.call::<ListDuplication>(request, deadline).await {
        Ok(answer) => {
            learn::record_proof_of_dup_exist(connection);
            if answer.err.says_not_applied() {
                return Err(AskError::NotApplied(answer.err));
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

async fn ask_by_query(
    connection: &Connection,
    table: &str,
    deadline: Deadline,
) -> Result<Asked, AskError> {
    let request = QueryRequest { app_name: table.to_owned() };
    let answer = connection.call::<QueryDuplication>(&request, deadline).await?;
    match answer.err {
        ErrorCode::Ok => {}
        code if code.says_not_applied() => return Err(AskError::NotApplied(code)),
        code => return Err(AskError::Refused(refusal(connection, table, &code))),
    }
    let (Some(table_id @ 1..), Some(entries)) = (answer.appid, answer.entry_list) else {
        return Err(AskError::Refused(garbled(
            connection,
            "ERR_OK without a table or a list in it",
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
    let duplications =
        entries.map(|entry| duplication(table, table_id, generation, entry)).collect();
    Asked { table_id, generation, duplications }
}

/// A listed entry as a caller sees it.
pub(crate) fn duplication(
    table: &str,
    table_id: i32,
    generation: Option<Generation>,
    entry: Entry,
) -> Duplication {
    let status = match (generation, entry.status) {
        (Some(generation), number) => Some(generation.status(number)),
        // The one number that means the same to all of them.
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

/// The table's own replica count, as its partitions have it. `None` if the server does not tell it.
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

/// A refusal to tell, as an error.
pub(crate) fn refusal(connection: &Connection, table: &str, code: &ErrorCode) -> Error {
    let (kind, message) = match code {
        ErrorCode::AppNotExist | ErrorCode::ObjectNotFound => {
            (ErrorKind::TableNotFound, format!("no such table: table={table}"))
        }
        ErrorCode::AclDeny => {
            (ErrorKind::PermissionDenied, "the server's access control refused it".to_owned())
        }
        ErrorCode::Busy => (ErrorKind::Busy, "the server is busy".to_owned()),
        _ => (ErrorKind::Protocol, format!("the server refused to tell: table={table}")),
    };
    Error::new(kind, message).with_code(code).with_server(&connection.server)
}

/// An answer that contradicts itself, or lacks what it must have.
pub(crate) fn garbled(connection: &Connection, what: &str) -> Error {
    Error::new(ErrorKind::Protocol, format!("the server's answer makes no sense: {what}"))
        .with_server(&connection.server)
}
