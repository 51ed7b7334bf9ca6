//! What an embedded meta server is told when it starts.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::error::ServerError;
use super::fault::FaultRule;
use super::partition::PartitionRule;
use crate::protocol::MAX_NAME;
use crate::protocol::generation::Generation;

/// Partitions of a table unless told otherwise.
const PARTITIONS: i32 = 8;
/// Replicas of a table unless told otherwise.
const REPLICAS: i32 = 3;
/// More partitions than this are taken for a slip: every query answers with all of them.
pub(super) const MAX_PARTITIONS: i32 = 65_536;
/// More replicas than this are taken for a slip.
const MAX_REPLICAS: i32 = 64;

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

/// A text that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} text={text:?}")]
pub struct ParseError {
    what: &'static str,
    text: String,
}

impl ParseError {
    pub(crate) fn new(what: &'static str, text: &str) -> ParseError {
        ParseError { what, text: text.to_owned() }
    }
}

/// A table of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TableSpec {
    /// Its name.
    pub name: String,
    /// Its number of partitions.
    pub partitions: i32,
    /// Its replica count.
    pub replicas: i32,
}

impl TableSpec {
    /// A table of 8 partitions and 3 replicas.
    pub fn new(name: impl Into<String>) -> TableSpec {
        TableSpec { name: name.into(), partitions: PARTITIONS, replicas: REPLICAS }
    }

    /// Why it can't be a table, if it can't.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        if self.name.is_empty() || self.name.len() > MAX_NAME {
            Some("a table's name must have 1 to 255 bytes:")
        } else if !(1..=MAX_PARTITIONS).contains(&self.partitions) {
            Some("a table's partitions must be 1 to 65536:")
        } else if !(1..=MAX_REPLICAS).contains(&self.replicas) {
            Some("a table's replicas must be 1 to 64:")
        } else {
            None
        }
    }
}

impl fmt::Display for TableSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.name, self.partitions, self.replicas)
    }
}

impl FromStr for TableSpec {
    type Err = ParseError;
    /// `NAME[:PARTITIONS[:REPLICAS]]`, 8 and 3 unless given. Up to two parts at the end are numbers if
    /// they look like numbers; all before them is the name, which may contain colons itself.
    fn from_str(text: &str) -> Result<TableSpec, ParseError> {
        let split = |text| -> Option<(&str, &str)> {
            let (before, last) = str::rsplit_once(text, ':')?;
            let digits = last.strip_prefix(['-', '+']).unwrap_or(last);
            let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            number.then_some((before, last))
        };
        let (name, partitions, replicas) = match split(text) {
            None => (text, None, None),
            Some((before, last)) => match split(before) {
                None => (before, Some(last), None),
                Some((name, partitions)) => (name, Some(partitions), Some(last)),
            },
        };
        let number = |digits: Option<&str>, default: i32| match digits {
            None => default,
            // A number that is too long for an i32 is out of range, which is what 0 is too.
            Some(digits) => digits.parse().unwrap_or(0),
        };
        let spec = TableSpec {
            name: name.to_owned(),
            partitions: number(partitions, PARTITIONS),
            replicas: number(replicas, REPLICAS),
        };
        match spec.fault() {
            Some(fault) => Err(ParseError::new(fault, text)),
            None => Ok(spec),
        }
    }
}

/// A cluster that may be duplicated to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RemoteCluster {
    /// Its name.
    pub name: String,
    /// Its meta servers, each `HOST:PORT`. Nothing is ever sent to them. With none, adds are
    /// refused as on a real server whose configuration lacks them.
    pub metas: Vec<String>,
}

impl fmt::Display for RemoteCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.metas.join(","))
    }
}

impl FromStr for RemoteCluster {
    type Err = ParseError;
    /// `NAME=HOST:PORT[,HOST:PORT...]`; one comma after the last address is allowed.
    fn from_str(text: &str) -> Result<RemoteCluster, ParseError> {
        let wrong = || ParseError::new("a remote cluster is NAME=HOST:PORT[,HOST:PORT...]:", text);
        let (name, metas) = text.split_once('=').ok_or_else(wrong)?;
        if name.is_empty() || name.len() > MAX_NAME {
            return Err(ParseError::new("a cluster's name must have 1 to 255 bytes:", text));
        }
        let metas = metas.strip_suffix(',').unwrap_or(metas);
        let metas: Vec<String> = metas.split(',').map(str::to_owned).collect();
        for meta in &metas {
            let (host, port) = meta.rsplit_once(':').ok_or_else(wrong)?;
            if host.is_empty() || port.parse::<u16>().is_err() {
                return Err(wrong());
            }
        }
        Ok(RemoteCluster { name: name.to_owned(), metas })
    }
}

