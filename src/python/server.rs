//! `_core.MetaServer`: the embedded meta server.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;

use super::errors;
use super::threads::Threads;
use crate::server::{
    Behaviour, BlockingMetaServer, ClockMode, RemoteCluster, ServerConfig, StoreChoice, TableSpec,
};

/// What `pegasus_dup.MetaServer` calls, with arguments whose types are checked already.
#[pyclass(frozen, module = "pegasus_dup._core")]
pub(super) struct MetaServer {
    address: SocketAddr,
    threads: Threads<Arc<BlockingMetaServer>>,
}

#[pymethods]
impl MetaServer {
    #[new]
    #[allow(clippy::too_many_arguments, reason = "as many as there are settings")]
    fn new(
        py: Python<'_>,
        tables: Vec<(String, i32, i32)>,
        remote_clusters: Vec<(String, Vec<String>)>,
        cluster_name: String,
        listen: String,
        store: Option<PathBuf>,
        behaviour: &str,
        clock: Option<&str>,
    ) -> PyResult<MetaServer> {
        let invalid =
            |error: crate::server::ParseError| errors::invalid_argument(py, &error.to_string());
        let mut config = ServerConfig {
            cluster_name,
            store: store.map_or(StoreChoice::Memory, StoreChoice::File),
            behaviour: behaviour.parse::<Behaviour>().map_err(invalid)?,
            clock: clock.map(str::parse::<ClockMode>).transpose().map_err(invalid)?,
            ..ServerConfig::default()
        };
        for (name, partitions, replicas) in tables {
            config.tables.push(TableSpec { name, partitions, replicas });
        }
        for (name, metas) in remote_clusters {
            // Parsing checks the addresses. A cluster without any can't be written as text, and
            // stands for a configuration that lacks them.
            config.remote_clusters.push(if metas.is_empty() {
                RemoteCluster { name, metas }
            } else {
                format!("{name}={}", metas.join(",")).parse().map_err(invalid)?
            });
        }
        let server = py.detach(|| {
            config.listen = resolve(&listen).map_err(|error| error.to_string())?;
            Ok(BlockingMetaServer::start(config))
        });
        let server = server
            .map_err(|cause: String| {
                errors::invalid_argument(
                    py,
                    &format!("listen must be HOST:PORT: {cause} listen={listen:?}"),
                )
            })?
            .map_err(|error| errors::server(py, &error))?;
        Ok(MetaServer {
            address: server.address(),
            threads: Threads::new("server", Arc::new(server)),
        })
    }

    /// Where it listens, as `HOST:PORT`.
    #[getter]
    fn address(&self) -> String {
        self.address.to_string()
    }

    /// How many requests would have ended a real server of this generation.
    #[getter]
    fn would_have_died(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.threads.get(py)?.would_have_died())
    }

    /// Stops it.
    fn stop(&self, py: Python<'_>) {
        py.detach(|| {
            // Kept, so that what it counted can still be asked for.
            if let Some(server) = self.threads.ours() {
                server.stop();
            }
        });
    }
}

fn resolve(listen: &str) -> io::Result<SocketAddr> {
    listen.to_socket_addrs()?.next().ok_or_else(|| io::ErrorKind::NotFound.into())
}
