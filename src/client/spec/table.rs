//! The arguments of operations on tables.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Argument, TablePattern, check_name, wrong};
use crate::error::Result;

/// The largest number of partitions that a create accepts unless the caller raises the limit.
pub const DEFAULT_PARTITION_LIMIT: i32 = 1024;

/// The description of a table to create.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TableSpec {
    /// The name of the table.
    pub table: String,
    /// The number of partitions. It cannot be lowered afterwards.
    pub partition_count: i32,
    /// The number of replicas of each partition. The default is 3.
    pub replica_count: i32,
    /// The settings of the table.
    pub envs: BTreeMap<String, String>,
    /// Whether the writes of the table are made idempotent before they are replicated. `None`, the default,
    /// leaves it to the server, and is never a difference.
    pub atomic_idempotent: Option<bool>,
    /// The largest accepted number of partitions. It protects against typing errors, because a server
    /// allocates memory for all partitions at once. The default is [`DEFAULT_PARTITION_LIMIT`].
    pub partition_limit: i32,
    /// Whether the create writes a random value into the settings of the table, under
    /// [`PROOF_KEY`]. If the response is lost, the value shows whether this call created the
    /// table. The setting stays, duplications copy it, and a repeated `create` of the Pegasus shell fails
    /// because of it. The default is `false`.
    pub prove_authorship: bool,
}

/// The setting that holds the proof of authorship of a create.
pub const PROOF_KEY: &str = "pegasus_dup.created_by";

impl TableSpec {
    /// Describes a table with 3 replicas of each partition and without settings.
    pub fn new(table: impl Into<String>, partition_count: i32) -> TableSpec {
        TableSpec {
            table: table.into(),
            partition_count,
            replica_count: 3,
            envs: BTreeMap::new(),
            atomic_idempotent: None,
            partition_limit: DEFAULT_PARTITION_LIMIT,
            prove_authorship: false,
        }
    }
}

impl Argument for TableSpec {
    fn check(&self, _: &str) -> Result<()> {
        check_name("table", &self.table)
    }

    #[cfg(feature = "cli")]
    fn table(&self, _: &str) -> Option<&str> {
        Some(&self.table)
    }
}

/// The description of a dropped table to recall.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RecallSpec {
    /// The id of the dropped table.
    pub table_id: i32,
    /// The name that the table gets, or `None` for the name that it had.
    pub new_name: Option<String>,
    /// Whether a table is recalled although the recall may end replica servers, because the table was
    /// dropped soon after it was created. The default is `false`.
    pub force: bool,
}

impl RecallSpec {
    /// Describes the recall of the table with this id under the name that it had.
    pub fn new(table_id: i32) -> RecallSpec {
        RecallSpec { table_id, new_name: None, force: false }
    }
}

impl Argument for RecallSpec {
    fn check(&self, _: &str) -> Result<()> {
        if self.table_id <= 0 {
            return Err(wrong(format!("a table id must be above 0: table_id={}", self.table_id)));
        }
        match &self.new_name {
            Some(name) => check_name("new_name", name),
            None => Ok(()),
        }
    }
}

/// The selection of the tables to return, and of what to read of each table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct TableSelection {
    /// The names of the tables.
    pub tables: TablePattern,
    /// Whether dropped tables are returned too. The default is `false`.
    pub dropped: bool,
    /// Whether the number of ready partitions is read, with one request for each table that is available.
    /// The default is `false`.
    pub health: bool,
}

impl Argument for TableSelection {
    fn check(&self, field: &str) -> Result<()> {
        self.tables.check(field)
    }
}

/// The time for which a dropped table can be recalled. `None` stands for the server's default, which is a
/// week unless it is configured.
impl Argument for Option<Duration> {
    fn check(&self, field: &str) -> Result<()> {
        match self {
            Some(time) if time.as_secs() == 0 || time.subsec_nanos() != 0 => Err(wrong(format!(
                "a table is reserved for a whole number of seconds above 0: {field}_seconds={}",
                time.as_secs_f64()
            ))
            .with_hint("leave it out to use the server's default")),
            _ => Ok(()),
        }
    }
}
