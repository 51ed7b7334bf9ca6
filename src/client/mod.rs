//! The client: one file per operation.

pub mod blocking;
mod builder;

pub use builder::{ClientBuilder, Mode};

use std::time::Duration;

use crate::error::Result;
use crate::outcome::{Change, Duplication, FailMode, Outcome, Removal};

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
}

/// Which duplication of a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Selector {
    /// The one with that dupid.
    Dupid(i32),
    /// The one to that remote cluster.
    Cluster(String),
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

/// A client of one cluster's meta servers. Cheap to clone; clones share their connections.
#[derive(Debug, Clone)]
pub struct Client {
    timeout: Duration,
}

impl Client {
    /// Starts configuring a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// The same client, with another time limit for each call.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Client {
        Client { timeout, ..self.clone() }
    }

    /// What was sent to change something and isn't settled yet, one description each.
    pub fn unsettled(&self) -> Vec<String> {
        Vec::new()
    }

    /// Adds a duplication.
    pub async fn add(&self, _spec: &DuplicationSpec) -> Result<Outcome<Duplication>> {
        todo!()
    }
    /// The duplications of one table.
    pub async fn query(&self, _table: &str) -> Result<Vec<Duplication>> {
        todo!()
    }
    /// The duplications of many tables.
    pub async fn list(&self, _tables: &TablePattern) -> Result<Vec<Duplication>> {
        todo!()
    }
    /// Lets a paused one run.
    pub async fn start(&self, _table: &str, _which: &Selector) -> Result<Change<Duplication>> {
        todo!()
    }
    /// Pauses one.
    pub async fn pause(&self, _table: &str, _which: &Selector) -> Result<Change<Duplication>> {
        todo!()
    }
    /// Removes one.
    pub async fn remove(&self, _table: &str, _which: &Selector) -> Result<Removal<Duplication>> {
        todo!()
    }
    /// Sets the fail mode.
    pub async fn set_fail_mode(
        &self,
        _table: &str,
        _which: &Selector,
        _mode: FailMode,
    ) -> Result<Change<Duplication>> {
        todo!()
    }
}
