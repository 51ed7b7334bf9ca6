//! What a store keeps of a table, of a duplication and of a backup policy. Statuses and fail modes are
//! kept as names, because the meaning of a number differs by generation, and a file may be opened by a
//! server of another generation.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// A table as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableRecord {
    /// The id.
    pub id: i32,
    /// The name.
    pub name: String,
    /// The number of partitions.
    pub partitions: i32,
    /// The replica count.
    pub replicas: i32,
    /// The time of the creation, in seconds since 1970.
    pub create_second: i64,
    /// The highest dupid that any duplication of the table has had.
    pub highest_dupid: i32,
    /// The number of partitions at the creation. `None` for a table of the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_partitions: Option<i32>,
    /// The name in the configuration, if the table was renamed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configured_as: Option<String>,
    /// Whether a request has changed the replica count, which the configuration then no longer
    /// changes.
    #[serde(default, skip_serializing_if = "is_no")]
    pub replicas_changed: bool,
    /// The settings.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub envs: BTreeMap<String, String>,
    /// Whether the table is atomic idempotent.
    #[serde(default, skip_serializing_if = "is_no")]
    pub atomic_idempotent: bool,
    /// Whether the table is dropped.
    #[serde(default, skip_serializing_if = "is_no")]
    pub dropped: bool,
    /// The time of the latest drop, in seconds since 1970, or 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub drop_second: i64,
    /// The time from which the table cannot be recalled any more, in seconds since 1970, or 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub expire_second: i64,
    /// Whether the table was dropped before its partitions had their replicas.
    #[serde(default, skip_serializing_if = "is_no")]
    pub dropped_too_early: bool,
    /// The number of changes of each partition's configuration before the present replicas.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ballot: i64,
}

/// A duplication as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DuplicationRecord {
    /// The id within the table.
    pub dupid: i32,
    /// The name of the remote cluster.
    pub cluster: String,
    /// The name of the status, `DS_...`.
    pub status: String,
    /// The time when the duplication came into that status, in milliseconds since 1970.
    pub since_ms: i64,
    /// The confirmed decree at that time, or -1 if there was none.
    pub confirmed: i64,
    /// The name of the fail mode, `FAIL_...`.
    pub fail_mode: String,
    /// The name of the remote table.
    pub remote_table: String,
    /// Whether the name of the remote table arrived as UTF-8. If it did not, U+FFFD stands in
    /// `remote_table` for the bytes that are not UTF-8.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub remote_table_is_utf8: bool,
    /// The replica count of the remote table.
    pub remote_replica_count: i32,
    /// The time of the creation, in milliseconds since 1970.
    pub create_ts_ms: i64,
}

/// A backup policy as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRecord {
    /// The name.
    pub name: String,
    /// The name of the provider that stores the backups.
    pub provider: String,
    /// The ids of the tables.
    pub table_ids: BTreeSet<i32>,
    /// The time between the starts of two backups, in seconds.
    pub interval_seconds: i64,
    /// The number of backups to keep.
    pub keep: i32,
    /// The hour of the day at which a backup may start. 24 stands for any hour.
    pub start_hour: i32,
    /// The minute of that hour, which has no effect.
    pub start_minute: i32,
    /// Whether the policy is disabled.
    #[serde(default, skip_serializing_if = "is_no")]
    pub disabled: bool,
    /// The backups, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backups: Vec<BackupRecord>,
}

/// A backup as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupRecord {
    /// The time of the start, in milliseconds since 1970, which is also the id.
    pub start_ms: i64,
    /// The time at which the backup ends, in milliseconds since 1970, or `None` if it never ends.
    pub end_ms: Option<i64>,
    /// The ids of the tables.
    pub table_ids: BTreeSet<i32>,
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

fn is_no(value: &bool) -> bool {
    !*value
}

fn is_zero(value: &i64) -> bool {
    *value == 0
}

/// Everything that a store keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// The tables.
    pub tables: Vec<TableRecord>,
    /// The duplications, each with the id of its table.
    pub duplications: Vec<(i32, DuplicationRecord)>,
    /// The backup policies.
    pub policies: Vec<PolicyRecord>,
}

/// One change of what a store keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordChange {
    /// A duplication is created, or has a new state.
    Put {
        /// The id of the table.
        table_id: i32,
        /// The duplication.
        record: DuplicationRecord,
    },
    /// A table is created, or has a new state.
    PutTable {
        /// The table. The store keeps its own highest dupid if that is higher.
        record: TableRecord,
    },
    /// Nothing changes. A repeated add takes the same way through the store as a new one.
    Keep {
        /// The id of the table.
        table_id: i32,
        /// The id of the duplication.
        dupid: i32,
    },
    /// A duplication is removed.
    Remove {
        /// The id of the table.
        table_id: i32,
        /// The id of the duplication.
        dupid: i32,
    },
    /// A backup policy is created. If the store has a policy of that name, the store keeps that policy
    /// as it is, and the change counts as stored.
    AddPolicy {
        /// The policy.
        record: PolicyRecord,
    },
    /// A backup policy has a new state.
    PutPolicy {
        /// The policy.
        record: PolicyRecord,
    },
}
