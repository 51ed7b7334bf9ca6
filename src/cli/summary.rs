//! The totals of a list of duplications. They have the names that the command `dups` of the Pegasus shell prints.

use std::collections::{BTreeMap, BTreeSet};

use crate::enums::Status;
use crate::resource::{
    Duplication, FieldValue, Fields, PartitionProgress, TableDuplications, fields,
};

/// Totals of tables and their duplications. `None` stands for a number that the server's response does not show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Summary {
    tables: usize,
    duplicating_tables: usize,
    unfinished_tables: Option<usize>,
    duplications: usize,
    by_status: BTreeMap<String, usize>,
    by_cluster: BTreeMap<String, usize>,
    partitions: Option<i64>,
    duplicating_partitions: Option<i64>,
    unfinished_partitions: Option<usize>,
}

impl Summary {
    /// Counts.
    pub(super) fn of(tables: &[TableDuplications]) -> Summary {
        let duplicating = || tables.iter().filter(|table| !table.duplications.is_empty());
        let duplications = || tables.iter().flat_map(|table| &table.duplications);
        let mut by_status = BTreeMap::new();
        let mut by_cluster = BTreeMap::new();
        for one in duplications() {
            let status = one.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
            *by_status.entry(status).or_default() += 1;
            *by_cluster.entry(one.cluster.clone()).or_default() += 1;
        }
        // Only newer snapshots of 2.6 report the progress of partitions.
        let reported = duplications().all(|one| !one.partitions.is_empty());
        let unfinished: Vec<usize> =
            tables.iter().map(unfinished_partitions).filter(|&count| count > 0).collect();
        Summary {
            tables: tables.len(),
            duplicating_tables: duplicating().count(),
            unfinished_tables: reported.then_some(unfinished.len()),
            duplications: duplications().count(),
            by_status,
            by_cluster,
            partitions: partitions(tables.iter()),
            duplicating_partitions: partitions(duplicating()),
            unfinished_partitions: reported.then(|| unfinished.iter().sum()),
        }
    }

    /// Returns the totals with their names, in the order of the Pegasus shell.
    pub(super) fn fields(&self) -> Fields {
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let map = |of: &BTreeMap<String, usize>| {
            let pairs = of.iter().map(|(key, &all)| (key.clone().into(), count(all).into()));
            FieldValue::Map(pairs.collect())
        };
        fields! {
            total_app_count: count(self.tables),
            duplicating_app_count: count(self.duplicating_tables),
            unfinished_app_count: self.unfinished_tables.map(count),
            total_duplication_count: count(self.duplications),
            duplication_count_by_status: map(&self.by_status),
            duplication_count_by_follower_cluster: map(&self.by_cluster),
            total_partition_count: self.partitions,
            duplicating_partition_count: self.duplicating_partitions,
            unfinished_partition_count: self.unfinished_partitions.map(count),
        }
    }
}

/// Returns the number of partitions of the tables, or `None` if the server does not report one of the numbers.
fn partitions<'a>(mut tables: impl Iterator<Item = &'a TableDuplications>) -> Option<i64> {
    tables.try_fold(0_i64, |sum, table| Some(sum.saturating_add(table.partition_count?.into())))
}

/// Returns how many partitions of a table have a duplication that has not caught up.
fn unfinished_partitions(table: &TableDuplications) -> usize {
    let unfinished: BTreeSet<i32> = table
        .duplications
        .iter()
        .flat_map(|one| one.partitions.iter().filter(|partition| !has_caught_up(one, partition)))
        .map(|partition| partition.partition)
        .collect();
    unfinished.len()
}

/// Returns whether the remote cluster has all writes of a partition. The Pegasus shell counts a partition whose
/// decrees are not known as one that has caught up. That would be a claim about something unknown.
fn has_caught_up(one: &Duplication, partition: &PartitionProgress) -> bool {
    let all_confirmed = match (partition.confirmed_decree, partition.last_committed_decree) {
        (Some(confirmed), Some(committed)) => confirmed >= committed,
        (None, _) | (_, None) => false,
    };
    one.status == Some(Status::Log) && all_confirmed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(partition_count: Option<i32>, duplications: Vec<Duplication>) -> TableDuplications {
        TableDuplications { table: "t".into(), table_id: 1, partition_count, duplications }
    }

    fn with(status: Status, decrees: &[(Option<i64>, Option<i64>)]) -> Duplication {
        let progress =
            |(partition, &(confirmed_decree, last_committed_decree))| PartitionProgress {
                partition: partition as i32,
                confirmed_decree,
                last_committed_decree,
            };
        Duplication {
            table: "t".into(),
            table_id: 1,
            cluster: "target".into(),
            dupid: 7,
            status: Some(status),
            fail_mode: None,
            remote_table: None,
            remote_replica_count: None,
            create_ts_ms: None,
            partitions: decrees.iter().enumerate().map(progress).collect(),
        }
    }

    fn shown(tables: &[TableDuplications]) -> String {
        crate::escape::json(&FieldValue::Map(Summary::of(tables).fields())).unwrap()
    }

    #[test]
    fn totals_of_several_tables() {
        let done = (Some(5), Some(5));
        let behind = (Some(4), Some(5));
        let tables = [
            table(Some(4), vec![with(Status::Log, &[done, done])]),
            table(
                Some(2),
                vec![with(Status::Log, &[done, behind]), with(Status::Pause, &[done, done])],
            ),
            table(Some(1), vec![with(Status::Log, &[(None, None)])]),
            table(Some(8), vec![]),
        ];
        assert_eq!(
            shown(&tables),
            concat!(
                r#"{"total_app_count":4,"duplicating_app_count":3,"unfinished_app_count":2,"#,
                r#""total_duplication_count":4,"#,
                r#""duplication_count_by_status":{"DS_LOG":3,"DS_PAUSE":1},"#,
                r#""duplication_count_by_follower_cluster":{"target":4},"#,
                r#""total_partition_count":15,"duplicating_partition_count":7,"#,
                r#""unfinished_partition_count":3}"#
            )
        );
    }

    #[test]
    fn what_is_not_reported_is_not_counted() {
        let old = [table(None, vec![]), table(Some(4), vec![with(Status::Start, &[])])];
        let text = shown(&old);
        for unknown in
            ["unfinished_app_count", "total_partition_count", "unfinished_partition_count"]
        {
            assert!(text.contains(&format!("\"{unknown}\":null")), "{text}");
        }
        assert!(text.contains("\"duplicating_partition_count\":4"), "{text}");
        assert!(shown(&[]).contains("\"unfinished_partition_count\":0"));
    }
}
