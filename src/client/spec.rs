//! What a caller says: what to add, which one is meant, which tables to list. And what of it is
//! refused before anything is sent.

pub use crate::enums::Mode;
use crate::error::{Error, ErrorKind, Result};
use crate::escape::name;
use crate::outcome::{Difference, Duplication, FailMode, Property};
use crate::protocol::MAX_NAME;

/// What to add: which table's writes go to which remote cluster, and how.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DuplicationSpec {
    /// The table whose writes are shipped.
    pub table: String,
    /// The remote cluster, by the name that the meta servers' configuration gives it.
    pub cluster: String,
    /// The table's name in the remote cluster; `None` = the table's own name.
    pub remote_table: Option<String>,
    /// The remote table's replica count; `None` or 0 = the table's own.
    pub remote_replica_count: Option<i32>,
    /// Whether what the table holds already is shipped too, as a checkpoint. Off by default.
    pub checkpoint: bool,
}

impl DuplicationSpec {
    /// A duplication of `table` to `cluster`, to a table of the same name, without checkpoint.
    pub fn new(table: impl Into<String>, cluster: impl Into<String>) -> DuplicationSpec {
        DuplicationSpec {
            table: table.into(),
            cluster: cluster.into(),
            remote_table: None,
            remote_replica_count: None,
            checkpoint: false,
        }
    }

    /// The remote table's name that is asked for, said or not.
    pub fn wanted_remote_table(&self) -> &str {
        self.remote_table.as_deref().unwrap_or(&self.table)
    }

    /// The remote table's name where it isn't the table's own.
    pub(crate) fn other_remote_table(&self) -> Option<&str> {
        self.remote_table.as_deref().filter(|&name| name != self.table)
    }

    /// The replica count where one is asked for: 0 is the table's own, as not saying it is.
    pub(crate) fn wanted_replica_count(&self) -> Option<i32> {
        self.remote_replica_count.filter(|&count| count != 0)
    }

    /// The names that a server is sent, each with its field.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let remote_table = self.remote_table.as_deref().map(|name| ("remote_table", name));
        [("table", self.table.as_str()), ("cluster", self.cluster.as_str())]
            .into_iter()
            .chain(remote_table)
    }

    /// What of this a server told otherwise. What it did not tell is no difference.
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

/// Refuses a name that is empty, over-long, or has control characters in it.
fn check_name(field: &str, name: &str) -> Result<()> {
    let wrong = if name.is_empty() {
        "is empty".to_owned()
    } else if name.len() > MAX_NAME {
        format!("is too long: bytes={} limit={MAX_NAME}", name.len())
    } else if name.chars().any(char::is_control) {
        format!("has control characters: {field}={name:?}")
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::InvalidArgument, format!("the name of the {} {wrong}", words(field)))
        .with_hint(where_to_find(field)))
}

/// Where a person finds the name that belongs in that field.
fn where_to_find(field: &str) -> &'static str {
    match field {
        "cluster" => {
            "give a name that the meta servers' configuration has in [pegasus.clusters] and in \
             [duplication-group]"
        }
        "remote_table" => {
            "leave it out for the table's own name, or name a table of the remote cluster"
        }
        _ => "give the name of a table as the Pegasus shell's `ls` shows it",
    }
}

/// What a person calls a field that holds a name.
pub(crate) fn words(field: &str) -> &str {
    match field {
        "cluster" => "remote cluster",
        "remote_table" => "remote table",
        other => other,
    }
}

/// Which duplication of a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Selector {
    /// The one with that dupid.
    Dupid(i32),
    /// The one to that remote cluster.
    Cluster(String),
}

impl Selector {
    /// Whether it means that one.
    pub(crate) fn selects(&self, duplication: &Duplication) -> bool {
        match self {
            Selector::Dupid(dupid) => duplication.dupid == *dupid,
            Selector::Cluster(cluster) => duplication.cluster == *cluster,
        }
    }
}

impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Selector::Dupid(dupid) => write!(f, "dupid={dupid}"),
            Selector::Cluster(cluster) => write!(f, "cluster={}", name(cluster)),
        }
    }
}

/// Which tables to list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum TablePattern {
    /// All.
    #[default]
    All,
    /// The one of that name.
    Exact(String),
    /// Those with that text anywhere in their name.
    Anywhere(String),
    /// Those whose name starts so.
    Prefix(String),
    /// Those whose name ends so.
    Postfix(String),
}

impl TablePattern {
    /// The text that is looked for.
    pub(crate) fn text(&self) -> &str {
        match self {
            TablePattern::All => "",
            TablePattern::Exact(text)
            | TablePattern::Anywhere(text)
            | TablePattern::Prefix(text)
            | TablePattern::Postfix(text) => text,
        }
    }

    /// Whether a table of that name is meant.
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
    /// Returns an error if the argument is wrong whatever the server is. `field` is its name.
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
            .with_hint("leave it out, or give 0, for the table's own")),
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
        match self {
            Selector::Dupid(dupid) if *dupid <= 0 => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("a dupid is above 0: dupid={dupid}"),
            )),
            Selector::Dupid(_) => Ok(()),
            Selector::Cluster(cluster) => check_name("cluster", cluster),
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
