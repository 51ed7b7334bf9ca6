//! Checks what an outcome says about how the duplication compares with the request. The truth is what
//! the store has, as the server that reported the duplication reads it.

use pegasus_dup::server::store::{DuplicationRecord, RecordChange};
use pegasus_dup::{
    Difference, Duplication, DuplicationSpec, Evidence, FieldValue, Generation, Outcome, Property,
    Status,
};

use super::trace::{Line, Told};
use super::truth::{Truth, Whole};

/// The replica count of the tables that exist in all schedules, which is the default.
const TABLE_REPLICAS: i32 = 3;

/// Returns the replica count of a table. Nothing changes it in these schedules.
pub(super) fn replicas_of(truth: &Truth<'_>, table_id: i32) -> i32 {
    let kept = truth.log.lines.iter().filter_map(|written| match &written.line {
        Line::Kept(RecordChange::PutTable { record }) => Some(record),
        _ => None,
    });
    let mut tables = truth.plan.tables.iter().chain(kept);
    tables.find(|table| table.id == table_id).map_or(TABLE_REPLICAS, |table| table.replicas)
}

pub(crate) fn check(
    truth: &Truth<'_>,
    whole: &Whole<'_>,
    spec: &DuplicationSpec,
    outcome: &Outcome<Duplication>,
    wrong: &mut Vec<String>,
) {
    let unverified = outcome.unverified();
    if let Some(property) = unverified.iter().find(|&&property| !requested(spec, property)) {
        wrong.push(format!("{property} is unverified, but was not requested"));
    }
    let value = outcome.value();
    let shipped = matches!(value.status, Some(Status::Prepare | Status::App));
    let known = match (outcome.created(), outcome.evidence()) {
        (true, Evidence::ServerSaidSo) => {
            if !unverified.is_empty() {
                wrong.push("a certain Created, but a property is unverified".to_owned());
            }
            return;
        }
        _ if shipped && unverified.contains(&Property::Checkpoint) => {
            wrong.push("the checkpoint is being shipped, but is unverified".to_owned());
            return;
        }
        _ => records_of(truth, value),
    };
    // Two duplications may have the same dupid. If the response has no creation time, or two
    // leaders created them in the same millisecond, the outcome may mean either of them.
    let Some(first) = known.first() else { return };
    let what = |record: &DuplicationRecord| {
        (record.create_ts_ms, record.remote_table.clone(), record.remote_replica_count)
    };
    if known.iter().any(|record| what(record) != what(first)) {
        return;
    }
    let stated = |property| requested(spec, property) && !unverified.contains(&property);
    if stated(Property::Checkpoint) && !known.iter().any(|record| ships_checkpoint(record)) {
        wrong.push(
            "a checkpoint was requested and never shipped, but the outcome does not say so"
                .to_owned(),
        );
    }
    if !spec.checkpoint && outcome.created() && shipped {
        wrong.push(
            "Created, but the duplication ships a checkpoint that was not requested".to_owned(),
        );
    }
    let (table, count) = match keeps_own_name(truth, whole) {
        true => (&spec.table, replicas_of(truth, value.table_id)),
        false => (&first.remote_table, first.remote_replica_count),
    };
    let mut differences = Vec::new();
    for difference in outcome.differences() {
        let Difference { field, existing, .. } = difference;
        let in_truth = match field {
            Property::RemoteTable => FieldValue::from(&**table),
            Property::RemoteReplicaCount => FieldValue::from(count),
            other => {
                wrong.push(format!(
                    "the outcome says that {other} differs, which nobody can compare"
                ));
                continue;
            }
        };
        match *existing == in_truth {
            true => differences.push(*field),
            false => wrong
                .push(format!("the outcome says that {field} is {existing}, but it is {in_truth}")),
        }
    }
    let silent = |property: Property| stated(property) && !differences.contains(&property);
    if silent(Property::RemoteTable) && spec.wanted_remote_table() != table {
        wrong.push(format!("the remote table is {table}, but the outcome does not say so"));
    }
    if silent(Property::RemoteReplicaCount) && spec.remote_replica_count != Some(count) {
        wrong.push(format!("the replica count is {count}, but the outcome does not say so"));
    }
}

/// Returns whether the request names the property.
fn requested(spec: &DuplicationSpec, property: Property) -> bool {
    match property {
        Property::Checkpoint => spec.checkpoint,
        Property::RemoteTable => spec.remote_table.is_some(),
        Property::RemoteReplicaCount => spec.remote_replica_count.is_some_and(|count| count != 0),
        other => panic!("{other} is new to the simulation"),
    }
}

/// Returns whether a stored duplication ships a checkpoint. It is stored as one that prepares the
/// checkpoint.
fn ships_checkpoint(record: &DuplicationRecord) -> bool {
    [Status::Prepare, Status::App].iter().any(|status| status.name() == record.status)
}

/// Returns every stored state of a duplication, including the state before the actors started.
fn records_of<'a>(truth: &'a Truth<'_>, one: &Duplication) -> Vec<&'a DuplicationRecord> {
    let kept = truth.log.lines.iter().filter_map(|written| match &written.line {
        Line::Kept(RecordChange::Put { table_id, record }) => Some((*table_id, record)),
        _ => None,
    });
    truth
        .initial()
        .into_iter()
        .chain(kept)
        .filter(|(table_id, record)| {
            *table_id == one.table_id
                && record.dupid == one.dupid
                && one.create_ts_ms.is_none_or(|ms| ms == record.create_ts_ms)
        })
        .map(|(_, record)| record)
        .collect()
}

/// Whether the server that last reported a duplication to the call ships every table to a remote
/// table of the same name, whatever name a newer server of the group stored.
pub(super) fn keeps_own_name(truth: &Truth<'_>, whole: &Whole<'_>) -> bool {
    asked_last(truth, whole).is_some_and(|generation| {
        matches!(generation, Generation::Freezed | Generation::Checkpoint)
    })
}

/// Returns the generation of the server that last reported a duplication to the call.
fn asked_last(truth: &Truth<'_>, whole: &Whole<'_>) -> Option<Generation> {
    let told = truth.got[whole.call].iter().rev().find(|got| {
        got.line < whole.ends
            && match got.what {
                Told::Table { entries, .. } => !entries.is_empty(),
                Told::Add(answer) => answer.dupid.is_some_and(|dupid| dupid > 0),
                _ => false,
            }
    })?;
    Some(truth.plan.behaviours[told.request.0].generation())
}
