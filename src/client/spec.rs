//! The arguments of operations: descriptions of resources to create, the selection of a duplication, and the
//! selection of tables. Wrong arguments are refused before anything is sent.

mod backup_policy;
mod table;

pub use backup_policy::BackupPolicySpec;
pub use table::{DEFAULT_PARTITION_LIMIT, PROOF_KEY, RecallSpec, TableSelection, TableSpec};

#[cfg(feature = "fleet")]
use super::harm;
pub use crate::enums::Mode;
use crate::error::{Error, ErrorKind, Result};
use crate::escape::name;
use crate::outcome::{Difference, FailMode, Property};
use crate::protocol::MAX_NAME;
use crate::protocol::generation::Generation;
use crate::resource::{Duplication, Identity};

/// The description of a duplication to add.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DuplicationSpec {
    /// The table whose writes are shipped.
    pub table: String,
    /// The name of the remote cluster in the configuration of the meta servers.
    pub cluster: String,
    /// The name of the table in the remote cluster, or `None` for the same name as in this cluster.
    pub remote_table: Option<String>,
    /// The replica count of the remote table, or `None` or 0 for the same count as in this cluster.
    pub remote_replica_count: Option<i32>,
    /// Whether the data that the table already holds is shipped too, as a checkpoint. The default is
    /// `false`.
    pub checkpoint: bool,
    /// The id that the table must have, or `None` for any id. If the name leads to a table with another id,
    /// the add fails with `TableNotFound`, and nothing is sent.
    pub table_id: Option<i32>,
}

impl DuplicationSpec {
    /// Describes a duplication of `table` to a table of the same name in `cluster`, without a checkpoint.
    pub fn new(table: impl Into<String>, cluster: impl Into<String>) -> DuplicationSpec {
        DuplicationSpec {
            table: table.into(),
            cluster: cluster.into(),
            remote_table: None,
            remote_replica_count: None,
            checkpoint: false,
            table_id: None,
        }
    }

    /// Returns the first requested property that a server of this generation may ignore or misread, if there
    /// is one. `None` stands for a generation that is not known. An add fails with `Unsupported` because of
    /// such a property, and nothing is sent.
    pub fn unsupported_by(&self, generation: Option<Generation>) -> Option<Property> {
        let remote_table = generation.is_some_and(Generation::has_remote_table);
        if !remote_table && self.other_remote_table().is_some() {
            Some(Property::RemoteTable)
        } else if !remote_table && self.wanted_replica_count().is_some() {
            Some(Property::RemoteReplicaCount)
        } else if self.checkpoint && !generation.is_some_and(Generation::has_checkpoint) {
            Some(Property::Checkpoint)
        } else {
            None
        }
    }

    /// Returns the error with which an add fails because of its names and numbers, whatever exists. Nothing is
    /// sent then.
    #[cfg(feature = "fleet")]
    pub(crate) fn check_for(&self, generation: Option<Generation>) -> Result<()> {
        self.check("spec")?;
        harm::refuse_braces(generation, self.names())
    }

    /// Returns the requested name of the remote table, which is that of the table if none was given.
    pub fn wanted_remote_table(&self) -> &str {
        self.remote_table.as_deref().unwrap_or(&self.table)
    }

    /// Returns the name of the remote table if it differs from that of the table.
    pub(crate) fn other_remote_table(&self) -> Option<&str> {
        self.remote_table.as_deref().filter(|&name| name != self.table)
    }

    /// Returns the requested replica count. 0 requests the count of the table, like no count.
    pub(crate) fn wanted_replica_count(&self) -> Option<i32> {
        self.remote_replica_count.filter(|&count| count != 0)
    }

    /// Returns the names that are sent to a server, each with the name of its field.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let remote_table = self.remote_table.as_deref().map(|name| ("remote_table", name));
        [("table", self.table.as_str()), ("cluster", self.cluster.as_str())]
            .into_iter()
            .chain(remote_table)
    }

    /// Returns the properties in which a reported duplication differs from this description. A property that
    /// the server does not report is not a difference.
    pub(crate) fn differences(
        &self,
        remote_table: Option<&str>,
        remote_replica_count: Option<i32>,
    ) -> Vec<Difference> {
        let mut differences = Vec::new();
        let asked = self.wanted_remote_table();
        if let Some(existing) = remote_table.filter(|&existing| existing != asked) {
            differences.push(Difference::new(Property::RemoteTable, asked, existing));
        }
        if let (Some(asked), Some(existing)) = (self.wanted_replica_count(), remote_replica_count)
            && asked != existing
        {
            differences.push(Difference::new(Property::RemoteReplicaCount, asked, existing));
        }
        differences
    }
}

/// Returns an error for a name that is empty, is too long, or contains control characters.
fn check_name(field: &str, name: &str) -> Result<()> {
    let wrong = if name.is_empty() {
        "is empty".to_owned()
    } else if name.len() > MAX_NAME {
        format!("is too long: bytes={} limit={MAX_NAME}", name.len())
    } else if name.chars().any(char::is_control) {
        format!("contains control characters: {field}={name:?}")
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::InvalidArgument, format!("the name of the {} {wrong}", words(field)))
        .with_hint(where_to_find(field)))
}

/// Returns where to find a valid name for a field.
fn where_to_find(field: &str) -> &'static str {
    match field {
        "cluster" => {
            "give a name that is in the sections [pegasus.clusters] and [duplication-group] of the \
             configuration of the meta servers"
        }
        "remote_table" => {
            "leave it out to use the name of the table, or give the name of a table in the remote cluster"
        }
        "policy" => "use letters, digits and underscores, and no digit at the beginning",
        "provider" => {
            "give the name of a section [block_service.NAME] of the configuration of the meta servers"
        }
        _ => "give the name of a table as the command `ls` of the Pegasus shell shows it",
    }
}

