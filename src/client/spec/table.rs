//! The arguments of operations on tables.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Argument, TablePattern, check_name};
use crate::error::{Error, Result};
use crate::escape::name;

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
    /// The settings of the table. Settings that begin with `restore.` or `duplication.`, and
    /// `max_replica_count.update`, are refused, because they make servers do more than create a table. So is
    /// `default_ttl`, which ends the replica servers of 2.6 if a new table has it. If the table exists, each
    /// setting that only one side has is a difference.
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

/// The settings that a create may not have, each with what the setting does. A name that ends with a dot stands for
/// all settings that begin with the name.
const FORBIDDEN_ENVS: [(&str, &str); 5] = [
    ("default_ttl", "ends the replica servers if the table has it before its replicas are ready"),
    ("restore.", "makes the replicas restore a backup"),
    ("duplication.", "makes the table follow a table of another cluster"),
    ("max_replica_count.update", "makes the meta servers change the replica count when they start"),
    (
        PROOF_KEY,
        "holds the proof of authorship, which the client writes by itself if it is asked to",
    ),
];

impl TableSpec {
    fn check_counts(&self) -> Result<()> {
        let (partitions, limit) = (self.partition_count, self.partition_limit);
        if partitions <= 0 {
            return Err(Error::invalid(format!(
                "a table has at least one partition: table={} partition_count={partitions}",
                self.table
            )));
        }
        if partitions > limit {
            return Err(Error::invalid(format!(
                "the partition count is above the limit: table={} partition_count={partitions} partition_limit={limit}",
                self.table
            ))
            .with_hint(
                "check the partition count; raise the partition limit if it is right: the meta server allocates memory for all partitions at once",
            ));
        }
        if self.replica_count <= 0 {
            return Err(Error::invalid(format!(
                "a partition has at least one replica: table={} replica_count={}",
                self.table, self.replica_count
            )));
        }
        Ok(())
    }

    fn check_envs(&self) -> Result<()> {
        for key in self.envs.keys() {
            if key.is_empty() {
                return Err(Error::invalid(format!(
                    "the key of a setting is empty: table={}",
                    self.table
                )));
            }
            let forbidden = FORBIDDEN_ENVS
                .iter()
                .find(|(name, _)| key == name || name.ends_with('.') && key.starts_with(name));
            if let Some((_, what)) = forbidden {
                return Err(Error::invalid(format!(
                    "a create may not have this setting, which {what}: table={} key={}",
                    self.table,
                    name(key)
                ))
                .with_hint(match key.as_str() {
                    "default_ttl" => "leave the setting out, and set it when the table is ready",
                    _ => "leave the setting out",
                }));
            }
        }
        Ok(())
    }
}

impl Argument for TableSpec {
    fn check(&self, _: &str) -> Result<()> {
        check_name("table", &self.table).map_err(|error| {
            error.with_hint(
                "give a name of 1 to 255 bytes; the Pegasus shell accepts letters, digits, `.`, `_` and `:` only",
            )
        })?;
        self.check_counts()?;
        self.check_envs()
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
            return Err(Error::invalid(format!(
                "a table id must be above 0: table_id={}",
                self.table_id
            )));
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
            Some(time) if time.as_secs() == 0 || time.subsec_nanos() != 0 => {
                Err(Error::invalid(format!(
                    "a table is reserved for a whole number of seconds above 0: {field}_seconds={}",
                    time.as_secs_f64()
                ))
                .with_hint("leave it out to use the server's default"))
            }
            _ => Ok(()),
        }
    }
}
