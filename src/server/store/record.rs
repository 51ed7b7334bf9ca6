//! What a store keeps of a table and of a duplication. Statuses and fail modes are kept as names,
//! because the meaning of a number differs by generation, and a file may be opened by a server of
//! another generation.

use serde::{Deserialize, Serialize};

/// A table as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}

/// Everything that a store keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// The tables.
    pub tables: Vec<TableRecord>,
    /// The duplications, each with the id of its table.
    pub duplications: Vec<(i32, DuplicationRecord)>,
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
}
