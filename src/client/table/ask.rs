//! Reads the list of tables, and the partitions of a table.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::client::ask::{self, garbled};
use crate::client::core::Core;
use crate::client::progress::{self, Step};
use crate::client::read_back::{Next, ReadBack};
use crate::client::try_error::TryError;
use crate::enums::TableStatus;
use crate::error::{Error, ErrorKind};
use crate::protocol::bare::RpcAddress;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::messages::{AppInfo, PartitionConfig, QueryConfig, QueryConfigRequest, Rpc};
use crate::resource::{PartitionReplicas, Table};
use crate::transport::connection::{Connection, Late};
use crate::transport::durations::CONFIRM;
use crate::transport::seams::Deadline;

/// The number that selects tables of every status.
const EVERY_STATUS: i32 = 0;

impl TableStatus {
    /// Returns the meaning of a number on the wire.
    pub(crate) fn from_number(number: i32) -> TableStatus {
        match number {
            1 => TableStatus::Available,
            2 => TableStatus::Creating,
            4 => TableStatus::Dropping,
            6 => TableStatus::Dropped,
            7 => TableStatus::Recalling,
            other => TableStatus::Unknown(other),
        }
    }
}

/// Reads all tables, dropped tables included.
pub(crate) async fn tables(
    connection: &Connection,
    subject: &str,
    deadline: Deadline,
) -> Result<Vec<AppInfo>, TryError> {
    progress::report(|| Step::Asking { server: connection.server.to_string() });
    ask::tables(connection, EVERY_STATUS, subject, deadline).await
}

/// Reads all tables after a server returned ERR_OK to a request of this kind. If the leader changes, the next
/// leader is asked, but not for long, because the outcome is known already.
pub(crate) async fn tables_afterwards<R: Rpc>(
    core: &Core,
    connection: &Arc<Connection>,
    table: &str,
    subject: &str,
    deadline: Deadline,
) -> Result<(Arc<Connection>, Vec<AppInfo>), TryError> {
    let mut no_response = Late::<R>::none();
    let until = deadline.or_after(CONFIRM);
    let mut reads = ReadBack::new(core, table, connection, &mut no_response, until);
    loop {
        let read = reads.read_with(|connection, deadline| async move {
            let tables = tables(&connection, subject, deadline).await?;
            Ok((connection, tables))
        });
        match read.await {
            Ok(read) => return Ok(read),
            Err(error) => match reads.pause().await {
                Next::Read => {}
                Next::Response(_) | Next::Over => return Err(error),
            },
        }
    }
}

/// Reads the partitions of a table, in the order of their indices. Returns `None` if the name does not lead
/// to the table with this id (any more), or the server is still creating or recalling the table.
pub(crate) async fn partitions(
    connection: &Connection,
    table: &str,
    table_id: i32,
    deadline: Deadline,
) -> Result<Option<Vec<PartitionReplicas>>, TryError> {
    let request = QueryConfigRequest { app_name: table.to_owned(), partition_indices: Vec::new() };
    let answer = connection.call::<QueryConfig>(&request, deadline).await?;
    if answer.err.says_not_applied() {
        return Err(TryError::NotApplied(answer.err));
    }
    if answer.err != ErrorCode::Ok || answer.app_id != Some(table_id) {
        return Ok(None);
    }
    let Some(partitions) = answer.partitions else {
        return Err(TryError::Refused(garbled(
            connection,
            "it says ERR_OK and lacks the partitions",
        )));
    };
    // A map keeps one entry for each index, in order, whatever the server sends.
    let by_index: BTreeMap<i32, PartitionReplicas> =
        partitions.iter().map(|one| (one.pid.partition_index, replicas(one))).collect();
    Ok(Some(by_index.into_values().collect()))
}

/// Converts a partition of a response.
fn replicas(of: &PartitionConfig) -> PartitionReplicas {
    let primary = place(&of.primary);
    let secondaries: Vec<String> = of.secondaries.iter().filter_map(place).collect();
    let replicas = i32::try_from(secondaries.len()).unwrap_or(i32::MAX).saturating_add(1);
    PartitionReplicas {
        partition: of.pid.partition_index,
        ready: primary.is_some() && replicas >= of.max_replica_count,
        primary,
        secondaries,
    }
}

/// Returns a replica server as `HOST:PORT`, or `None` for an invalid address.
fn place(address: &RpcAddress) -> Option<String> {
    address.0.map(|address| address.to_string())
}

/// Converts a table of a response.
pub(crate) fn table(info: AppInfo) -> Table {
    let status = TableStatus::from_number(info.status);
    // A recalled table keeps the times of its drop, so they only count for a table that is dropped.
    let dropped = matches!(status, TableStatus::Dropping | TableStatus::Dropped);
    let ms =
        |seconds: i64| Some(seconds).filter(|&one| one > 0).map(|one| one.saturating_mul(1000));
    Table {
        table: info.app_name,
        table_id: info.app_id,
        status: Some(status),
        partition_count: info.partition_count,
        replica_count: info.max_replica_count,
        atomic_idempotent: info.atomic_idempotent,
        envs: info.envs,
        duplicating: info.duplicating,
        create_ts_ms: ms(info.create_second),
        drop_ts_ms: ms(info.drop_second).filter(|_| dropped),
        expire_ts_ms: ms(info.expire_second).filter(|_| dropped),
        ready_partitions: None,
        partitions: Vec::new(),
    }
}

/// Returns the error for a table that does not exist.
pub(crate) fn no_such_table(name: &str) -> Error {
    Error::new(ErrorKind::TableNotFound, format!("no such table: table={name}"))
        .with_hint("list the tables, dropped tables included, to see what exists")
}

/// Adds the partitions to a table.
pub(crate) fn with_partitions(table: Table, partitions: Vec<PartitionReplicas>) -> Table {
    let ready = partitions.iter().filter(|one| one.ready).count();
    Table { ready_partitions: i32::try_from(ready).ok(), partitions, ..table }
}
