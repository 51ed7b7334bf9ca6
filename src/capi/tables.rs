//! The tables of an outcome, as C reads them: of what was listed by table.

use std::ffi::c_char;
use std::ptr::null;

use super::duplication::Duplication;
use super::numbers::PEGASUS_DUP_NOT_TOLD;
use super::outcome::{Outcome, read};

/// How many tables were listed. 0 for the outcome of any other operation than
/// `PEGASUS_DUP_OPERATION_LIST_BY_TABLE`.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_table_count(outcome: Option<&Outcome>) -> usize {
    read(outcome, 0, |outcome| Some(outcome.tables.len()))
}

/// The name of one of those tables, by its place in the list, from 0. Tables are in the order of their
/// names. NULL past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_table_name(
    outcome: Option<&Outcome>,
    place: usize,
) -> *const c_char {
    read(outcome, null(), |outcome| outcome.tables.get(place).map(|table| table.name.as_ptr()))
}

/// The table's id in this cluster. `PEGASUS_DUP_NOT_TOLD` past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_table_id(outcome: Option<&Outcome>, place: usize) -> i32 {
    read(outcome, PEGASUS_DUP_NOT_TOLD, |outcome| outcome.tables.get(place).map(|table| table.id))
}

/// The table's number of partitions. `PEGASUS_DUP_NOT_TOLD` where the server did not tell it, and past
/// the end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_table_partition_count(
    outcome: Option<&Outcome>,
    place: usize,
) -> i32 {
    read(outcome, PEGASUS_DUP_NOT_TOLD, |outcome| {
        outcome.tables.get(place).and_then(|table| table.partition_count)
    })
}

/// How many duplications the table has. 0 past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_table_duplication_count(
    outcome: Option<&Outcome>,
    place: usize,
) -> usize {
    read(outcome, 0, |outcome| outcome.tables.get(place).map(|table| table.duplications.len()))
}

/// One of the table's duplications, by its place among them, from 0. NULL past the end.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_table_duplication_at(
    outcome: Option<&Outcome>,
    place: usize,
    of_table: usize,
) -> Option<&Duplication> {
    read(outcome, None, |outcome| {
        let table = outcome.tables.get(place)?;
        Some(outcome.duplications[table.duplications.clone()].get(of_table))
    })
}
