//! The classes `_core.MetaServer` and `_core.MetaGroup`: an embedded meta server, and a group of them.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pyo3::prelude::*;

use super::errors;
use super::threads::Threads;
use crate::seconds;
use crate::server::{
    Behaviour, BlockingMetaGroup, BlockingMetaServer, ClockMode, Election, ParseError,
    PartitionRule, RemoteCluster, ServerConfig, StoreChoice, TableSpec,
};

/// Declares a structure that is extracted from a dictionary of its fields. The derive of pyo3 is not used,
/// because it would use `intern!`.
macro_rules! from_dict {
    ($(#[$doc:meta])* struct $name:ident { $($field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        struct $name { $($field: $type,)* }

        impl<'py> FromPyObject<'_, 'py> for $name {
            type Error = PyErr;

            fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<$name> {
                Ok($name { $($field: given.get_item(stringify!($field))?.extract()?,)* })
            }
        }
    };
}

from_dict! {
    /// The settings of a server. The Python package has checked their types.
    struct Settings {
        tables: Vec<GivenTable>,
        remote_clusters: Vec<(String, Vec<String>)>,
        cluster_name: String,
        store: Option<PathBuf>,
        duplication_enabled: bool,
        backup_enabled: bool,
        block_services: Vec<String>,
        clock: Option<String>,
        nodes: Option<usize>,
        min_alive_nodes: usize,
        ready_after: f64,
        partitions: Vec<String>,
    }
}

/// A table as text, which is parsed as on the command line, or as a name and two numbers.
#[derive(FromPyObject)]
enum GivenTable {
    Text(String),
    Parts(String, i32, i32),
}

impl Settings {
    fn config(self, py: Python<'_>) -> PyResult<ServerConfig> {
        let mut config = ServerConfig {
            cluster_name: self.cluster_name,
            store: self.store.map_or(StoreChoice::Memory, StoreChoice::File),
            duplication_enabled: self.duplication_enabled,
            backup_enabled: self.backup_enabled,
            block_services: self.block_services,
            clock: self.clock.map(|clock| parsed::<ClockMode>(py, &clock)).transpose()?,
            nodes: self.nodes,
            min_alive_nodes: self.min_alive_nodes,
            ready_after: duration(py, self.ready_after)?,
            partitions: rules(py, &self.partitions)?,
            ..ServerConfig::default()
        };
        for table in self.tables {
            config.tables.push(match table {
                GivenTable::Text(text) => parsed(py, &text)?,
                GivenTable::Parts(name, partitions, replicas) => {
                    TableSpec { name, partitions, replicas }
                }
            });
        }
        for (name, metas) in self.remote_clusters {
            // Parsing checks the addresses. A cluster without addresses cannot be written as text. It
            // stands for a configuration that lacks the addresses.
            config.remote_clusters.push(if metas.is_empty() {
                RemoteCluster { name, metas }
            } else {
                parsed(py, &format!("{name}={}", metas.join(",")))?
            });
        }
        Ok(config)
    }
}

/// The class `_core.MetaServer`.
#[pyclass(frozen, module = "pegasus_dup._core")]
pub(super) struct MetaServer {
    address: SocketAddr,
    threads: Threads<Arc<BlockingMetaServer>>,
}

#[pymethods]
impl MetaServer {
    #[new]
    fn new(
        py: Python<'_>,
        settings: Settings,
        listen: &str,
        behaviour: &str,
        faults: Vec<String>,
    ) -> PyResult<MetaServer> {
        let mut config = settings.config(py)?;
        config.behaviour = parsed::<Behaviour>(py, behaviour)?;
        config.faults = rules(py, &faults)?;
        config.listen = resolve(py, listen)?;
        let server = py
            .detach(|| BlockingMetaServer::start(config))
            .map_err(|error| errors::server(py, &error))?;
        Ok(MetaServer {
            address: server.address(),
            threads: Threads::new("server", Arc::new(server)),
        })
    }

    /// Returns the address of the server, as `HOST:PORT`.
    #[getter]
    fn address(&self) -> String {
        self.address.to_string()
    }

    /// Returns how many requests would have ended a real server of this generation.
    #[getter]
    fn would_have_died(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.threads.get(py)?.would_have_died())
    }

    /// Replaces the fault rules.
    fn set_faults(&self, py: Python<'_>, faults: Vec<String>) -> PyResult<()> {
        let rules = rules(py, &faults)?;
        self.threads.get(py)?.set_faults(rules);
        Ok(())
    }

    /// Replaces the rules for partitions.
    fn set_partitions(&self, py: Python<'_>, partitions: Vec<String>) -> PyResult<()> {
        let rules = rules(py, &partitions)?;
        self.threads.get(py)?.hub().set_partitions(rules);
        Ok(())
    }

    /// Lets the first replica servers be alive, and the others dead.
    fn set_alive_nodes(&self, py: Python<'_>, count: usize) -> PyResult<()> {
        self.threads.get(py)?.hub().set_alive_nodes(count);
        Ok(())
    }

    /// Advances a manual clock. Returns whether the clock is manual.
    fn advance(&self, py: Python<'_>, seconds: f64) -> PyResult<bool> {
        Ok(self.threads.get(py)?.hub().advance(duration(py, seconds)?))
    }

    /// Stops the server.
    fn stop(&self, py: Python<'_>) {
        py.detach(|| {
            // The object is kept, because its counters can still be read.
            if let Some(server) = self.threads.ours() {
                server.stop();
            }
        });
    }
}

