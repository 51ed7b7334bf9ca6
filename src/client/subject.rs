//! The subject of a request: what the request creates or changes.

use std::fmt;

use crate::enums::ResourceKind;

/// What a request creates or changes. Requests with the same subject go one after the other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// The duplication of a table to a remote cluster.
    Duplication { table: String, cluster: String },
    /// The tables of this name, dropped tables included.
    Table(String),
    /// The dropped table with this id.
    DroppedTable(i32),
    /// The backup policy of this name.
    BackupPolicy(String),
}

impl Subject {
    /// Returns the subject of a request about a duplication.
    pub(crate) fn duplication(table: &str, cluster: &str) -> Subject {
        Subject::Duplication { table: table.to_owned(), cluster: cluster.to_owned() }
    }

    /// Returns the kind of the resource that the subject is.
    pub(crate) fn resource(&self) -> ResourceKind {
        match self {
            Subject::Duplication { .. } => ResourceKind::Duplication,
            Subject::Table(_) | Subject::DroppedTable(_) => ResourceKind::Table,
            Subject::BackupPolicy(_) => ResourceKind::BackupPolicy,
        }
    }
}

/// Writes the subject as `key=value` pairs.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Duplication { table, cluster } => {
                write!(f, "table={table} cluster={cluster}")
            }
            Subject::Table(table) => write!(f, "table={table}"),
            Subject::DroppedTable(id) => write!(f, "table_id={id}"),
            Subject::BackupPolicy(policy) => write!(f, "policy={policy}"),
        }
    }
}
