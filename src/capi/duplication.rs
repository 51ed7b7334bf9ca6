//! A duplication, as C reads it.

use std::ffi::{CString, c_char};
use std::ptr::null;

use super::boundary::{catch, status};
use super::numbers::{self, PEGASUS_DUP_BAD_ARGUMENT, PEGASUS_DUP_NOT_TOLD, Refusal};
use super::pointers::{Out, c_string, given, or_null};
use crate::outcome;

/// A duplication, as far as the server told of it. Always lent by an outcome, and valid until that is
/// freed; there is nothing to free here. Never changes: any number of threads may read it.
#[derive(Debug)]
pub struct Duplication {
    table: CString,
    cluster: CString,
    status: Option<CString>,
    fail_mode: Option<CString>,
    remote_table: Option<CString>,
    of: outcome::Duplication,
}

impl Duplication {
    pub(crate) fn new(of: outcome::Duplication) -> Duplication {
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

/// What `of` gives for a duplication, and `otherwise` for NULL.
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

/// The table whose writes are shipped.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_table(
    duplication: Option<&Duplication>,
) -> *const c_char {
    read(duplication, null(), |duplication| Some(duplication.table.as_ptr()))
}

/// The table's id in this cluster.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_table_id(duplication: Option<&Duplication>) -> i32 {
    read(duplication, PEGASUS_DUP_NOT_TOLD, |duplication| Some(duplication.of.table_id))
}

/// The remote cluster's name.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_cluster(
    duplication: Option<&Duplication>,
) -> *const c_char {
    read(duplication, null(), |duplication| Some(duplication.cluster.as_ptr()))
}

/// The duplication's id within the table. It is reused after a removal: two duplications are the same
/// one if table id, cluster, dupid and time of creation are.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_dupid(duplication: Option<&Duplication>) -> i32 {
    read(duplication, PEGASUS_DUP_NOT_TOLD, |duplication| Some(duplication.of.dupid))
}

/// Where it stands: one of `PEGASUS_DUP_STATUS_*`, `PEGASUS_DUP_NOT_TOLD` or `PEGASUS_DUP_UNNAMED`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_status(duplication: Option<&Duplication>) -> i32 {
    read(duplication, PEGASUS_DUP_NOT_TOLD, |duplication| {
        Some(numbers::told(duplication.of.status))
    })
}

/// Where it stands, as Pegasus names it: "DS_LOG". NULL where it wasn't told.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_status_name(
    duplication: Option<&Duplication>,
) -> *const c_char {
    read(duplication, null(), |duplication| Some(or_null(duplication.status.as_ref())))
}

/// What it does with writes that the remote cluster doesn't take: one of `PEGASUS_DUP_FAIL_*`,
/// `PEGASUS_DUP_NOT_TOLD` or `PEGASUS_DUP_UNNAMED`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_fail_mode(duplication: Option<&Duplication>) -> i32 {
    read(duplication, PEGASUS_DUP_NOT_TOLD, |duplication| {
        Some(numbers::told(duplication.of.fail_mode))
    })
}

/// The fail mode, as Pegasus names it: "FAIL_SLOW". NULL where it wasn't told.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_fail_mode_name(
    duplication: Option<&Duplication>,
) -> *const c_char {
    read(duplication, null(), |duplication| Some(or_null(duplication.fail_mode.as_ref())))
}

/// The table's name in the remote cluster. NULL where it wasn't told: only 2.6 snapshots do.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_remote_table(
    duplication: Option<&Duplication>,
) -> *const c_char {
    read(duplication, null(), |duplication| Some(or_null(duplication.remote_table.as_ref())))
}

/// The remote table's replica count. `PEGASUS_DUP_NOT_TOLD` where it wasn't told: only 2.6 snapshots
/// do.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_remote_replica_count(
    duplication: Option<&Duplication>,
) -> i32 {
    read(duplication, PEGASUS_DUP_NOT_TOLD, |duplication| duplication.of.remote_replica_count)
}

/// When it was made, in milliseconds since 1970 by the server's clock. `PEGASUS_DUP_NOT_TOLD` where
/// it wasn't told.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_create_ts_ms(duplication: Option<&Duplication>) -> i64 {
    read(duplication, PEGASUS_DUP_NOT_TOLD.into(), |duplication| duplication.of.create_ts_ms)
}

/// How many partitions there is progress for. 0 where none was told: only newer 2.6 snapshots do.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_partition_count(
    duplication: Option<&Duplication>,
) -> usize {
    read(duplication, 0, |duplication| Some(duplication.of.partitions.len()))
}

/// How far one partition has come, by its place in the list, from 0: its index in the table, the last
/// decree that the remote cluster confirmed, and the last committed here. A decree that isn't known
/// yet is `PEGASUS_DUP_NOT_TOLD`. An output that isn't wanted may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_duplication_partition_at(
    duplication: Option<&Duplication>,
    place: usize,
    partition: Out<'_, i32>,
    confirmed_decree: Out<'_, i64>,
    last_committed_decree: Out<'_, i64>,
) -> i32 {
    status(|| {
        let partitions = &given(duplication)?.of.partitions;
        let progress = partitions.get(place).ok_or(Refusal(PEGASUS_DUP_BAD_ARGUMENT))?;
        if let Some(out) = partition {
            out.write(progress.partition);
        }
        let not_told = i64::from(PEGASUS_DUP_NOT_TOLD);
        if let Some(out) = confirmed_decree {
            out.write(progress.confirmed_decree.unwrap_or(not_told));
        }
        if let Some(out) = last_committed_decree {
            out.write(progress.last_committed_decree.unwrap_or(not_told));
        }
        Ok(())
    })
}