/// The class `_core.MetaGroup`.
#[pyclass(frozen, module = "pegasus_dup._core")]
pub(super) struct MetaGroup {
    addresses: Vec<SocketAddr>,
    threads: Threads<Arc<BlockingMetaGroup>>,
}

#[pymethods]
impl MetaGroup {
    /// Starts a server for each behaviour.
    #[new]
    fn new(
        py: Python<'_>,
        settings: Settings,
        listen: &str,
        behaviours: Vec<String>,
        faults: Vec<String>,
    ) -> PyResult<MetaGroup> {
        let config = ServerConfig { listen: resolve(py, listen)?, ..settings.config(py)? };
        let configs = behaviours
            .iter()
            .map(|name| Ok(ServerConfig { behaviour: parsed(py, name)?, ..config.clone() }))
            .collect::<PyResult<Vec<ServerConfig>>>()?;
        let rules = rules(py, &faults)?;
        let group = py
            .detach(|| BlockingMetaGroup::start(configs, rules))
            .map_err(|error| errors::server(py, &error))?;
        Ok(MetaGroup {
            addresses: group.addresses().to_vec(),
            threads: Threads::new("group", Arc::new(group)),
        })
    }

    /// Returns the addresses of the servers, each as `HOST:PORT`.
    #[getter]
    fn addresses(&self) -> Vec<String> {
        self.addresses.iter().map(SocketAddr::to_string).collect()
    }

    /// Returns the index of the leader.
    #[getter]
    fn leader(&self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.threads.get(py)?.group().leader())
    }

    /// Returns how many requests would have ended a real server, summed over all servers.
    #[getter]
    fn would_have_died(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.threads.get(py)?.group().would_have_died())
    }

    /// Changes the leader. The Python package has checked that the group has a server of this index.
    fn elect(
        &self,
        py: Python<'_>,
        leader: Option<usize>,
        early: f64,
        old_stays: bool,
        followers_learn: bool,
    ) -> PyResult<()> {
        let early = duration(py, early)?;
        let group = self.threads.get(py)?;
        // Reading the store may wait for changes that are being written.
        py.detach(|| {
            group.group().elect(&Election { leader, early, old_stays, followers_learn });
        });
        Ok(())
    }

    /// Replaces the fault rules of all servers together, or of one server.
    fn set_faults(
        &self,
        py: Python<'_>,
        faults: Vec<String>,
        server: Option<usize>,
    ) -> PyResult<()> {
        let rules = rules(py, &faults)?;
        let group = self.threads.get(py)?;
        match server {
            None => group.group().set_faults(rules),
            Some(index) => match group.group().hub(index) {
                Some(hub) => hub.set_faults(rules),
                None => {
                    let text = format!("the group has no such server: server={index}");
                    return Err(errors::invalid_argument(py, &text));
                }
            },
        }
        Ok(())
    }

    /// Replaces the rules for partitions on all servers.
    fn set_partitions(&self, py: Python<'_>, partitions: Vec<String>) -> PyResult<()> {
        let rules: Vec<PartitionRule> = rules(py, &partitions)?;
        self.threads.get(py)?.group().set_partitions(&rules);
        Ok(())
    }

    /// Lets the first replica servers be alive, and the others dead.
    fn set_alive_nodes(&self, py: Python<'_>, count: usize) -> PyResult<()> {
        self.threads.get(py)?.group().set_alive_nodes(count);
        Ok(())
    }

    /// Advances the manual clocks. Returns whether there are any.
    fn advance(&self, py: Python<'_>, seconds: f64) -> PyResult<bool> {
        Ok(self.threads.get(py)?.group().advance(duration(py, seconds)?))
    }

    /// Stops the servers.
    fn stop(&self, py: Python<'_>) {
        py.detach(|| {
            // The object is kept, because its counters can still be read.
            if let Some(group) = self.threads.ours() {
                group.stop();
            }
        });
    }
}

fn parsed<T: std::str::FromStr<Err = ParseError>>(py: Python<'_>, text: &str) -> PyResult<T> {
    text.parse().map_err(|error: ParseError| errors::invalid_argument(py, &error.to_string()))
}

fn rules<T: std::str::FromStr<Err = ParseError>>(
    py: Python<'_>,
    rules: &[String],
) -> PyResult<Vec<T>> {
    rules.iter().map(|rule| parsed(py, rule)).collect()
}

fn duration(py: Python<'_>, seconds: f64) -> PyResult<Duration> {
    seconds::from_f64(seconds)
        .map_err(|wrong| errors::invalid_argument(py, &format!("the time is wrong: {wrong}")))
}

fn resolve(py: Python<'_>, listen: &str) -> PyResult<SocketAddr> {
    let found = py.detach(|| {
        listen.to_socket_addrs()?.next().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    });
    found.map_err(|cause| {
        let text = format!("listen must be HOST:PORT: {cause} listen={listen:?}");
        errors::invalid_argument(py, &text)
    })
}
