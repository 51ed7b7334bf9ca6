//! What an embedded meta server is told when it starts.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::behaviour::{Behaviour, ClockMode};
use super::error::ServerError;
use super::fault::FaultRule;
use super::partition::PartitionRule;
use super::spec::{RemoteCluster, TableSpec};
use crate::protocol::MAX_NAME;

/// How an embedded meta server is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// Where to listen. Port 0 = any free one, see [`super::MetaServer::address`].
    pub listen: SocketAddr,
    /// This cluster's name. A duplication to it is refused.
    pub cluster_name: String,
    /// The clusters that may be duplicated to.
    pub remote_clusters: Vec<RemoteCluster>,
    /// The tables; their ids are 1, 2, ... in this order, or what the store already says.
    pub tables: Vec<TableSpec>,
    /// Where duplications are kept.
    pub store: StoreChoice,
    /// Which generation of servers to behave as.
    pub behaviour: Behaviour,
    /// Whether duplication is switched on. If it is switched off, the server refuses every request about
    /// duplication with ERR_SERVICE_NOT_ACTIVE, and answers all other requests.
    pub duplication_enabled: bool,
    /// How duplications move on by themselves; `None` = [`Behaviour::default_clock`].
    pub clock: Option<ClockMode>,
    /// What a client may take.
    pub limits: Limits,
    /// Which requests meet which mishap.
    pub faults: Vec<FaultRule>,
    /// Partitions that lag or stick; of two rules for one, the later counts.
    pub partitions: Vec<PartitionRule>,
}

impl ServerConfig {
    /// The clock in use: the one given, else the behaviour's.
    pub fn clock_mode(&self) -> ClockMode {
        self.clock.unwrap_or_else(|| self.behaviour.default_clock())
    }

    /// Whether it makes sense. A server that starts has checked it.
    pub fn check(&self) -> Result<(), ServerError> {
        let wrong = |text: String| Err(ServerError::Config(text));
        if self.cluster_name.is_empty() || self.cluster_name.len() > MAX_NAME {
            return wrong(format!(
                "a cluster's name must have 1 to 255 bytes: name={:?}",
                self.cluster_name
            ));
        }
        let mut names = BTreeSet::new();
        for table in &self.tables {
            if let Some(fault) = table.fault() {
                return wrong(format!("{fault} table={table}"));
            }
            if !names.insert(&table.name) {
                return wrong(format!("a table is given twice: name={:?}", table.name));
            }
        }
        let mut names = BTreeSet::new();
        for cluster in &self.remote_clusters {
            if cluster.name.is_empty() || cluster.name.len() > MAX_NAME {
                return wrong(format!(
                    "a cluster's name must have 1 to 255 bytes: remote_cluster={cluster}"
                ));
            }
            if !names.insert(&cluster.name) {
                return wrong(format!("a remote cluster is given twice: name={:?}", cluster.name));
            }
        }
        let limits = &self.limits;
        let least = limits.max_connections.min(limits.max_body).min(limits.max_in_flight);
        if least == 0 || limits.frame_timeout.is_zero() || limits.idle_timeout.is_zero() {
            return wrong(format!("a limit of nothing serves nobody: {limits:?}"));
        }
        Ok(())
    }
}

impl Default for ServerConfig {
    /// `127.0.0.1:34601`, cluster `onebox`, in memory, no tables, no remote clusters, idempotent.
    fn default() -> ServerConfig {
        ServerConfig {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 34601)),
            cluster_name: "onebox".to_owned(),
            remote_clusters: Vec::new(),
            tables: Vec::new(),
            store: StoreChoice::Memory,
            behaviour: Behaviour::default(),
            duplication_enabled: true,
            clock: None,
            limits: Limits::default(),
            faults: Vec::new(),
            partitions: Vec::new(),
        }
    }
}

/// Where duplications are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StoreChoice {
    /// Nowhere: they are gone when the server stops.
    #[default]
    Memory,
    /// In a file of that name, made if it isn't there. What was acknowledged survives `kill -9`.
    File(PathBuf),
}

impl FromStr for StoreChoice {
    type Err = std::convert::Infallible;
    /// `memory`, else a path.
    fn from_str(text: &str) -> Result<StoreChoice, Self::Err> {
        match text {
            "memory" => Ok(StoreChoice::Memory),
            path => Ok(StoreChoice::File(PathBuf::from(path))),
        }
    }
}

/// What a client may take of the server. What goes beyond ends its connection, nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time; one more is closed as soon as it is accepted.
    pub max_connections: usize,
    /// Bytes of a request's body.
    pub max_body: usize,
    /// Requests of one connection that wait for their answer; no more are read until one is sent.
    pub max_in_flight: usize,
    /// How long a request that has begun may take to arrive, and an answer to be taken.
    pub frame_timeout: Duration,
    /// How long a connection may be silent.
    pub idle_timeout: Duration,
    /// How long a stop waits for answers under way.
    pub stop_grace: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_connections: 16_384,
            max_body: 1024 * 1024,
            max_in_flight: 256,
            frame_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(600),
            stop_grace: Duration::from_secs(5),
        }
    }
}
