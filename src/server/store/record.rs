//! What is kept of a table and of a duplication. Names, not numbers: a number's meaning differs by
//! generation, and a file may be opened as another one.

use serde::{Deserialize, Serialize};

/// A table as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableRecord {
    /// Its id.
    pub id: i32,
    /// Its name.
    pub name: String,
    /// Its number of partitions.
    pub partitions: i32,
    /// Its replica count.
    pub replicas: i32,
    /// When it was created, in seconds since 1970.
    pub create_second: i64,
    /// The highest dupid that any duplication of it has had.
    pub highest_dupid: i32,
}

/// A duplication as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DuplicationRecord {
    /// Its id within the table.
    pub dupid: i32,
    /// The remote cluster.
    pub cluster: String,
    /// `DS_...`.
    pub status: String,
    /// When it came to that status, in milliseconds since 1970.
    pub since_ms: i64,
    /// The confirmed decree when it came there, -1 = none.
    pub confirmed: i64,
    /// `FAIL_...`.
    pub fail_mode: String,
    /// The remote table.
    pub remote_table: String,
    /// Whether the name of the remote table arrived as UTF-8. If it did not, U+FFFD stands in
    /// `remote_table` for the other bytes.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub remote_table_is_utf8: bool,
    /// The remote table's replica count.
    pub remote_replica_count: i32,
    /// When it was made, in milliseconds since 1970.
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
    /// The duplications, each with its table's id.
    pub duplications: Vec<(i32, DuplicationRecord)>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordChange {
    /// A duplication is there, in this state.
    Put {
        /// The table's id.
        table_id: i32,
        /// The duplication.
        record: DuplicationRecord,
    },
    /// Nothing changes: a repeated add goes the way of a new one, and meets what is stored.
    Keep {
        /// The table's id.
        table_id: i32,
        /// The duplication's id.
        dupid: i32,
    },
    /// A duplication is gone.
    Remove {
        /// The table's id.
        table_id: i32,
        /// The duplication's id.
        dupid: i32,
    },
}
