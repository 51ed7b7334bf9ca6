//! What a file declares: the duplications that a cluster should have.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::pattern::TableGlobs;
use crate::client::DuplicationSpec;
use crate::enums::{FailMode, Status};

/// The duplications that a cluster should have. `docs/fleets.md` describes the file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fleet {
    /// The meta servers of the source cluster, as `HOST:PORT[,...]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<String>,
    /// The name of the source cluster in a clusters file. Not used if `meta` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The name that the source cluster must report for itself. A plan for another cluster is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect_cluster: Option<String>,
    /// The declared duplications.
    #[serde(default, rename = "duplication", skip_serializing_if = "Vec::is_empty")]
    pub duplications: Vec<Declaration>,
    /// The scopes in which this file declares everything. Only duplications in a scope are ever removed.
    #[serde(default, rename = "scope", skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<Scope>,
}

/// The declaration of one duplication for each table that it selects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// The tables whose writes are shipped.
    pub table: TableGlobs,
    /// The name of the remote cluster.
    pub cluster: String,
    /// The name of each remote table.
    #[serde(default, skip_serializing_if = "RemoteTable::is_default")]
    pub remote_table: RemoteTable,
    /// The replica count of each remote table. `None` stands for the count of the table itself, and is not
    /// compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_replica_count: Option<i32>,
    /// Whether the data that a table already holds is shipped too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub checkpoint: bool,
    /// The fail mode. `None` stands for the server's default, and is not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fail_mode: Option<DeclaredFailMode>,
    /// Whether the duplication is running. `None` stands for a running duplication, and is not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<DeclaredStatus>,
    /// Whether it is fine if a glob matches no table.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_empty: bool,
}

/// The duplications of some tables to one remote cluster. In a scope, a file declares every duplication that
/// should exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// The tables.
    pub table: TableGlobs,
    /// The name of the remote cluster.
    pub cluster: String,
}

/// The fail mode in a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DeclaredFailMode {
    /// Retries a write until the remote cluster accepts it.
    Slow,
    /// Skips a write that the remote cluster does not accept.
    Skip,
    /// Terminates the replica server if the remote cluster does not accept a write.
    Fast,
}

impl From<DeclaredFailMode> for FailMode {
    fn from(mode: DeclaredFailMode) -> FailMode {
        match mode {
            DeclaredFailMode::Slow => FailMode::Slow,
            DeclaredFailMode::Skip => FailMode::Skip,
            DeclaredFailMode::Fast => FailMode::Fast,
        }
    }
}

impl DeclaredFailMode {
    /// Returns the declaration of a fail mode. A fail mode without a name cannot be declared.
    pub fn of(mode: FailMode) -> Option<DeclaredFailMode> {
        match mode {
            FailMode::Slow => Some(DeclaredFailMode::Slow),
            FailMode::Skip => Some(DeclaredFailMode::Skip),
            FailMode::Fast => Some(DeclaredFailMode::Fast),
            FailMode::Unknown(_) => None,
        }
    }
}

/// Whether a declared duplication is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DeclaredStatus {
    /// The duplication ships writes, or its checkpoint before them.
    Running,
    /// The duplication is paused.
    Paused,
}

impl DeclaredStatus {
    /// Returns the declaration of a status. A duplication that the server has not stored yet or is removing has
    /// no status that can be declared.
    pub fn of(status: Status) -> Option<DeclaredStatus> {
        match status {
            Status::Pause => Some(DeclaredStatus::Paused),
            status if status.is_running() => Some(DeclaredStatus::Running),
            _ => None,
        }
    }

    /// Returns the word that files have.
    pub fn name(self) -> &'static str {
        match self {
            DeclaredStatus::Running => "running",
            DeclaredStatus::Paused => "paused",
        }
    }
}

/// The template of the name of a remote table. `{table}` stands for the name of the table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RemoteTable(String);

/// The text that stands for the name of the table.
const TABLE: &str = "{table}";

/// A text is not a template for the name of a remote table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the template of the remote table is wrong: it may contain {{table}} and no other brace: remote_table={0:?}"
)]
pub struct BadTemplate(String);

impl RemoteTable {
    /// Returns the name of the remote table of a table.
    pub fn of(&self, table: &str) -> String {
        self.0.replace(TABLE, table)
    }

    /// Returns whether the remote tables have the names of the tables.
    fn is_default(&self) -> bool {
        self.0 == TABLE
    }
}

impl Default for RemoteTable {
    fn default() -> RemoteTable {
        RemoteTable(TABLE.to_owned())
    }
}

impl FromStr for RemoteTable {
    type Err = BadTemplate;
    fn from_str(text: &str) -> Result<RemoteTable, BadTemplate> {
        RemoteTable::try_from(text.to_owned())
    }
}

impl TryFrom<String> for RemoteTable {
    type Error = BadTemplate;
    fn try_from(text: String) -> Result<RemoteTable, BadTemplate> {
        match text.is_empty() || text.replace(TABLE, "").contains(['{', '}']) {
            true => Err(BadTemplate(text)),
            false => Ok(RemoteTable(text)),
        }
    }
}

impl From<RemoteTable> for String {
    fn from(template: RemoteTable) -> String {
        template.0
    }
}

impl fmt::Display for RemoteTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Declaration {
    /// Declares one duplication of each selected table to a table of the same name in `cluster`.
    pub fn new(table: TableGlobs, cluster: impl Into<String>) -> Declaration {
        Declaration {
            table,
            cluster: cluster.into(),
            remote_table: RemoteTable::default(),
            remote_replica_count: None,
            checkpoint: false,
            fail_mode: None,
            status: None,
            allow_empty: false,
        }
    }

    /// Returns the description of the duplication of one table.
    pub fn duplication(&self, table: &str) -> DuplicationSpec {
        DuplicationSpec {
            remote_table: (!self.remote_table.is_default()).then(|| self.remote_table.of(table)),
            remote_replica_count: self.remote_replica_count,
            checkpoint: self.checkpoint,
            ..DuplicationSpec::new(table, &*self.cluster)
        }
    }
}
