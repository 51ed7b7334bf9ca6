//! Tables, as servers report them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Described, FieldValue, Fields, fields};
use crate::enums::{ResourceKind, TableStatus};

/// A table as the server reports it. A value that the server does not report is `None`.
///
/// The table id and the time of creation identify a table. A name does not: if a table is dropped and
/// created again, both tables have the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Table {
    /// The name of the table.
    pub table: String,
    /// The id of the table. Servers do not use an id again.
    pub table_id: i32,
    /// The status. `None` if only the response to a request is known.
    pub status: Option<TableStatus>,
    /// The number of partitions.
    pub partition_count: i32,
    /// The number of replicas that each partition is supposed to have.
    pub replica_count: i32,
    /// Whether the writes of the table are made idempotent before they are replicated. Only 2.6 snapshots
    /// since March 2025 report it.
    pub atomic_idempotent: Option<bool>,
    /// The settings of the table.
    pub envs: BTreeMap<String, String>,
    /// Whether the table has, or had before a drop, a duplication.
    pub duplicating: Option<bool>,
    /// The time of creation, in milliseconds since 1970, by the server's clock. Servers report whole
    /// seconds.
    pub create_ts_ms: Option<i64>,
    /// The time of the drop, in milliseconds since 1970. `None` for a table that is not dropped.
    pub drop_ts_ms: Option<i64>,
    /// The time until which the table can be recalled, in milliseconds since 1970. `None` for a table that
    /// is not dropped.
    pub expire_ts_ms: Option<i64>,
    /// The number of partitions that have a primary and enough secondaries. `None` if the partitions were
    /// not read. For a table that was just dropped, the number before the drop.
    pub ready_partitions: Option<i32>,
    /// The replicas of each partition, by partition index. Empty if the partitions were not read.
    pub partitions: Vec<PartitionReplicas>,
}

impl Table {
    /// Returns whether the table was dropped, or is being dropped. A table that only a response names counts as
    /// not dropped.
    pub fn is_dropped(&self) -> bool {
        matches!(self.status, Some(TableStatus::Dropping | TableStatus::Dropped))
    }

    /// Returns whether the table was read with all its partitions and all of them are ready. `None` if the
    /// partitions were not read.
    pub fn is_ready(&self) -> Option<bool> {
        self.ready_partitions.map(|ready| ready >= self.partition_count)
    }
}

impl Described for Table {
    fn kind(&self) -> ResourceKind {
        ResourceKind::Table
    }

    fn fields(&self) -> Fields {
        let partitions = match self.partitions.is_empty() {
            true => FieldValue::Absent,
            false => self.partitions.iter().map(|one| FieldValue::Map(one.fields())).collect(),
        };
        fields! {
            table: self.table.as_str(),
            table_id: self.table_id,
            status: self.status.map(|status| status.to_string()),
            partition_count: self.partition_count,
            replica_count: self.replica_count,
            atomic_idempotent: self.atomic_idempotent,
            envs: envs(&self.envs),
            duplicating: self.duplicating,
            create_ts_ms: self.create_ts_ms,
            drop_ts_ms: self.drop_ts_ms,
            expire_ts_ms: self.expire_ts_ms,
            ready_partitions: self.ready_partitions,
            partitions: partitions,
        }
    }
}

/// Returns settings as the value of a field, in the order of their keys.
pub(crate) fn envs(envs: &BTreeMap<String, String>) -> FieldValue {
    let pair = |(key, value): (&String, &String)| {
        (Cow::Owned(key.clone()), FieldValue::Text(value.clone()))
    };
    FieldValue::Map(envs.iter().map(pair).collect())
}

/// The replicas of one partition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PartitionReplicas {
    /// The index of the partition.
    pub partition: i32,
    /// Whether the partition has a primary and enough secondaries.
    pub ready: bool,
    /// The replica server of the primary, as `HOST:PORT`. `None` if the partition has no primary.
    pub primary: Option<String>,
    /// The replica servers of the secondaries, as `HOST:PORT`.
    pub secondaries: Vec<String>,
}

impl PartitionReplicas {
    fn fields(&self) -> Fields {
        fields! {
            partition: self.partition,
            ready: self.ready,
            primary: self.primary.as_deref(),
            secondaries: self.secondaries.iter().map(|one| one.as_str().into()).collect::<FieldValue>(),
        }
    }
}
