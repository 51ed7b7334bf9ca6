//! A request, put together step by step; and the operation that it describes once it is complete.

use super::boundary::{catch, status};
use super::numbers::*;
use super::pointers::{Out, Text, given};
use crate::client::operation::Operation;
use crate::client::{DuplicationSpec, Selector, TablePattern};
use crate::enums::{MatchType, OperationKind};
use crate::outcome::FailMode;

/// What to ask for, put together step by step: for what the plain functions have no arguments for,
/// for text that isn't NUL-terminated, and for calls in the background. Owned by who made it; a call
/// keeps nothing of it, so it may be used for many, and freed at any time. One thread at a time while
/// it is being set, any number while it isn't.
#[derive(Debug)]
pub struct Request {
    operation: OperationKind,
    table: Option<String>,
    cluster: Option<String>,
    dupid: Option<i32>,
    remote_table: Option<String>,
    remote_replica_count: Option<i32>,
    checkpoint: bool,
    fail_mode: Option<FailMode>,
    tables: TablePattern,
}

/// Which duplication: by its dupid unless that is 0, else by the remote cluster; one of them, not both.
pub(crate) fn selector(dupid: i32, cluster: Option<&str>) -> Result<Selector, Refusal> {
    match (dupid, cluster) {
        (0, Some(cluster)) => Ok(Selector::Cluster(cluster.to_owned())),
        (0, None) | (_, Some(_)) => Err(Refusal(PEGASUS_DUP_BAD_ARGUMENT)),
        (dupid, None) => Ok(Selector::Dupid(dupid)),
    }
}

/// Returns the tables that a match type and a text select. All tables need no text.
pub(crate) fn tables(which: i32, text: Option<&str>) -> Result<TablePattern, Refusal> {
    let text = || text.map(str::to_owned).ok_or(Refusal(PEGASUS_DUP_NULL_ARGUMENT));
    Ok(match value(which)? {
        MatchType::All => TablePattern::All,
        MatchType::Exact => TablePattern::Exact(text()?),
        MatchType::Anywhere => TablePattern::Anywhere(text()?),
        MatchType::Prefix => TablePattern::Prefix(text()?),
        MatchType::Postfix => TablePattern::Postfix(text()?),
    })
}

impl Request {
    fn new(operation: OperationKind) -> Request {
        Request {
            operation,
            table: None,
            cluster: None,
            dupid: None,
            remote_table: None,
            remote_replica_count: None,
            checkpoint: false,
            fail_mode: None,
            tables: TablePattern::All,
        }
    }

    /// The operation that this request describes, if it says all that is needed.
    pub(crate) fn complete(&self) -> Result<Operation, Refusal> {
        const INCOMPLETE: Refusal = Refusal(PEGASUS_DUP_BAD_ARGUMENT);
        let table = || self.table.clone().ok_or(INCOMPLETE);
        let which = || match (self.dupid, self.cluster.as_deref()) {
            // A dupid of 0 that was given on purpose: the call's own error says what is wrong.
            (Some(0), None) => Ok(Selector::Dupid(0)),
            (dupid, cluster) => selector(dupid.unwrap_or(0), cluster),
        };
        Ok(match self.operation {
            OperationKind::Add => Operation::Add(DuplicationSpec {
                remote_table: self.remote_table.clone(),
                remote_replica_count: self.remote_replica_count,
                checkpoint: self.checkpoint,
                ..DuplicationSpec::new(table()?, self.cluster.clone().ok_or(INCOMPLETE)?)
            }),
            OperationKind::Query => Operation::Query(table()?),
            OperationKind::List => Operation::List(self.tables.clone()),
            OperationKind::ListByTable => Operation::ListByTable(self.tables.clone()),
            OperationKind::Start => Operation::Start(table()?, which()?),
            OperationKind::Pause => Operation::Pause(table()?, which()?),
            OperationKind::Remove => Operation::Remove(table()?, which()?),
            OperationKind::SetFailMode => {
                Operation::SetFailMode(table()?, which()?, self.fail_mode.ok_or(INCOMPLETE)?)
            }
            OperationKind::Info => Operation::Info,
        })
    }
}

