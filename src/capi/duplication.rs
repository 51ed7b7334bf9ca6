//! Functions that read a duplication.

use std::ffi::{CString, c_char};
use std::ptr::null;

use super::boundary::{catch, status};
use super::numbers::{self, PEGASUS_DUP_BAD_ARGUMENT, PEGASUS_DUP_NONE, Refusal};
use super::pointers::{Out, c_string, given, or_null};
use crate::resource;

/// A duplication, as far as the server reported it. A duplication is always lent by an outcome and
/// is valid until the outcome is freed. The caller never frees it. It never changes, so any number
/// of threads may read it.
#[derive(Debug)]
pub struct Duplication {
    table: CString,
    cluster: CString,
    status: Option<CString>,
    fail_mode: Option<CString>,
    remote_table: Option<CString>,
    of: resource::Duplication,
}

impl Duplication {
    pub(crate) fn new(of: resource::Duplication) -> Duplication {
        Duplication {
            table: c_string(&of.table),
            cluster: c_string(&of.cluster),
            status: of.status.map(|status| c_string(&status.to_string())),
            fail_mode: of.fail_mode.map(|mode| c_string(&mode.to_string())),
            remote_table: of.remote_table.as_deref().map(c_string),
            of,
        }
    }
}

/// Returns the result of `of` for a duplication, or `otherwise` if the handle is NULL or `of`
/// returns nothing.
fn read<T>(
    duplication: Option<&Duplication>,
    otherwise: T,
    of: impl FnOnce(&Duplication) -> Option<T>,
) -> T
where
    T: Copy,
{
    catch(otherwise, || duplication.and_then(of).unwrap_or(otherwise))
}

/// Returns the name of the table whose writes are shipped.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_table(
    duplication: Option<&Duplication>,
) -> *const c_char {
    read(duplication, null(), |duplication| Some(duplication.table.as_ptr()))
}

/// Returns the id of the table in this cluster.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_table_id(duplication: Option<&Duplication>) -> i32 {
    read(duplication, PEGASUS_DUP_NONE, |duplication| Some(duplication.of.table_id))
}

/// Returns the name of the remote cluster.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_cluster(
    duplication: Option<&Duplication>,
) -> *const c_char {
    read(duplication, null(), |duplication| Some(duplication.cluster.as_ptr()))
}

/// Returns the id of the duplication within the table. The server may reuse the id after a removal.
/// Two handles describe the same duplication only if table id, cluster, dupid and creation time are
/// equal.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_dupid(duplication: Option<&Duplication>) -> i32 {
    read(duplication, PEGASUS_DUP_NONE, |duplication| Some(duplication.of.dupid))
}

/// Returns the status, one of `PEGASUS_DUP_STATUS_*`, `PEGASUS_DUP_NONE` or
/// `PEGASUS_DUP_UNNAMED`. These numbers have the same meaning for all generations of servers. They
/// are not the numbers of the protocol.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_status(duplication: Option<&Duplication>) -> i32 {
    read(duplication, PEGASUS_DUP_NONE, |duplication| {
        Some(numbers::number_of(duplication.of.status))
    })
}

/// Returns the name of the status in Pegasus, such as "DS_LOG", or NULL if the server did not
/// report the status.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_status_name(
    duplication: Option<&Duplication>,
) -> *const c_char {
    read(duplication, null(), |duplication| Some(or_null(duplication.status.as_ref())))
}

/// Returns the fail mode, one of `PEGASUS_DUP_FAIL_*`, `PEGASUS_DUP_NONE` or
/// `PEGASUS_DUP_UNNAMED`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_fail_mode(duplication: Option<&Duplication>) -> i32 {
    read(duplication, PEGASUS_DUP_NONE, |duplication| {
        Some(numbers::number_of(duplication.of.fail_mode))
    })
}

/// Returns the name of the fail mode in Pegasus, such as "FAIL_SLOW", or NULL if the server did not
/// report the fail mode.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_fail_mode_name(
    duplication: Option<&Duplication>,
) -> *const c_char {
    read(duplication, null(), |duplication| Some(or_null(duplication.fail_mode.as_ref())))
}

/// Returns the name of the table in the remote cluster, or NULL if the server did not report it.
/// Only snapshots of 2.6 report it.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_remote_table(
    duplication: Option<&Duplication>,
) -> *const c_char {
    read(duplication, null(), |duplication| Some(or_null(duplication.remote_table.as_ref())))
}

/// Returns the replica count of the remote table, or `PEGASUS_DUP_NONE` if the server did not
/// report it. Only snapshots of 2.6 report it.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_remote_replica_count(
    duplication: Option<&Duplication>,
) -> i32 {
    read(duplication, PEGASUS_DUP_NONE, |duplication| duplication.of.remote_replica_count)
}

/// Returns the creation time in milliseconds since 1970, by the server's clock, or
/// `PEGASUS_DUP_NONE` if the server did not report it.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_create_ts_ms(duplication: Option<&Duplication>) -> i64 {
    read(duplication, PEGASUS_DUP_NONE.into(), |duplication| duplication.of.create_ts_ms)
}

/// Returns the number of partitions whose progress is known. It is 0 if the server did not report
/// the progress. Only newer snapshots of 2.6 report it.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_partition_count(
    duplication: Option<&Duplication>,
) -> usize {
    read(duplication, 0, |duplication| Some(duplication.of.partitions.len()))
}

/// Writes the progress of the partition at an index, which starts at 0: the index of the partition
/// in the table, the last decree that the remote cluster confirmed, and the last decree that is
/// committed in this cluster. A decree that is not known yet is `PEGASUS_DUP_NONE`. An output
/// parameter may be NULL if its value is not needed.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_partition_at(
    duplication: Option<&Duplication>,
    index: usize,
    partition: Out<'_, i32>,
    confirmed_decree: Out<'_, i64>,
    last_committed_decree: Out<'_, i64>,
) -> i32 {
    status(|| {
        let partitions = &given(duplication)?.of.partitions;
        let progress = partitions.get(index).ok_or(Refusal(PEGASUS_DUP_BAD_ARGUMENT))?;
        if let Some(out) = partition {
            out.write(progress.partition);
        }
        let none = i64::from(PEGASUS_DUP_NONE);
        if let Some(out) = confirmed_decree {
            out.write(progress.confirmed_decree.unwrap_or(none));
        }
        if let Some(out) = last_committed_decree {
            out.write(progress.last_committed_decree.unwrap_or(none));
        }
        Ok(())
    })
}
