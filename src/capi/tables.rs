//! Functions that read the tables of an outcome of `PEGASUS_DUP_OPERATION_LIST_BY_TABLE`.

use std::ffi::c_char;
use std::ptr::null;

use super::duplication::Duplication;
use super::numbers::PEGASUS_DUP_NONE;
use super::outcome::{Outcome, read};

/// Returns the number of tables that were listed. It is 0 for the outcome of every operation other
/// than `PEGASUS_DUP_OPERATION_LIST_BY_TABLE`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_table_count(outcome: Option<&Outcome>) -> usize {
    read(outcome, 0, |outcome| Some(outcome.tables.len()))
}

/// Returns the name of the table at an index, which starts at 0. The tables are sorted by name.
/// Returns NULL if the index is too large.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_table_name(
    outcome: Option<&Outcome>,
    index: usize,
) -> *const c_char {
    read(outcome, null(), |outcome| outcome.tables.get(index).map(|table| table.name.as_ptr()))
}

/// Returns the id of the table in this cluster, or `PEGASUS_DUP_NONE` if the index is too
/// large.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_table_id(outcome: Option<&Outcome>, index: usize) -> i32 {
    read(outcome, PEGASUS_DUP_NONE, |outcome| outcome.tables.get(index).map(|table| table.id))
}

/// Returns the number of partitions of the table, or `PEGASUS_DUP_NONE` if the server did not
/// report it or the index is too large.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_table_partition_count(
    outcome: Option<&Outcome>,
    index: usize,
) -> i32 {
    read(outcome, PEGASUS_DUP_NONE, |outcome| {
        outcome.tables.get(index).and_then(|table| table.partition_count)
    })
}

/// Returns the number of duplications of the table, or 0 if the index is too large.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_table_duplication_count(
    outcome: Option<&Outcome>,
    index: usize,
) -> usize {
    read(outcome, 0, |outcome| outcome.tables.get(index).map(|table| table.duplications.len()))
}

/// Returns a duplication of the table. The index among the duplications of the table starts at 0.
/// Returns NULL if an index is too large.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_table_duplication_at(
    outcome: Option<&Outcome>,
    index: usize,
    index_in_table: usize,
) -> Option<&Duplication> {
    read(outcome, None, |outcome| {
        let table = outcome.tables.get(index)?;
        Some(outcome.duplications[table.duplications.clone()].get(index_in_table))
    })
}
