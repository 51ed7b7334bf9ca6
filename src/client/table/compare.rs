//! Compares a table with the request for it: finds the properties that differ, and those that cannot be
//! compared.

use std::collections::BTreeMap;

use crate::client::compare::Compared;
use crate::client::spec::{PROOF_KEY, TableSpec};
use crate::outcome::{Difference, Property};
use crate::protocol::messages::AppInfo;
use crate::resource::envs;

/// The type of every table of Pegasus.
pub(super) const APP_TYPE: &str = "pegasus";

/// The beginning of the settings that start a manual compaction once. Tools write them.
const COMPACT_ONCE: &str = "manual_compact.once.";

/// Compares a listed table with the request for it.
///
/// A setting that the table has and the request does not name is a difference, as it is for the Pegasus
/// shell. Settings that servers or tools write by themselves are none, unless the request names them. The
/// difference of the settings contains only those that differ.
pub(crate) fn compare(spec: &TableSpec, listed: &AppInfo) -> Compared {
    let mut differences = Vec::new();
    let mut counts = |field, asked: i32, existing: i32| {
        if asked != existing {
            differences.push(Difference::new(field, asked, existing));
        }
    };
    counts(Property::PartitionCount, spec.partition_count, listed.partition_count);
    counts(Property::ReplicaCount, spec.replica_count, listed.max_replica_count);
    let differs = |other: &BTreeMap<String, String>, key: &str, value: &str| {
        other.get(key).is_none_or(|there| there != value)
            && (spec.envs.contains_key(key) || !is_written_by_itself(key))
    };
    let asked = only(&spec.envs, |key, value| differs(&listed.envs, key, value));
    let existing = only(&listed.envs, |key, value| differs(&spec.envs, key, value));
    if !asked.is_empty() || !existing.is_empty() {
        differences.push(Difference::new(Property::Envs, envs(&asked), envs(&existing)));
    }
    let mut unverified = Vec::new();
    match (spec.atomic_idempotent, listed.atomic_idempotent) {
        (Some(asked), Some(existing)) if asked != existing => {
            differences.push(Difference::new(Property::AtomicIdempotent, asked, existing));
        }
        (Some(_), None) => unverified.push(Property::AtomicIdempotent),
        (None, _) | (Some(_), Some(_)) => {}
    }
    if listed.app_type != APP_TYPE {
        differences.push(Difference::new(Property::AppType, APP_TYPE, listed.app_type.as_str()));
    }
    Compared { differences, unverified }
}

/// Returns whether servers or tools write a setting by themselves: the progress of a change of the replica
/// count, the rules that Ranger has for the table, a manual compaction, and the proof of authorship.
fn is_written_by_itself(key: &str) -> bool {
    key == "max_replica_count.update"
        || key == "replica_access_controller.ranger_policies"
        || key == PROOF_KEY
        || key.starts_with(COMPACT_ONCE)
}

/// Returns the settings that fulfil a condition.
fn only(
    settings: &BTreeMap<String, String>,
    condition: impl Fn(&str, &str) -> bool,
) -> BTreeMap<String, String> {
    let chosen = settings.iter().filter(|(key, value)| condition(key, value));
    chosen.map(|(key, value)| (key.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
        pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
    }

    fn listed() -> AppInfo {
        AppInfo {
            status: 1,
            app_type: APP_TYPE.to_owned(),
            app_name: "temp".to_owned(),
            app_id: 3,
            partition_count: 8,
            max_replica_count: 3,
            ..AppInfo::default()
        }
    }

    fn fields(compared: &Compared) -> Vec<Property> {
        compared.differences.iter().map(|one| one.field).collect()
    }

    #[test]
    fn each_property_is_compared_by_itself() {
        let spec = TableSpec::new("temp", 8);
        assert_eq!(compare(&spec, &listed()), Compared { differences: vec![], unverified: vec![] });
        let counts = AppInfo { partition_count: 16, max_replica_count: 2, ..listed() };
        let compared = compare(&spec, &counts);
        assert_eq!(
            compared.differences,
            [
                Difference::new(Property::PartitionCount, 8, 16),
                Difference::new(Property::ReplicaCount, 3, 2)
            ]
        );
        let other = AppInfo { app_type: "rrdb".to_owned(), ..listed() };
        assert_eq!(fields(&compare(&spec, &other)), [Property::AppType]);
    }

    #[test]
    fn atomic_idempotence_counts_only_if_it_was_requested() {
        for reported in [None, Some(false), Some(true)] {
            let listed = AppInfo { atomic_idempotent: reported, ..listed() };
            for asked in [None, Some(false), Some(true)] {
                let spec = TableSpec { atomic_idempotent: asked, ..TableSpec::new("temp", 8) };
                let compared = compare(&spec, &listed);
                let differs = matches!((asked, reported), (Some(a), Some(b)) if a != b);
                assert_eq!(fields(&compared) == [Property::AtomicIdempotent], differs);
                let untold = asked.is_some() && reported.is_none();
                assert_eq!(compared.unverified == [Property::AtomicIdempotent], untold);
            }
        }
    }

    #[test]
    fn settings_differ_in_both_directions_and_only_those_are_named() {
        let spec = TableSpec {
            envs: map([("a", "1"), ("b", "2"), ("c", "3")]),
            ..TableSpec::new("temp", 8)
        };
        let there = AppInfo { envs: map([("a", "1"), ("b", "x"), ("d", "4")]), ..listed() };
        let expected = Difference::new(
            Property::Envs,
            envs(&map([("b", "2"), ("c", "3")])),
            envs(&map([("b", "x"), ("d", "4")])),
        );
        assert_eq!(compare(&spec, &there).differences, [expected]);
    }

    #[test]
    fn what_servers_and_tools_write_is_no_difference_unless_it_was_requested() {
        let written = [
            "max_replica_count.update",
            "replica_access_controller.ranger_policies",
            "manual_compact.once.trigger_time",
            "manual_compact.once.target_level",
            PROOF_KEY,
        ];
        for key in written {
            let there = AppInfo { envs: map([(key, "1")]), ..listed() };
            assert_eq!(fields(&compare(&TableSpec::new("temp", 8), &there)), []);
            let spec = TableSpec { envs: map([(key, "2")]), ..TableSpec::new("temp", 8) };
            assert_eq!(fields(&compare(&spec, &there)), [Property::Envs], "{key}");
            assert_eq!(fields(&compare(&spec, &listed())), [Property::Envs], "{key}");
        }
        let other = AppInfo { envs: map([("manual_compact.disabled", "true")]), ..listed() };
        assert_eq!(fields(&compare(&TableSpec::new("temp", 8), &other)), [Property::Envs]);
    }
}
