//! Functions that read the tables, backup policies and remote clusters of an outcome.
//!
//! Each of them is a [`Value`] of the type map, whose fields are read by their names. A function for
//! each field, as duplications have, would add about 30 functions to the ABI, and one more with each
//! field that servers report in the future. Duplications are not readable in this way. They have
//! functions already, and a list of duplications can be so long that the memory for a second form of
//! each would matter.

use super::outcome::{Outcome, read};
use super::value::Value;
use crate::enums::OutcomeKind;

/// Returns the table or backup policy that was created, that existed already, that is the result of
/// a change, or that was removed, as a map of its fields. Returns NULL for the other kinds of
/// outcomes and for duplications. Read the fields with `pegasus_dup_value_get`:
///
/// The fields of a table, which `PEGASUS_DUP_RESOURCE_TABLE` marks:
/// - "table": the name of the table, a text.
/// - "table_id": the id of the table. Servers do not use an id again.
/// - "status": the status, a text such as "AS_AVAILABLE" or "AS_DROPPED". Absent if only the
///   response to a request is known.
/// - "partition_count": the number of partitions.
/// - "replica_count": the number of replicas that each partition is supposed to have.
/// - "atomic_idempotent": a boolean that says whether the writes of the table are made idempotent
///   before they are replicated. Only 2.6 snapshots since March 2025 report it.
/// - "envs": the settings of the table, a map of texts.
/// - "duplicating": a boolean that says whether the table has, or had before a drop, a duplication.
/// - "create_ts_ms": the time of creation, in milliseconds since 1970, by the server's clock.
/// - "drop_ts_ms": the time of the drop. Absent for a table that is not dropped.
/// - "expire_ts_ms": the time until which the table can be recalled. Absent for a table that is not
///   dropped.
/// - "ready_partitions": the number of partitions that have a primary and enough secondaries. Absent
///   if the partitions were not read. For a table that was just dropped, the number before the drop.
/// - "partitions": absent if the partitions were not read, or a list of maps with the fields
///   "partition" (the index of the partition), "ready" (a boolean), "primary" (the replica server as
///   "HOST:PORT", absent if there is none) and "secondaries" (a list of replica servers).
///
/// The fields of a backup policy, which `PEGASUS_DUP_RESOURCE_BACKUP_POLICY` marks:
/// - "policy": the name of the policy, a text.
/// - "provider": the storage to which the backups are written, a text.
/// - "table_ids": the ids of the tables, a list of numbers in ascending order.
/// - "interval_seconds": the time between two backups, in seconds.
/// - "history_count": the number of backups that are kept.
/// - "start_time": the time of day at which a backup starts, a text such as "03:00".
/// - "disabled": a boolean that says whether the policy is disabled.
///
/// The fields of a remote cluster, which `PEGASUS_DUP_RESOURCE_REMOTE_CLUSTER` marks and which is
/// only listed:
/// - "cluster": the name of the remote cluster, a text.
/// - "state": "configured", "not_configured" or "own_cluster". Later versions may have other texts.
/// - "hint": the explanation of the server. Absent if the remote cluster is configured.
///
/// A field whose value the server did not report is absent. Later versions may add fields.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_value(outcome: Option<&Outcome>) -> Option<&Value> {
    read(outcome, None, |outcome| match outcome.kind {
        OutcomeKind::Error | OutcomeKind::Listed => None,
        _ => Some(outcome.values.first()),
    })
}

/// Returns the table as it was before the change, as a map of its fields. Returns NULL unless the
/// kind of the outcome is `PEGASUS_DUP_CHANGED` and the resource is a table.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_value_before(outcome: Option<&Outcome>) -> Option<&Value> {
    read(outcome, None, |outcome| Some(outcome.value_before.as_ref()))
}

/// Returns the number of tables, backup policies and remote clusters in an outcome. These are the
/// listed ones, the resources that exist according to an error, or else the resource that `pegasus_dup_outcome_value`
/// returns. All of them have the kind that `pegasus_dup_outcome_resource` returns.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_value_count(outcome: Option<&Outcome>) -> usize {
    read(outcome, 0, |outcome| Some(outcome.values.len()))
}

/// Returns the table, backup policy or remote cluster at an index, which starts at 0, as a map of
/// its fields. Returns NULL if the index is too large.
#[unsafe(no_mangle)]
pub extern "C" fn pegasus_dup_outcome_value_at(
    outcome: Option<&Outcome>,
    index: usize,
) -> Option<&Value> {
    read(outcome, None, |outcome| Some(outcome.values.get(index)))
}