/// Returns the words for a field that holds a name.
pub(crate) fn words(field: &str) -> &str {
    match field {
        "cluster" => "remote cluster",
        "remote_table" => "remote table",
        "new_name" => "recalled table",
        "policy" => "backup policy",
        "provider" => "backup provider",
        other => other,
    }
}

/// The selection of a duplication of a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Selector {
    /// The duplication with this dupid.
    Dupid(i32),
    /// The duplication to this remote cluster.
    Cluster(String),
    /// The duplication with this identity, and no other duplication that has got the same dupid since.
    Identity(Identity),
}

impl Selector {
    /// Returns whether this selects the duplication.
    pub(crate) fn selects(&self, duplication: &Duplication) -> bool {
        match self {
            Selector::Dupid(dupid) => duplication.dupid == *dupid,
            Selector::Cluster(cluster) => duplication.cluster == *cluster,
            Selector::Identity(identity) => duplication.identity() == *identity,
        }
    }
}

impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Selector::Dupid(dupid) => write!(f, "dupid={dupid}"),
            Selector::Cluster(cluster) => write!(f, "cluster={}", name(cluster)),
            Selector::Identity(identity) => {
                let Identity { table_id, cluster, dupid, create_ts_ms } = identity;
                write!(f, "table_id={table_id} cluster={} dupid={dupid}", name(cluster))?;
                match create_ts_ms {
                    Some(time) => write!(f, " create_ts_ms={time}"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// The selection of the tables to list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum TablePattern {
    /// All tables.
    #[default]
    All,
    /// The table with this name.
    Exact(String),
    /// The tables whose name contains this text.
    Anywhere(String),
    /// The tables whose name starts with this text.
    Prefix(String),
    /// The tables whose name ends with this text.
    Postfix(String),
}

impl TablePattern {
    /// Returns the text that is compared with the names of tables.
    pub(crate) fn text(&self) -> &str {
        match self {
            TablePattern::All => "",
            TablePattern::Exact(text)
            | TablePattern::Anywhere(text)
            | TablePattern::Prefix(text)
            | TablePattern::Postfix(text) => text,
        }
    }

    /// Returns the words that name the tables in an error.
    pub(crate) fn subject(&self) -> String {
        match self {
            TablePattern::All => "tables=all".to_owned(),
            other => format!("table={}", other.text()),
        }
    }

    /// Returns whether this selects the table with this name.
    pub(crate) fn matches(&self, table: &str) -> bool {
        match self {
            TablePattern::All => true,
            TablePattern::Exact(text) => table == text,
            TablePattern::Anywhere(text) => table.contains(text),
            TablePattern::Prefix(text) => table.starts_with(text),
            TablePattern::Postfix(text) => table.ends_with(text),
        }
    }
}

/// An argument of an operation, as the methods of a client take it.
pub(crate) trait Argument {
    /// Returns an error if no server could accept the argument. `field` is the name of the argument.
    fn check(&self, field: &str) -> Result<()>;

    /// Returns the table that the argument names, if any.
    #[cfg(feature = "cli")]
    fn table(&self, _field: &str) -> Option<&str> {
        None
    }

    /// Returns the duplication that the argument selects, as `dupid=7`, if any.
    #[cfg(feature = "cli")]
    fn selection(&self) -> Option<String> {
        None
    }
}

impl Argument for str {
    fn check(&self, field: &str) -> Result<()> {
        check_name(field, self)
    }

    #[cfg(feature = "cli")]
    fn table(&self, field: &str) -> Option<&str> {
        (field == "table").then_some(self)
    }
}

impl Argument for DuplicationSpec {
    fn check(&self, _: &str) -> Result<()> {
        for (field, name) in self.names() {
            check_name(field, name)?;
        }
        match self.remote_replica_count {
            Some(count) if count < 0 => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("the remote replica count is negative: remote_replica_count={count}"),
            )
            .with_hint("leave it out, or give 0, to use the replica count of the table")),
            _ => Ok(()),
        }
    }

    #[cfg(feature = "cli")]
    fn table(&self, _: &str) -> Option<&str> {
        Some(&self.table)
    }
}

impl Argument for Selector {
    fn check(&self, _: &str) -> Result<()> {
        let check_dupid = |dupid: i32| match dupid {
            1.. => Ok(()),
            _ => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("a dupid must be above 0: dupid={dupid}"),
            )),
        };
        match self {
            Selector::Dupid(dupid) => check_dupid(*dupid),
            Selector::Cluster(cluster) => check_name("cluster", cluster),
            Selector::Identity(identity) => {
                check_dupid(identity.dupid)?;
                check_name("cluster", &identity.cluster)
            }
        }
    }

    #[cfg(feature = "cli")]
    fn selection(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Argument for TablePattern {
    fn check(&self, _: &str) -> Result<()> {
        match self {
            TablePattern::All => Ok(()),
            other => check_name("table", other.text()),
        }
    }
}

impl Argument for FailMode {
    fn check(&self, field: &str) -> Result<()> {
        match self {
            FailMode::Unknown(_) => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("this fail mode cannot be set: {field}={self}"),
            )),
            FailMode::Slow | FailMode::Skip | FailMode::Fast => Ok(()),
        }
    }
}
