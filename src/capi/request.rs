//! A request: a description of a call that is set up step by step. The values that only one kind of
//! resource needs are set in a file of their own.

pub mod backup_policy;
pub mod table;

use super::boundary::{catch, status};
use super::numbers::*;
use super::pointers::{Out, Text, given};
use crate::client::draft::Draft;
use crate::client::{Operation, TablePattern};
use crate::enums::MatchType;
use crate::history::Recorder;

/// A description of a call that is set up step by step. A request is needed for a call in the
/// background, for text that does not end with a NUL, and for values that the plain functions have
/// no arguments for. The caller owns the handle and frees it once. A call copies the request, so
/// the same request may be used for several calls and freed at any time. Only one thread at a time
/// may use a request while a value is being set. Otherwise any number of threads may use it.
#[derive(Debug)]
pub struct Request {
    draft: Draft,
    pub(crate) record_history: bool,
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
    /// Returns the operation that this request describes.
    pub(crate) fn complete(&self) -> Result<Operation, Refusal> {
        complete(&self.draft)
    }

    /// Returns the recorder of a call, if the call is to record its history.
    pub(crate) fn recorder(&self) -> Option<Recorder> {
        self.record_history.then(Recorder::default)
    }
}

/// Returns the operation that a draft describes, if the draft has all the values that the operation needs.
pub(crate) fn complete(draft: &Draft) -> Result<Operation, Refusal> {
    draft.complete().ok_or(Refusal(PEGASUS_DUP_BAD_ARGUMENT))
}

/// Creates a request for an operation, one of `PEGASUS_DUP_OPERATION_*`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_new(
    operation: i32,
    request: Out<'_, Option<Box<Request>>>,
) -> i32 {
    status(|| {
        let request = given(request)?;
        let operation = value(operation)?;
        let draft = Draft::new(operation);
        request.write(Some(Box::new(Request { draft, record_history: false })));
        Ok(())
    })
}

/// Sets the name of the table that the operation is about. For an operation on duplications this is
/// the table whose writes are shipped.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_table(request: Option<&mut Request>, table: Text) -> i32 {
    status(|| {
        given(request)?.draft.table = Some(table.terminated()?.to_owned());
        Ok(())
    })
}

/// Works like `pegasus_dup_request_set_table`, for a text of the given length without a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_table_n(
    request: Option<&mut Request>,
    table: Text,
    length: usize,
) -> i32 {
    status(|| {
        given(request)?.draft.table = Some(table.sized(length)?.to_owned());
        Ok(())
    })
}

/// Sets the remote cluster, by the name that it has in the configuration of the meta servers.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_cluster(
    request: Option<&mut Request>,
    cluster: Text,
) -> i32 {
    status(|| {
        given(request)?.draft.cluster = Some(cluster.terminated()?.to_owned());
        Ok(())
    })
}

/// Works like `pegasus_dup_request_set_cluster`, for a text of the given length without a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_cluster_n(
    request: Option<&mut Request>,
    cluster: Text,
    length: usize,
) -> i32 {
    status(|| {
        given(request)?.draft.cluster = Some(cluster.sized(length)?.to_owned());
        Ok(())
    })
}

/// Sets the name of the table in the remote cluster, for an add. NULL, the default, stands for the
/// name that the table has in this cluster.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_remote_table(
    request: Option<&mut Request>,
    remote_table: Text,
) -> i32 {
    status(|| {
        given(request)?.draft.remote_table = remote_table.terminated_or_null()?.map(str::to_owned);
        Ok(())
    })
}

/// Works like `pegasus_dup_request_set_remote_table`, for a text of the given length without a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_remote_table_n(
    request: Option<&mut Request>,
    remote_table: Text,
    length: usize,
) -> i32 {
    status(|| {
        given(request)?.draft.remote_table = Some(remote_table.sized(length)?.to_owned());
        Ok(())
    })
}

/// Sets the replica count of the remote table, for an add. 0, the default, stands for the replica
/// count that the table has in this cluster.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_remote_replica_count(
    request: Option<&mut Request>,
    remote_replica_count: i32,
) -> i32 {
    status(|| {
        given(request)?.draft.remote_replica_count = Some(remote_replica_count);
        Ok(())
    })
}

/// Sets whether an add also ships the data that the table already holds, as a checkpoint: 1 or 0.
/// The default is 0.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_checkpoint(
    request: Option<&mut Request>,
    checkpoint: i32,
) -> i32 {
    status(|| {
        let request = given(request)?;
        request.draft.checkpoint = boolean(checkpoint)?;
        Ok(())
    })
}

/// Selects the duplication by its dupid. If the dupid is 0, the remote cluster selects the
/// duplication. If the dupid is 0 and no remote cluster is set, the call fails with
/// `PEGASUS_DUP_ERROR_INVALID_ARGUMENT`. If neither was ever set, the call is refused with
/// `PEGASUS_DUP_BAD_ARGUMENT`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_dupid(request: Option<&mut Request>, dupid: i32) -> i32 {
    status(|| {
        given(request)?.draft.dupid = Some(dupid);
        Ok(())
    })
}

/// Sets the requested fail mode, one of `PEGASUS_DUP_FAIL_*`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_fail_mode(
    request: Option<&mut Request>,
    fail_mode: i32,
) -> i32 {
    status(|| {
        let request = given(request)?;
        request.draft.fail_mode = Some(value(fail_mode)?);
        Ok(())
    })
}

/// Selects the tables to list. `which` is one of `PEGASUS_DUP_TABLES_*`, and `text` is the text
/// that the names are compared with. `PEGASUS_DUP_TABLES_ALL` ignores the text.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_tables(
    request: Option<&mut Request>,
    which: i32,
    text: Text,
) -> i32 {
    status(|| {
        given(request)?.draft.tables = tables(which, text.terminated_or_null()?)?;
        Ok(())
    })
}

/// Works like `pegasus_dup_request_set_tables`, for a text of the given length without a NUL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_set_tables_n(
    request: Option<&mut Request>,
    which: i32,
    text: Text,
    length: usize,
) -> i32 {
    status(|| {
        given(request)?.draft.tables = tables(which, Some(text.sized(length)?))?;
        Ok(())
    })
}

/// Frees a request. NULL is allowed.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_request_free(request: Option<Box<Request>>) {
    catch((), || drop(request));
}