/// What the server makes of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Behaviour {
    /// As 1.12 to 2.3: field 3 of an add means "create it paused".
    Freezed,
    /// As 2.4 and 2.5: a repeated add is ERR_OK; remote table and replica count are ignored.
    Checkpoint,
    /// As 2.6 snapshots before June 2024: a repeated add is ERR_OK, with an echo.
    RemoteName,
    /// As 2.6 snapshots since June 2024, side effects of a repeated add included.
    DupExist,
    /// As `dup-exist`, but a repeated add changes nothing and is ERR_DUP_EXIST in every state.
    #[default]
    Idempotent,
}

impl Behaviour {
    /// All of them, oldest first.
    pub const ALL: [Behaviour; 5] = [
        Behaviour::Freezed,
        Behaviour::Checkpoint,
        Behaviour::RemoteName,
        Behaviour::DupExist,
        Behaviour::Idempotent,
    ];

    /// The name that every face uses.
    pub fn name(self) -> &'static str {
        match self {
            Behaviour::Freezed => "freezed",
            Behaviour::Checkpoint => "checkpoint",
            Behaviour::RemoteName => "remote-name",
            Behaviour::DupExist => "dup-exist",
            Behaviour::Idempotent => "idempotent",
        }
    }

    /// The generation whose messages and numbers it speaks.
    pub fn generation(self) -> Generation {
        match self {
            Behaviour::Freezed => Generation::Freezed,
            Behaviour::Checkpoint => Generation::Checkpoint,
            Behaviour::RemoteName => Generation::RemoteName,
            Behaviour::DupExist | Behaviour::Idempotent => Generation::DupExist,
        }
    }

    /// The clock unless told otherwise: a server that copies a real one stands still, as the real
    /// one does without replica servers.
    pub fn default_clock(self) -> ClockMode {
        match self {
            Behaviour::Freezed
            | Behaviour::Checkpoint
            | Behaviour::RemoteName
            | Behaviour::DupExist => ClockMode::Stopped,
            Behaviour::Idempotent => ClockMode::Real,
        }
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Behaviour {
    type Err = ParseError;
    fn from_str(name: &str) -> Result<Behaviour, ParseError> {
        Behaviour::ALL.into_iter().find(|behaviour| behaviour.name() == name).ok_or_else(|| {
            ParseError::new("not one of freezed|checkpoint|remote-name|dup-exist|idempotent:", name)
        })
    }
}

/// How duplications move on by themselves. Dupids and creation times come from wall time, but for
/// [`ClockMode::Manual`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClockMode {
    /// DS_PREPARE for 2 s, DS_APP for 3 s, then DS_LOG, where confirmed decrees follow committed
    /// ones.
    Real,
    /// The same, a hundred times as fast.
    Fast,
    /// Nothing moves, and decrees stay -1: what a meta server without replica servers shows.
    Stopped,
    /// As [`ClockMode::Real`], but time stands still until [`super::Hub::advance`] turns it. Dupids
    /// and creation times come from it too, so that the same steps show the same. It starts at wall
    /// time, or where the store's latest change was made if that is later.
    Manual,
}

impl ClockMode {
    /// All of them.
    pub const ALL: [ClockMode; 4] =
        [ClockMode::Real, ClockMode::Fast, ClockMode::Stopped, ClockMode::Manual];

    /// The name that every face uses.
    pub fn name(self) -> &'static str {
        match self {
            ClockMode::Real => "real",
            ClockMode::Fast => "fast",
            ClockMode::Stopped => "stopped",
            ClockMode::Manual => "manual",
        }
    }
}

impl fmt::Display for ClockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ClockMode {
    type Err = ParseError;
    fn from_str(name: &str) -> Result<ClockMode, ParseError> {
        ClockMode::ALL
            .into_iter()
            .find(|mode| mode.name() == name)
            .ok_or_else(|| ParseError::new("not one of real|fast|stopped|manual:", name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_at_the_end_of_a_table_are_numbers_and_all_before_is_the_name() {
        for (text, name, partitions, replicas) in [
            ("temp", "temp", 8, 3),
            ("temp:64", "temp", 64, 3),
            ("temp:64:5", "temp", 64, 5),
            ("a:b", "a:b", 8, 3),
            ("a:b:64", "a:b", 64, 3),
            ("a:b:64:5", "a:b", 64, 5),
            ("a:64:b", "a:64:b", 8, 3),
            ("a:64:b:5", "a:64:b", 5, 3),
            ("1:2:3:4", "1:2", 3, 4),
            ("a::5", "a:", 5, 3),
            ("a:", "a:", 8, 3),
            ("a:5x", "a:5x", 8, 3),
        ] {
            let spec: TableSpec = text.parse().unwrap();
            assert_eq!(spec, TableSpec { name: name.to_owned(), partitions, replicas }, "{text}");
            assert_eq!(spec.to_string().parse(), Ok(spec), "{text}");
        }
        for wrong in
            ["", ":5", ":5:5", "a:0", "a:-1", "a:65537", "a:99999999999", "a:8:0", "a:8:65"]
        {
            assert!(wrong.parse::<TableSpec>().is_err(), "{wrong}");
        }
    }
}
