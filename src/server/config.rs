//! The configuration of an embedded meta server.

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
use super::state::ReplicaServers;
use crate::protocol::MAX_NAME;

/// The greatest number of replica servers. Each has a port of its own in the responses.
pub const MAX_NODES: usize = 1_000;

/// The provider that backup policies may use if none is configured.
pub const BLOCK_SERVICE: &str = "local_service";

/// The configuration of an embedded meta server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// The address to listen on. With port 0 the system chooses a free port; see
    /// [`super::MetaServer::address`].
    pub listen: SocketAddr,
    /// The name of the server's own cluster. The server refuses a duplication to this cluster.
    pub cluster_name: String,
    /// The clusters that the server accepts as remote clusters.
    pub remote_clusters: Vec<RemoteCluster>,
    /// The tables. Their ids are 1, 2, ... in this order, unless the store has other ids for them.
    pub tables: Vec<TableSpec>,
    /// Where the server keeps tables, duplications and backup policies.
    pub store: StoreChoice,
    /// The generation of servers, or the behaviour, that the server imitates.
    pub behaviour: Behaviour,
    /// Whether duplication is switched on. If it is switched off, the server refuses every request
    /// about duplication with ERR_SERVICE_NOT_ACTIVE, and responds to all other requests.
    pub duplication_enabled: bool,
    /// Whether backups are switched on. If they are switched off, the server refuses every request about
    /// backup policies with ERR_SERVICE_NOT_ACTIVE, and responds to all other requests.
    pub backup_enabled: bool,
    /// The names of the providers that backup policies may use: the block services of a real
    /// server's configuration. The server stores no backups.
    pub block_services: Vec<String>,
    /// How duplications move on by themselves. `None` stands for [`Behaviour::default_clock`].
    pub clock: Option<ClockMode>,
    /// The number of replica servers that the server names, at most [`MAX_NODES`]. They exist in the
    /// server's responses only, and are alive until [`super::Hub::set_alive_nodes`] or a fault says
    /// otherwise. `None` stands for [`Behaviour::default_nodes`].
    pub nodes: Option<usize>,
    /// How many replica servers must be alive, at least. If fewer are alive, or less than 65 % of them,
    /// the function level of the cluster is `freezed`: no table can be created, and no partition gets
    /// replicas. At least 1.
    pub min_alive_nodes: usize,
    /// The time from the creation of a table until its partitions have their replicas. After a recall
    /// it takes three times as long. With [`ClockMode::Fast`] it takes a hundredth of the time.
    pub ready_after: Duration,
    /// The limits for clients.
    pub limits: Limits,
    /// The rules that say which requests meet which fault.
    pub faults: Vec<FaultRule>,
    /// The partitions that lag or stick. If two rules name the same partition, the later rule
    /// applies.
    pub partitions: Vec<PartitionRule>,
}

impl ServerConfig {
    /// Returns the clock mode in use: the configured one, or the default of the behaviour.
    pub fn clock_mode(&self) -> ClockMode {
        self.clock.unwrap_or_else(|| self.behaviour.default_clock())
    }

    /// Returns the number of replica servers: the configured one, or the default of the behaviour.
    pub fn node_count(&self) -> usize {
        self.nodes.unwrap_or_else(|| self.behaviour.default_nodes())
    }

    /// Returns the replica servers, all of them alive.
    pub(super) fn replica_servers(&self) -> ReplicaServers {
        ReplicaServers::new(self.node_count(), self.min_alive_nodes)
    }

    /// Returns an error if the configuration makes no sense. A server that starts has checked its
    /// configuration.
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
                return wrong(format!("a table is configured twice: name={:?}", table.name));
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
                return wrong(format!(
                    "a remote cluster is configured twice: name={:?}",
                    cluster.name
                ));
            }
        }
        for service in &self.block_services {
            if service.is_empty() || service.len() > MAX_NAME {
                return wrong(format!(
                    "a block service's name must have 1 to 255 bytes: name={service:?}"
                ));
            }
        }
        if self.node_count() > MAX_NODES {
            return wrong(format!(
                "there are at most {MAX_NODES} replica servers: nodes={}",
                self.node_count()
            ));
        }
        if self.min_alive_nodes == 0 {
            return wrong("at least 1 replica server must be alive: min_alive_nodes=0".to_owned());
        }
        let limits = &self.limits;
        let least = limits.max_connections.min(limits.max_body).min(limits.max_in_flight);
        if least == 0 || limits.frame_timeout.is_zero() || limits.idle_timeout.is_zero() {
            return wrong(format!("a limit must be greater than 0: {limits:?}"));
        }
        Ok(())
    }
}

impl Default for ServerConfig {
    /// Returns the configuration of a server on `127.0.0.1:34601` with the cluster name `onebox`,
    /// in memory, without tables and remote clusters, and with the behaviour `idempotent`.
    fn default() -> ServerConfig {
        ServerConfig {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 34601)),
            cluster_name: "onebox".to_owned(),
            remote_clusters: Vec::new(),
            tables: Vec::new(),
            store: StoreChoice::Memory,
            behaviour: Behaviour::default(),
            duplication_enabled: true,
            backup_enabled: true,
            block_services: vec![BLOCK_SERVICE.to_owned()],
            clock: None,
            nodes: None,
            min_alive_nodes: 1,
            ready_after: Duration::from_secs(1),
            limits: Limits::default(),
            faults: Vec::new(),
            partitions: Vec::new(),
        }
    }
}

/// Where a server keeps tables, duplications and backup policies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StoreChoice {
    /// In memory. Everything is gone when the server stops.
    #[default]
    Memory,
    /// In a file with that name, which is created if it does not exist. What the server has
    /// acknowledged survives `kill -9`.
    File(PathBuf),
}

impl FromStr for StoreChoice {
    type Err = std::convert::Infallible;
    /// Parses `memory`, or a path.
    fn from_str(text: &str) -> Result<StoreChoice, Self::Err> {
        match text {
            "memory" => Ok(StoreChoice::Memory),
            path => Ok(StoreChoice::File(PathBuf::from(path))),
        }
    }
}

/// The limits for clients. If a client exceeds a limit, the server closes that client's connection
/// and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The number of connections at the same time. Any further connection is closed as soon as it
    /// is accepted.
    pub max_connections: usize,
    /// The number of bytes of a request's body.
    pub max_body: usize,
    /// The number of requests in flight on a connection. The server reads no further request until
    /// it has responded to one of them.
    pub max_in_flight: usize,
    /// The time in which a request must arrive completely once its first byte has arrived, and in
    /// which the client must read a response.
    pub frame_timeout: Duration,
    /// The time for which a connection may be silent.
    pub idle_timeout: Duration,
    /// The time for which a stop waits for responses that are under way.
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