/// Makes a request for an operation, one of `PEGASUS_DUP_OPERATION_*`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_new(
    operation: i32,
    request: Out<'_, Option<Box<Request>>>,
) -> i32 {
    status(|| {
        let request = given(request)?;
        let operation = value(operation)?;
        request.write(Some(Box::new(Request::new(operation))));
        Ok(())
    })
}

/// The table whose writes are shipped.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_table(request: Option<&mut Request>, table: Text) -> i32 {
    status(|| {
        given(request)?.table = Some(table.terminated()?.to_owned());
        Ok(())
    })
}

/// `pegasus_dup_request_set_table` for text of a given length, without a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_table_n(
    request: Option<&mut Request>,
    table: Text,
    length: usize,
) -> i32 {
    status(|| {
        given(request)?.table = Some(table.sized(length)?.to_owned());
        Ok(())
    })
}

/// The remote cluster, by the name that the meta servers' configuration gives it.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_cluster(
    request: Option<&mut Request>,
    cluster: Text,
) -> i32 {
    status(|| {
        given(request)?.cluster = Some(cluster.terminated()?.to_owned());
        Ok(())
    })
}

/// `pegasus_dup_request_set_cluster` for text of a given length, without a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_cluster_n(
    request: Option<&mut Request>,
    cluster: Text,
    length: usize,
) -> i32 {
    status(|| {
        given(request)?.cluster = Some(cluster.sized(length)?.to_owned());
        Ok(())
    })
}

/// The table's name in the remote cluster, for an add. NULL, the default: the table's own name.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_remote_table(
    request: Option<&mut Request>,
    remote_table: Text,
) -> i32 {
    status(|| {
        given(request)?.remote_table = remote_table.terminated_or_null()?.map(str::to_owned);
        Ok(())
    })
}

/// `pegasus_dup_request_set_remote_table` for text of a given length, without a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_remote_table_n(
    request: Option<&mut Request>,
    remote_table: Text,
    length: usize,
) -> i32 {
    status(|| {
        given(request)?.remote_table = Some(remote_table.sized(length)?.to_owned());
        Ok(())
    })
}

/// The remote table's replica count, for an add. 0, the default: the table's own.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_remote_replica_count(
    request: Option<&mut Request>,
    remote_replica_count: i32,
) -> i32 {
    status(|| {
        given(request)?.remote_replica_count = Some(remote_replica_count);
        Ok(())
    })
}

/// Whether an add ships what the table holds already, as a checkpoint: 1 or 0. 0 by default.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_checkpoint(
    request: Option<&mut Request>,
    checkpoint: i32,
) -> i32 {
    status(|| {
        let request = given(request)?;
        request.checkpoint = boolean(checkpoint)?;
        Ok(())
    })
}

/// Selects the duplication by its dupid. 0, the default, selects it by the cluster; if no cluster is
/// set either, the call ends in `PEGASUS_DUP_ERROR_INVALID_ARGUMENT`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_dupid(request: Option<&mut Request>, dupid: i32) -> i32 {
    status(|| {
        given(request)?.dupid = Some(dupid);
        Ok(())
    })
}

/// The fail mode to set, one of `PEGASUS_DUP_FAIL_*`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_fail_mode(
    request: Option<&mut Request>,
    fail_mode: i32,
) -> i32 {
    status(|| {
        let request = given(request)?;
        request.fail_mode = Some(value(fail_mode)?);
        Ok(())
    })
}

/// Which tables to list: one of `PEGASUS_DUP_TABLES_*`, and the text that it speaks of, which is not
/// looked at for `PEGASUS_DUP_TABLES_ALL`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_tables(
    request: Option<&mut Request>,
    which: i32,
    text: Text,
) -> i32 {
    status(|| {
        given(request)?.tables = tables(which, text.terminated_or_null()?)?;
        Ok(())
    })
}

/// `pegasus_dup_request_set_tables` for text of a given length, without a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_tables_n(
    request: Option<&mut Request>,
    which: i32,
    text: Text,
    length: usize,
) -> i32 {
    status(|| {
        given(request)?.tables = tables(which, Some(text.sized(length)?))?;
        Ok(())
    })
}

/// Frees a request. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_free(request: Option<Box<Request>>) {
    catch((), || drop(request));
}
